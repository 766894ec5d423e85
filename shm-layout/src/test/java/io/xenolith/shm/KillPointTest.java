package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KillPointTest {
    private static final int KILLED = 128 + Processes.SIGKILL;

    private record End(int status, String output) {
    }

    private static End run(final String armed) throws IOException, InterruptedException {
        final List<String> properties = armed == null ? List.of() : List.of("-D" + KillPoint.PROPERTY + "=" + armed);
        final Process child = ChildJvm.start(Victim.class, properties);
        final String output = new String(child.getInputStream().readAllBytes());
        return new End(child.waitFor(), output);
    }

    @Test
    void strikesAtTheGivenOccurrence() throws Exception {
        assertEquals(new End(KILLED, "1"), run("SELF_TEST"));
        assertEquals(new End(KILLED, "123"), run("SELF_TEST:3"));
    }

    @Test
    void sparesWhoIsNotMeant() throws Exception {
        assertEquals(new End(0, "12345"), run(null));
        assertEquals(new End(0, "12345"), run("SELF_TEST:6"));
        assertEquals(new End(0, "12345"), run("MACHINE_BEFORE_PUBLISH:1"));
    }

    @Test
    void unknownNameIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> KillPoint.Spec.parse("NO_SUCH:1"));
        assertThrows(IllegalArgumentException.class, () -> KillPoint.Spec.parse("SELF_TEST:x"));
        assertEquals(new KillPoint.Spec(KillPoint.SELF_TEST, 2), KillPoint.Spec.parse("SELF_TEST:2"));
        assertEquals(new KillPoint.Spec(KillPoint.SELF_TEST, 1), KillPoint.Spec.parse("SELF_TEST"));
    }

    @Test
    void theBoardKillsWhomItNames(@TempDir final Path dir) throws Exception {
        final Path file = dir.resolve("board");
        final KillBoard board = KillBoard.create(file);
        board.arm("dom0", KillPoint.SELF_TEST, 2);
        final List<String> properties = List.of("-D" + KillBoard.PROPERTY + "=" + file);
        final Process spared = ChildJvm.start(Victim.class, properties);
        assertEquals(0, spared.waitFor());
        assertEquals(0, board.victim());
        assertEquals(5, board.reached(KillBoard.Kind.COMMAND, KillPoint.SELF_TEST));
        board.arm("command", KillPoint.SELF_TEST, 2);
        final Process killed = ChildJvm.start(Victim.class, properties);
        assertEquals("12", new String(killed.getInputStream().readAllBytes()));
        assertEquals(KILLED, killed.waitFor());
        assertEquals(killed.pid(), board.victim());
        assertEquals(7, board.reached(KillBoard.Kind.COMMAND, KillPoint.SELF_TEST));
        assertEquals(0, board.reached(KillBoard.Kind.DOM0, KillPoint.SELF_TEST));
    }

    @Test
    void theBoardKnowsProcessesByTheirMains(@TempDir final Path dir) throws Exception {
        final KillBoard board = KillBoard.create(dir.resolve("board"));
        final var guest = new KillBoard.Watcher(board, "io.xenolith.domu.DomUMain /dev/shm/with space 7");
        final var other = new KillBoard.Watcher(board, "io.xenolith.domu.DomUMain /dev/shm/with space 8");
        final var hypervisor = new KillBoard.Watcher(board, "io.xenolith.hv.control.HypervisorMain /x");
        final var dom0 = new KillBoard.Watcher(board, "io.xenolith.dom0.Dom0Main /x");
        board.arm("dom-7", KillPoint.SELF_TEST, 1);
        assertFalse(other.fatal(KillPoint.SELF_TEST));
        assertFalse(guest.fatal(KillPoint.MACHINE_BEFORE_PUBLISH));
        assertTrue(guest.fatal(KillPoint.SELF_TEST));
        assertFalse(guest.fatal(KillPoint.SELF_TEST), "only once");
        board.arm("hypervisor", KillPoint.SELF_TEST, 1);
        assertFalse(dom0.fatal(KillPoint.SELF_TEST));
        assertTrue(hypervisor.fatal(KillPoint.SELF_TEST));
        board.arm("dom0", KillPoint.SELF_TEST, 1);
        board.disarm();
        assertFalse(dom0.fatal(KillPoint.SELF_TEST));
        assertEquals(3, board.reached(KillBoard.Kind.DOMU, KillPoint.SELF_TEST));
    }

    /** Says how far it got; a shutdown hook would betray a kill that is not one. */
    static final class Victim {
        private Victim() {
        }

        public static void main(final String[] args) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                if (System.getProperty("done") == null) {
                    System.out.print("hook");
                }
            }));
            for (int i = 1; i <= 5; i++) {
                System.out.print(i);
                System.out.flush();
                KillPoint.hit(KillPoint.SELF_TEST);
            }
            System.setProperty("done", "");
        }
    }
}
