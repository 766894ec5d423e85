package io.xenolith.hv.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.audit.Audit;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.MachineOptions;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Processes;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.Header;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The real hypervisor process with stand-ins for dom0 and the domUs: who is started, watched, replaced, reaped. */
@Timeout(180)
class SupervisionTest
{
    private MachineDir dir;
    private Machine machine;
    private HypervisorFile hv;
    private Domctl domctl;

    @BeforeEach
    void setUp() throws Exception
    {
        dir = new MachineDir(Files.createTempDirectory(Path.of("/dev/shm"), "xenolith-test-"));
    }

    @AfterEach
    void tearDown()
    {
        if (dir.holdsMachine())
        {
            Power.down(dir);
        }
        assertFalse(dir.holdsMachine(), "nothing is left behind");
        dir.path().toFile().delete();
    }

    private void up(final String kill)
    {
        final List<String> flags = new ArrayList<>(Spawner.ownFlags());
        flags.add("-Xmx64m");
        if (!kill.isEmpty())
        {
            flags.add("-Dxenolith.kill=" + kill);
        }
        final Spawner spawner = new Spawner(flags, System.getProperty("java.class.path"));
        machine = Power.up(dir, new MachineOptions(32L << 20, 1, 1_000_000_000L, "test"), spawner);
        hv = machine.hv();
        domctl = new Domctl(machine, new MailboxClient(machine, 0, () -> { }));
    }

    private static void await(final BooleanSupplier condition) throws InterruptedException
    {
        while (!condition.getAsBoolean())
        {
            Thread.sleep(5);
        }
    }

    private ProcessIdentity hypervisor()
    {
        return DomainProcess.hypervisor(hv);
    }

    private ProcessIdentity dom0()
    {
        return DomainProcess.dom0(hv);
    }

    private ProcessIdentity process(final int domid)
    {
        return DomainProcess.of(hv.domain(DomainRecord.slot(domid)));
    }

    private int domain() throws Exception
    {
        final int domid = domctl.create(false, 64, 1, UUID.randomUUID());
        domctl.populate(domid, 16);
        domctl.unpause(domid);
        await(() -> process(domid).isAlive());
        return domid;
    }

    private void awaitGone(final int domid) throws InterruptedException
    {
        await(() -> domctl.info(domid) == null);
    }

    private void assertClean()
    {
        assertEquals("", Audit.report(Audit.run(machine), true));
    }

    @Test
    void killedProcessesAreReplaced() throws Exception
    {
        up("");
        final int domid = domain();
        final ProcessIdentity guest = process(domid);
        final ProcessIdentity firstDom0 = dom0();
        firstDom0.signal(Processes.SIGKILL);
        await(() -> dom0().isAlive() && !dom0().equals(firstDom0));
        final ProcessIdentity firstHypervisor = hypervisor();
        firstHypervisor.signal(Processes.SIGKILL);
        await(() -> hypervisor().isAlive() && !hypervisor().equals(firstHypervisor));
        final ProcessIdentity secondDom0 = dom0();
        final ProcessIdentity secondHypervisor = hypervisor();
        secondDom0.signal(Processes.SIGKILL);
        secondHypervisor.signal(Processes.SIGKILL);
        await(() -> !secondDom0.isAlive() && !secondHypervisor.isAlive());
        assertTrue(new Restarter(machine, new Spawner()).ensureAlive(), "a command brings both back");
        assertEquals(guest, process(domid), "the guest did not notice");
        assertTrue(guest.isAlive());
        assertEquals(3, Raw.getLong(hv.header() + Header.EPOCH));
        domctl.destroy(domid);
        awaitGone(domid);
        assertClean();
    }

    @Test
    void aKilledDomainIsReapedAndAStoppedOneDestroyed() throws Exception
    {
        up("");
        final long free = domctl.freeFrames();
        final int killed = domain();
        final int stopped = domain();
        assertNotEquals(killed, stopped);
        process(killed).signal(Processes.SIGKILL);
        awaitGone(killed);
        process(stopped).signal(Processes.SIGSTOP);
        domctl.destroy(stopped);
        awaitGone(stopped);
        await(() -> domctl.freeFrames() == free);
        assertEquals(DomainInfo.CRASH,
            Raw.getInt(hv.domain(DomainRecord.slot(killed)) + DomainRecord.SHUTDOWN_CODE));
        assertClean();
    }

    @Test
    void aDomainWhoseProcessCannotStartIsGone() throws Exception
    {
        up("");
        final int domid = 1;
        // Whoever holds the lock has the domain's post; the process that comes for it has to leave.
        try (io.xenolith.shm.LockFile lock = io.xenolith.shm.LockFile.tryAcquire(DomainProcess.lockFile(dir, domid)))
        {
            assertEquals(domid, domctl.create(false, 64, 1, UUID.randomUUID()));
            Thread.sleep(300);
            assertEquals(DomainInfo.State.BUILDING, domctl.info(domid).state(), "somebody has the post");
            assertEquals(lock.path(), DomainProcess.lockFile(dir, domid));
        }
        domctl.destroy(domid);
        awaitGone(domid);
        assertClean();
    }

    @Test
    void aHypervisorKilledBeforeItStartsAProcessStartsItLater() throws Exception
    {
        killHypervisorAt(KillPoint.DOMAIN_BEFORE_SPAWN);
    }

    @Test
    void aHypervisorKilledBeforeItMarksTheDeadMarksThemLater() throws Exception
    {
        killHypervisorAt(KillPoint.REAP_BEFORE_DYING);
    }

    private void killHypervisorAt(final KillPoint point) throws Exception
    {
        up(point.name());
        final ProcessIdentity first = hypervisor();
        final int domid = domain();
        process(domid).signal(Processes.SIGKILL);
        awaitGone(domid);
        await(() -> hypervisor().isAlive());
        assertNotEquals(first, hypervisor(), "killed at " + point);
        assertClean();
    }

    @Test
    void theDirectoryOfALivingMachineIsRefused()
    {
        up("");
        final MachineException e = assertThrows(MachineException.class,
            () -> Power.up(dir, MachineOptions.ofMemory(32L << 20), new Spawner()));
        assertEquals(MachineException.Kind.IN_USE, e.kind());
        Power.down(dir);
        assertEquals(MachineException.Kind.ABSENT,
            assertThrows(MachineException.class, () -> Power.down(dir)).kind());
    }

    @Test
    void aMachineThatDoesNotStartLeavesNothing()
    {
        final Spawner broken = new Spawner(List.of("-Xmx1k"), System.getProperty("java.class.path"));
        final MachineException e = assertThrows(MachineException.class,
            () -> Power.up(dir, MachineOptions.ofMemory(32L << 20), broken));
        assertTrue(e.getMessage().startsWith("The machine did not start"), e.getMessage());
        assertFalse(Files.exists(dir.path()));
    }

    @Test
    void childrenInheritFlagsButNotWhatIsPrivate()
    {
        final List<String> flags = Spawner.inheritable(List.of("java", "-XX:+UseSerialGC", "-Dxenolith.kill=X:1", "-cp",
            "a:b", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "@jvm.args", "-agentlib:jdwp=x", "Main", "-n"));
        assertEquals(
            List.of("-XX:+UseSerialGC", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "@jvm.args"), flags);
        assertEquals(List.of("-Xmx1g"), Spawner.inheritable(List.of("java", "-Xmx1g", "-jar", "x.jar", "-v")));
    }
}
