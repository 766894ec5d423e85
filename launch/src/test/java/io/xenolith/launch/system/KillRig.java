package io.xenolith.launch.system;

import io.xenolith.dom0.toolstack.ToolstackClient;
import io.xenolith.hv.audit.Audit;
import io.xenolith.hv.audit.Finding;
import io.xenolith.hv.control.DomainProcess;
import io.xenolith.shm.KillBoard;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.Header;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * A machine whose processes die at kill points on demand, with two domains of the embedded guest: {@link #STEADY}, which must never
 * notice, and {@link #VICTIM}, which is what things are done to. Commands are requests to dom0 straight from the test's process: starting
 * a JVM for each would take longer than the tests.
 */
final class KillRig implements AutoCloseable
{
    static final String STEADY = "steady";
    static final String VICTIM = "victim";

    private static final int MEMORY_MIB = 128;
    private static final long HANG_NS = TimeUnit.SECONDS.toNanos(Long.getLong("xenolith.hang", 180));
    private static final String BEAT = ", disk right";
    /** Makes each entry of a domain's configuration in dom0's journal large, so that few renames fill it. */
    private static final int PADDING = 7 << 10;

    final TestMachine scripts;
    final KillBoard board;
    private final Machine machine;
    private final ToolstackClient dom0;
    private final Path kernel;
    private final Path disk;
    private long freeFrames;
    private long requestEnd;
    /** Set while the victim is the one to be killed: then it may die before it is made, and making it fails. */
    boolean mayDie;

    /**
     * Powers a machine up.
     *
     * @param name      of the machine.
     * @param directory for files beside it.
     * @param kernel    of the domains.
     * @param disk      of the domains.
     * @param before    arms what is to strike while the machine is powered up.
     */
    KillRig(final String name, final Path directory, final Path kernel, final Path disk, final Consumer<KillBoard> before)
        throws IOException, InterruptedException
    {
        final Path file = directory.resolve(name + ".board");
        board = KillBoard.create(file);
        this.kernel = kernel;
        this.disk = disk;
        before.accept(board);
        scripts = powerUp(name, file);
        machine = Machine.attach(new MachineDir(scripts.directory));
        dom0 = ToolstackClient.open(machine, () ->
        {
            if (System.nanoTime() - requestEnd > 0)
            {
                throw new AssertionError("dom0 does not answer");
            }
        });
    }

    /** Clears away what a killed command has left, and tries again. */
    private TestMachine powerUp(final String name, final Path file) throws IOException, InterruptedException
    {
        final Map<String, String> environment = Map.of("XENOLITH_JAVA_OPTS", "-D" + KillBoard.PROPERTY + "=" + file);
        try
        {
            return new TestMachine(name, MEMORY_MIB, environment, "--cpus", "1");
        }
        catch (final AssertionError e)
        {
            if (board.victim() == 0)
            {
                throw e;
            }
            final Map<String, String> where = Map.of("XENOLITH_DIR", TestMachine.directory(name).toString());
            assertTrue(Script.run(where, "xenolith", "up").errors().contains("A dead machine was left"), "what 'up' says of a dead machine");
            Script.run(where, "xenolith", "down").succeeded();
            return new TestMachine(name, MEMORY_MIB, environment, "--cpus", "1");
        }
    }

    /** Makes the domain that must not notice anything, and remembers what the machine looks like with it alone. */
    void makeSteady()
    {
        create(STEADY, "disk=xvda loop quick");
        awaitBeats(STEADY, 1);
        freeFrames = countFree();
    }

    // ---- requests ----

    /** Asks dom0; an error is an answer too. */
    Map<String, Object> ask(final String operation, final Object... arguments)
    {
        final Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < arguments.length; i += 2)
        {
            map.put((String)arguments[i], arguments[i + 1]);
        }
        requestEnd = System.nanoTime() + HANG_NS;
        return dom0.call(operation, map);
    }

    /** Asks dom0 for something that has to succeed. */
    Map<String, Object> request(final String operation, final Object... arguments)
    {
        final Map<String, Object> answer = ask(operation, arguments);
        assertFalse(answer.containsKey("error"), () -> operation + ": " + answer);
        return answer;
    }

    private Map<String, Object> create(final String name, final String options)
    {
        final Map<String, Object> answer = ask("create", "name", name, "kernel", kernel.toString(), "cmdline", options,
            "memory", 8, "disk", List.of("format=raw, vdev=xvda, access=ro, target=" + disk), "on_reboot", "restart",
            "on_crash", "destroy", "uuid", UUID.randomUUID().toString(), "comment", "x".repeat(PADDING));
        assertTrue(mayDie || !answer.containsKey("error"), () -> "create: " + answer);
        return answer;
    }

    /** Makes the victim and waits until it has passed all its parts, or is gone. */
    void createVictim(final String options)
    {
        create(VICTIM, options);
        await("the victim to start", () -> console(VICTIM).contains("PASS: ") || !exists(VICTIM));
        if (!options.contains("loop"))
        {
            await("the victim to end", () -> !exists(VICTIM));
        }
    }

    void ensureVictim()
    {
        if (!exists(VICTIM))
        {
            createVictim("disk=xvda loop quick");
        }
        awaitBeats(VICTIM, 1);
    }

    /** Until the domain has printed so many more heartbeats, each after a right block from its disk, or is gone. */
    void awaitBeats(final String name, final int more)
    {
        final int before = beats(name);
        await(more + " heartbeats of " + name, () -> beats(name) >= before + more || !exists(name));
    }

    private int beats(final String name)
    {
        final String text = console(name);
        int n = 0;
        for (int at = text.indexOf(BEAT); at >= 0; at = text.indexOf(BEAT, at + 1))
        {
            n++;
        }
        return n;
    }

    /** What this life of the domain has printed; nothing when there is no such domain. */
    String console(final String name)
    {
        final Map<String, Object> console = ask("console-info", "domain", name);
        if (console.containsKey("error"))
        {
            return "";
        }
        try
        {
            final byte[] log = Files.readAllBytes(Path.of((String)console.get("log")));
            final int start = ((Number)console.get("start")).intValue();
            return new String(log, start, log.length - start, StandardCharsets.ISO_8859_1);
        }
        catch (final IOException e)
        {
            throw new UncheckedIOException(e);
        }
    }

    // ---- state ----

    boolean exists(final String name)
    {
        return record(name) != 0;
    }

    /** A domain's domid, by the hint that dom0 gives the hypervisor; 0 when there is none. */
    int domid(final String name)
    {
        final Object domid = ask("domid", "domain", name).get("domid");
        return domid == null ? 0 : ((Number)domid).intValue();
    }

    int nextDomid()
    {
        return Raw.getInt(machine.hv().header() + Header.NEXT_DOMID);
    }

    private long record(final String name)
    {
        final int domid = domid(name);
        return domid == 0 ? 0 : machine.hv().domain(DomainRecord.slot(domid));
    }

    /** @param process "hypervisor", "dom0" or a domain's name. */
    ProcessIdentity process(final String process)
    {
        return switch (process)
        {
            case "hypervisor" -> DomainProcess.hypervisor(machine.hv());
            case "dom0" -> DomainProcess.dom0(machine.hv());
            default -> ofDomain(record(process));
        };
    }

    private static ProcessIdentity ofDomain(final long record)
    {
        return record == 0 ? ProcessIdentity.NONE : ProcessIdentity.read(record + DomainRecord.PID, record + DomainRecord.START_TIME);
    }

    /** Until another process than {@code old} has the post. */
    void awaitRestart(final String process, final ProcessIdentity old)
    {
        await("another " + process, () -> !process(process).equals(old) && process(process).isAlive());
    }

    void await(final String what, final BooleanSupplier condition)
    {
        final long end = System.nanoTime() + HANG_NS;
        while (!condition.getAsBoolean())
        {
            if (System.nanoTime() - end > 0)
            {
                throw new AssertionError("waited in vain for " + what + "; console of the victim:\n" + tail(console(VICTIM)) +
                    "\nconsole of the other domain:\n" + tail(console(STEADY)));
            }
            pause();
        }
    }

    private static String tail(final String text)
    {
        return text.substring(Math.max(0, text.length() - 600));
    }

    static void pause()
    {
        try
        {
            Thread.sleep(10);
        }
        catch (final InterruptedException e)
        {
            throw new AssertionError("interrupted", e);
        }
    }

    // ---- judgement ----

    /** All is as it should be: the other domain works, everything adds up, nothing has leaked. */
    void assertRight()
    {
        awaitBeats(STEADY, 1);
        for (final String name : new String[]{STEADY, VICTIM})
        {
            final String text = console(name);
            assertFalse(text.contains("FAIL") || text.contains("WRONG"), () -> "console of " + name + ":\n" + text);
        }
        final List<Finding> findings = Audit.run(machine);
        assertEquals(List.of(), findings, "findings of the audit");
        if (!exists(VICTIM))
        {
            await("all frames to be free again", () -> countFree() == freeFrames || exists(VICTIM));
        }
    }

    private long countFree()
    {
        long n = 0;
        for (long mfn = 1; mfn < machine.hv().frames(); mfn++)
        {
            n += FrameRecord.state(Raw.getLong(machine.hv().frame(mfn) + FrameRecord.OWNER)) == FrameRecord.STATE_FREE ? 1 : 0;
        }
        return n;
    }

    /** Host memory behind the two files of the machine, in KiB. */
    long storageKiB() throws IOException, InterruptedException
    {
        final Process du = new ProcessBuilder("du", "-k", "-c", new MachineDir(scripts.directory).memory().toString(),
            new MachineDir(scripts.directory).hypervisor().toString()).redirectErrorStream(true).start();
        final List<String> lines = new ArrayList<>(new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList());
        return Long.parseLong(lines.getLast().split("\\s+")[0]);
    }

    @Override
    public void close() throws IOException, InterruptedException
    {
        scripts.xenolith("down").succeeded();
    }
}
