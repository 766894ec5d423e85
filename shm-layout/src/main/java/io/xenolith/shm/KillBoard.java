package io.xenolith.shm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A small file through which a test arms a {@link KillPoint} in a process that runs already, or has yet to start, and
 * sees which points each kind of process has reached.
 *
 * <pre>
 *   0       4     8      12       64
 *   +-------+-----+------+--------+-----------------------------------------------
 *   | point | who | left | victim | times reached: i32 [kind of process][point]
 *   +-------+-----+------+--------+-----------------------------------------------
 * </pre>
 * {@code point} is a point's number + 1, 0 when none is armed, and is written last; {@code left} counts down to the
 * kill; {@code victim} is the pid of the process that was killed, 0 before.
 *
 * <p>A machine whose {@code up} has {@code -D}{@value #PROPERTY}{@code =FILE} hands the property on to all its
 * processes. Without it no process looks at any board.
 */
public final class KillBoard {
    /** The system property that names the board of a machine. */
    public static final String PROPERTY = "xenolith.kill.board";

    private static final int POINT = 0;
    private static final int WHO = 4;
    private static final int LEFT = 8;
    private static final int VICTIM = 12;
    private static final int REACHED = 64;
    private static final int POINTS = KillPoint.values().length;
    private static final int GUEST = 1 << 16;

    /** Kinds of processes; their order is that of the rows of the file. */
    public enum Kind {
        /** The hypervisor process. */
        HYPERVISOR,
        /** dom0's process. */
        DOM0,
        /** A domain's process. */
        DOMU,
        /** Everything else: commands. */
        COMMAND
    }

    private final long base;

    private KillBoard(final long base) {
        this.base = base;
    }

    /** Makes a board with nothing armed. */
    public static KillBoard create(final Path file) throws IOException {
        Files.write(file, new byte[REACHED + Kind.values().length * POINTS * Integer.BYTES]);
        return open(file);
    }

    static KillBoard open(final Path file) throws IOException {
        return new KillBoard(MappedFile.map(file).address());
    }

    /**
     * Arms a point in one process; what was armed before is not any more.
     *
     * @param process    {@code hypervisor}, {@code dom0}, {@code dom-N}, or {@code command}
     * @param occurrence 1 for the next time it reaches the point
     */
    public void arm(final String process, final KillPoint point, final int occurrence) {
        disarm();
        Raw.putInt(base + VICTIM, 0);
        Raw.putInt(base + WHO, number(process));
        Raw.putInt(base + LEFT, occurrence);
        Raw.putIntVolatile(base + POINT, point.ordinal() + 1);
    }

    /** Nothing is armed any more. */
    public void disarm() {
        Raw.putIntVolatile(base + POINT, 0);
    }

    /** Pid of the process that died of what was last armed; 0 while none did. */
    public int victim() {
        return Raw.getIntVolatile(base + VICTIM);
    }

    /** How often processes of a kind came to a point. */
    public int reached(final Kind kind, final KillPoint point) {
        return Raw.getIntVolatile(reachedAt(kind, point));
    }

    private long reachedAt(final Kind kind, final KillPoint point) {
        return base + REACHED + (long) (kind.ordinal() * POINTS + point.ordinal()) * Integer.BYTES;
    }

    private static int number(final String process) {
        return switch (process) {
            case "hypervisor" -> Kind.HYPERVISOR.ordinal();
            case "dom0" -> Kind.DOM0.ordinal();
            case "command" -> Kind.COMMAND.ordinal();
            default -> GUEST | Integer.parseInt(process.substring("dom-".length()));
        };
    }

    /** A process's own view of its machine's board. */
    static final class Watcher {
        private final KillBoard board;
        private final int me;
        private final Kind kind;

        /** @param command main class and arguments, as {@code sun.java.command} has them */
        Watcher(final KillBoard board, final String command) {
            this.board = board;
            final String[] words = command.split(" ");
            final String process = switch (words[0].substring(words[0].lastIndexOf('.') + 1)) {
                case "HypervisorMain" -> "hypervisor";
                case "Dom0Main" -> "dom0";
                case "DomUMain" -> "dom-" + words[words.length - 1];
                default -> "command";
            };
            me = number(process);
            kind = (me & GUEST) != 0 ? Kind.DOMU : Kind.values()[me];
        }

        /** This process's watcher, or null when its machine has no board. */
        static Watcher ofThisProcess() {
            final String file = System.getProperty(PROPERTY);
            try {
                return file == null ? null
                        : new Watcher(open(Path.of(file)), System.getProperty("sun.java.command", ""));
            } catch (final IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        /** Counts the visit. True when this process has to die of it. */
        boolean fatal(final KillPoint point) {
            Raw.getAndAddInt(board.reachedAt(kind, point), 1);
            final long base = board.base;
            if (Raw.getInt(base + POINT) != point.ordinal() + 1 || Raw.getInt(base + WHO) != me
                    || Raw.getAndAddInt(base + LEFT, -1) != 1) {
                return false;
            }
            board.disarm();
            Raw.putIntVolatile(base + VICTIM, (int) ProcessHandle.current().pid());
            return true;
        }
    }
}
