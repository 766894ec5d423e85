package io.xenolith.hv.control;

import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.LockFile;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.MachineException.Kind;
import io.xenolith.shm.MachineOptions;
import io.xenolith.shm.MemoryMap;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Processes;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The machine's power button: makes and starts a machine, ends and removes one. Runs in the process of the command. */
public final class Power
{
    private static final long START_LIMIT_NS = 30_000_000_000L;
    private static final long END_LIMIT_NS = 10_000_000_000L;
    private static final long STEP_MS = 10;
    private static final int DOM0_VCPUS = 8;

    private Power()
    {
    }

    /**
     * Makes a machine, starts its hypervisor and dom0, and waits until both live; commands posted from then
     * on are served. On failure nothing is left behind.
     *
     * @param dir     where.
     * @param options what it is like.
     * @param spawner starts the hypervisor.
     * @return the machine.
     * @throws MachineException with a sentence for the user.
     */
    public static Machine up(final MachineDir dir, final MachineOptions options, final Spawner spawner)
    {
        try
        {
            dir.create();
            try (LockFile lock = LockFile.tryAcquire(dir.lock(MachineDir.POWER_LOCK)))
            {
                if (lock == null)
                {
                    throw new MachineException(Kind.IN_USE, "A machine is just being started or stopped in " + dir.path() + ".",
                        "Wait a moment.");
                }
                final Machine machine = make(dir, options);
                start(machine, spawner);
                return machine;
            }
        }
        catch (final IOException e)
        {
            throw new MachineException(Kind.HOST, "The machine cannot be started in " + dir.path() + ": " + e.getMessage() + ".",
                "Check that the directory can be written.", e);
        }
    }

    private static Machine make(final MachineDir dir, final MachineOptions options)
    {
        try
        {
            final Machine machine = Machine.create(dir, options);
            fill(machine);
            machine.publish();
            return machine;
        }
        catch (final RuntimeException e)
        {
            final boolean anothers = e instanceof final MachineException m && (m.kind() == Kind.IN_USE || m.kind() == Kind.DEAD);
            if (!anothers)
            {
                remove(dir);
            }
            throw e;
        }
    }

    /**
     * Fills in a new machine: every frame's record, and domain 0.
     *
     * @param machine made by {@link Machine#create}, not yet published.
     */
    static void fill(final Machine machine)
    {
        fillFrames(machine);
        bearDom0(machine);
    }

    private static void fillFrames(final Machine machine)
    {
        final HypervisorFile hv = machine.hv();
        final MemoryMap map = MemoryMap.of(hv.frames());
        final long free = FrameRecord.owner(FrameRecord.NO_OWNER, 0, FrameRecord.STATE_FREE, 0);
        final long fixed = FrameRecord.owner(FrameRecord.NO_OWNER, 0, FrameRecord.STATE_HYPERVISOR, 0);
        for (long mfn = 1; mfn < hv.frames(); mfn++)
        {
            Raw.putLong(hv.frame(mfn) + FrameRecord.OWNER, map.isFixed(mfn) ? fixed : free);
        }
    }

    private static void bearDom0(final Machine machine)
    {
        final HypervisorFile hv = machine.hv();
        final DomainBirth birth = new DomainBirth(machine);
        birth.back(0, DOM0_VCPUS, DomainBirth.DOM0_PORTS);
        final MemoryMap map = MemoryMap.of(hv.frames());
        long first = 1;
        while (map.isFixed(first) || map.isFixed(first + 1))
        {
            first++;
        }
        machine.memory().reserve(first, DomainBirth.XENHEAP_FRAMES);
        final int incarnation = Raw.getInt(hv.header() + Header.NEXT_INCARNATION);
        final long owner =
            FrameRecord.owner(0, incarnation, FrameRecord.STATE_SHARED, FrameRecord.FLAG_XENHEAP);
        for (int i = 0; i < DomainBirth.XENHEAP_FRAMES; i++)
        {
            Raw.putLong(hv.frame(first + i) + FrameRecord.OWNER, owner);
        }
        birth.fill(new DomainBirth.Birth(0, incarnation, 64, DOM0_VCPUS, (int)hv.frames(), 0, 0, first, first + 1,
            DomainBirth.DOM0_PORTS, DomainRecord.STATE_LIVE,
            DomainRecord.FLAG_PRIVILEGED | DomainRecord.FLAG_JAVA));
        Raw.putInt(hv.domain(0) + DomainRecord.ONLINE_VCPUS, 1);
        Raw.putInt(hv.header() + Header.NEXT_INCARNATION, incarnation + 1);
        Raw.putInt(hv.header() + Header.NEXT_DOMID, 1);
    }

    private static void start(final Machine machine, final Spawner spawner) throws IOException
    {
        final Path log = machine.dir().logs().resolve("hypervisor.log");
        final Process process = spawner.start(Restarter.HYPERVISOR_MAIN, log, machine.dir().path().toString());
        final long start = System.nanoTime();
        while (!serving(machine.hv()))
        {
            if (!process.isAlive() || System.nanoTime() - start > START_LIMIT_NS)
            {
                final String tail = tail(log) + tail(machine.dir().logs().resolve("dom0.log"));
                end(machine);
                remove(machine.dir());
                throw new MachineException(Kind.HOST, "The machine did not start" + tail + ".",
                    "Check the memory limits of this session (ulimit -v, container limits) and try again.");
            }
            pause();
        }
    }

    private static boolean serving(final HypervisorFile hv)
    {
        return DomainProcess.hypervisor(hv).isAlive() && DomainProcess.dom0(hv).isAlive();
    }

    private static String tail(final Path log)
    {
        try
        {
            final List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            return lines.isEmpty() ? "" : ": " + lines.getLast();
        }
        catch (final IOException e)
        {
            return "";
        }
    }

    /**
     * Ends every process of a machine, living or dead, and removes its files.
     *
     * @param dir where it is.
     * @throws MachineException {@code ABSENT} when there is none.
     */
    public static void down(final MachineDir dir)
    {
        if (!dir.holdsMachine())
        {
            throw new MachineException(Kind.ABSENT, "There is no machine in " + dir.path() + ".",
                "Start a machine with 'xenolith up'.");
        }
        try
        {
            end(Machine.attachDead(dir));
        }
        catch (final MachineException e)
        {
            if (e.kind() == Kind.IN_USE)
            {
                throw e;
            }
            // What cannot be attached (another version, cut short) is ended by its locks below.
        }
        killByLocks(dir);
        remove(dir);
    }

    private static void end(final Machine machine)
    {
        final HypervisorFile hv = machine.hv();
        Raw.putIntVolatile(hv.header() + Header.POWER, Header.POWER_GOING_DOWN);
        Doorbell.ring(hv.header() + Header.HYPERVISOR_DOORBELL);
        DomainProcess.hypervisor(hv).signal(Processes.SIGKILL);
        DomainProcess.dom0(hv).signal(Processes.SIGKILL);
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++)
        {
            DomainProcess.of(hv.domain(slot)).signal(Processes.SIGKILL);
        }
        killByLocks(machine.dir());
    }

    /** Kills whoever holds a lock of the machine, by the pid and start time that it wrote into it. */
    private static void killByLocks(final MachineDir dir)
    {
        final long start = System.nanoTime();
        while (System.nanoTime() - start < END_LIMIT_NS)
        {
            if (!killHolders(dir))
            {
                return;
            }
            pause();
        }
        throw new MachineException(Kind.HOST, "Some processes of the machine in " + dir.path() + " do not end.",
            "Look at the lock files in " + dir.locks() + " for their numbers.");
    }

    private static boolean killHolders(final MachineDir dir)
    {
        boolean any = false;
        try (Stream<Path> locks = Files.isDirectory(dir.locks()) ? Files.list(dir.locks()) : Stream.empty())
        {
            for (final Path lock : (Iterable<Path>)locks::iterator)
            {
                if (LockFile.isHeld(lock) && !lock.getFileName().toString().equals(MachineDir.POWER_LOCK))
                {
                    any = true;
                    kill(lock);
                }
            }
        }
        catch (final IOException e)
        {
            throw new MachineException(Kind.HOST, "The locks in " + dir.locks() + " cannot be read: " + e.getMessage() + ".",
                "Check the rights on that directory.", e);
        }
        return any;
    }

    private static void kill(final Path lock) throws IOException
    {
        final String[] words = Files.readString(lock).trim().split(" ");
        if (words.length == 2 && words[0].matches("\\d{1,9}") && words[1].matches("\\d{1,18}"))
        {
            new ProcessIdentity(Integer.parseInt(words[0]), Long.parseLong(words[1])).signal(Processes.SIGKILL);
        }
    }

    private static void remove(final MachineDir dir)
    {
        try
        {
            dir.delete();
        }
        catch (final IOException e)
        {
            throw new MachineException(Kind.HOST, "The machine's files in " + dir.path() + " cannot be removed: "
                + e.getMessage() + ".", "Remove them by hand.", e);
        }
    }

    private static void pause()
    {
        try
        {
            Thread.sleep(STEP_MS);
        }
        catch (final InterruptedException e)
        {
            Thread.currentThread().interrupt();
        }
    }
}
