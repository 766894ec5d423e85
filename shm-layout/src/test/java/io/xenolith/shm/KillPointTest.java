package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
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
    void recordsWhatIsReached(@TempDir final Path dir) throws Exception {
        final Path file = dir.resolve("reached");
        assertEquals(0, ChildJvm.start(Victim.class, List.of("-D" + KillPoint.RECORD_PROPERTY + "=" + file))
                .waitFor());
        assertEquals("SELF_TEST\n", Files.readString(file));
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
