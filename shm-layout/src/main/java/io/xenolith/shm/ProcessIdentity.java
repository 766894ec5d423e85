package io.xenolith.shm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that cannot be mistaken for a later one with the same number: its pid and the moment it started.
 *
 * @param pid       process id, 0 for no process
 * @param startTime clock ticks since the host's boot, as /proc tells it
 */
public record ProcessIdentity(int pid, long startTime) {
    /** No process; never alive. */
    public static final ProcessIdentity NONE = new ProcessIdentity(0, 0);

    /** Number of the start time among the fields after the command name in /proc/PID/stat. */
    private static final int START_TIME_FIELD = 19;

    /** This process. */
    public static ProcessIdentity self() {
        return Self.IDENTITY;
    }

    /** The process that has number {@code pid} now, {@link #NONE} when there is none. A zombie counts as none. */
    public static ProcessIdentity of(final int pid) {
        if (pid <= 0) {
            return NONE;
        }
        final String stat;
        try {
            stat = Files.readString(Path.of("/proc", Integer.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return NONE;
        }
        return parse(pid, stat);
    }

    /** Reads a line of /proc/PID/stat: {@code pid (name) state ppid ...}; the name may hold blanks and brackets. */
    static ProcessIdentity parse(final int pid, final String stat) {
        final int name = stat.lastIndexOf(')');
        if (name < 0) {
            return NONE;
        }
        final String[] fields = stat.substring(name + 1).trim().split(" +");
        if (fields.length <= START_TIME_FIELD || "Z".equals(fields[0]) || "X".equals(fields[0])) {
            return NONE;
        }
        return new ProcessIdentity(pid, Long.parseLong(fields[START_TIME_FIELD]));
    }

    /** Reads an identity that shared memory holds. The pid is stored last, so 0 there means nobody yet. */
    public static ProcessIdentity read(final long pidAddress, final long startTimeAddress) {
        final int pid = Raw.getInt(pidAddress);
        return pid == 0 ? NONE : new ProcessIdentity(pid, Raw.getLong(startTimeAddress));
    }

    /** Stores this identity into shared memory, the pid last. */
    public void write(final long pidAddress, final long startTimeAddress) {
        Raw.putInt(pidAddress, 0);
        Raw.putLong(startTimeAddress, startTime);
        Raw.putInt(pidAddress, pid);
    }

    /** True while this very process exists and has not ended. */
    public boolean isAlive() {
        return pid != 0 && equals(of(pid));
    }

    /**
     * Sends a signal, unless the process is gone already.
     *
     * @return false when it is gone or not ours
     */
    public boolean signal(final int signal) {
        return isAlive() && Processes.kill(pid, signal);
    }

    private static final class Self {
        static final ProcessIdentity IDENTITY = of(Processes.self());
    }
}
