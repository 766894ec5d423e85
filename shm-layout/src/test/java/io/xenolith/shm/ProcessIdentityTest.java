package io.xenolith.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProcessIdentityTest {
    @Test
    void selfIsAlive() {
        assertTrue(ProcessIdentity.self().isAlive());
        assertEquals(ProcessHandle.current().pid(), ProcessIdentity.self().pid());
        assertTrue(ProcessIdentity.self().startTime() > 0);
    }

    @Test
    void sameNumberWithAnotherStartIsSomebodyElse() {
        final ProcessIdentity self = ProcessIdentity.self();
        assertFalse(new ProcessIdentity(self.pid(), self.startTime() + 1).isAlive());
        assertFalse(new ProcessIdentity(self.pid(), self.startTime() + 1).signal(Processes.SIG_NONE));
        assertTrue(self.signal(Processes.SIG_NONE));
    }

    @Test
    void noProcess() {
        assertFalse(ProcessIdentity.NONE.isAlive());
        assertEquals(ProcessIdentity.NONE, ProcessIdentity.of(0));
        assertEquals(ProcessIdentity.NONE, ProcessIdentity.of(-1));
    }

    @Test
    void namesWithBracketsAndBlanks() {
        final String rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
        assertEquals(new ProcessIdentity(7, 4711), ProcessIdentity.parse(7, "7 (a) b (c)" + rest));
        assertEquals(ProcessIdentity.NONE, ProcessIdentity.parse(7, "7 (a)" + rest.replace('S', 'Z')));
        assertEquals(ProcessIdentity.NONE, ProcessIdentity.parse(7, ""));
    }

    @Test
    void throughSharedMemory() {
        final long a = new PrivateMemory(1).addressOf(0);
        assertEquals(ProcessIdentity.NONE, ProcessIdentity.read(a, a + 8));
        ProcessIdentity.self().write(a, a + 8);
        assertEquals(ProcessIdentity.self(), ProcessIdentity.read(a, a + 8));
    }

    @Test
    void watcherSeesTheKill() throws IOException, InterruptedException {
        final Process child = new ProcessBuilder("sleep", "1000").start();
        final ProcessIdentity identity = ProcessIdentity.of((int) child.pid());
        final CountDownLatch died = new CountDownLatch(1);
        DeathWatcher.watch(identity, died::countDown);
        assertTrue(identity.isAlive());
        assertEquals(1, died.getCount());
        assertTrue(identity.signal(Processes.SIGKILL));
        assertTrue(died.await(1, TimeUnit.MINUTES));
        child.waitFor();
        assertFalse(identity.isAlive());
        assertFalse(identity.signal(Processes.SIGKILL));
        DeathWatcher.awaitDeath(identity); // returns at once for the dead
        DeathWatcher.awaitDeath(ProcessIdentity.NONE);
    }

    @Test
    void stoppedProcessIsAlive() throws IOException, InterruptedException {
        final Process child = new ProcessBuilder("sleep", "1000").start();
        final ProcessIdentity identity = ProcessIdentity.of((int) child.pid());
        assertTrue(identity.signal(Processes.SIGSTOP));
        assertTrue(identity.isAlive());
        assertTrue(identity.signal(Processes.SIGKILL));
        child.waitFor();
    }

    @Test
    void threadsHaveNumbersAndNiceness() throws InterruptedException {
        final int mine = Processes.threadId();
        final int[] other = new int[1];
        final boolean[] nice = new boolean[1];
        final Thread t = Thread.ofPlatform().start(() -> {
            other[0] = Processes.threadId();
            nice[0] = Processes.niceThread(5);
        });
        t.join();
        assertTrue(mine > 0 && other[0] > 0 && mine != other[0]);
        assertTrue(nice[0]);
    }
}
