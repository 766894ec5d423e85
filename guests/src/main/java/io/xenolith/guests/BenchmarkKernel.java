package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.SchedOp;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A second kernel, for measurements: does what {@code mode=} on its command line says, prints a line
 * {@code bench NAME key=value ...} for each figure (values in hexadecimal, times in nanoseconds), then
 * {@code bench PASS} or {@code bench FAIL check=N}, and powers off.
 *
 * <p>Modes: {@code hypercall} ({@link HypercallTimes}), {@code ping} and {@code pong} ({@link EventEcho}),
 * {@code stream} ({@link BlockStream}).
 */
public final class BenchmarkKernel {
    private final Kernel k = new Kernel();
    private final CommandLine commandLine = new CommandLine(k);
    private final Console console = new Console(k);
    private final Events events = new Events(k);
    private final PageTables pageTables = new PageTables(k);
    private final Grants grants = new Grants(k);
    private final Xenstore xenstore = new Xenstore(k);
    private final BlockDevice blockDevice = new BlockDevice(k, xenstore, grants);
    private final Stopwatch stopwatch = new Stopwatch(k);
    private final Label diskName = k.variable("diskName", 4);
    private final Label report = k.label("report");
    private final Map<String, Label[]> modes = new LinkedHashMap<>();
    private final byte[] image;

    private BenchmarkKernel() {
        final Label start = k.mark("start");
        modes.put("hypercall", parts("hypercall"));
        modes.put("ping", parts("ping"));
        modes.put("pong", parts("pong"));
        modes.put("stream", parts("grants", "connect", "stream"));
        start();
        modes.forEach(this::mode);
        k.say("bench FAIL no mode\n");
        Shutdown.emitShutdown(k, SchedOp.Shutdown.CRASH);
        routines();
        image = k.image(start, "Xenolith benchmark guest");
    }

    /** The ELF image. */
    public static byte[] image() {
        return new BenchmarkKernel().image;
    }

    private Label[] parts(final String... names) {
        final Label[] labels = new Label[names.length];
        for (int i = 0; i < names.length; i++) {
            labels[i] = k.label("part " + names[i]);
        }
        return labels;
    }

    private void start() {
        k.emitStart();
        console.emitInit();
        xenstore.emitInit();
        k.emitMapSharedInfo();
        events.emitInit();
        commandLine.emitFind("disk=");
        k.mov(at(diskName), EAX);
    }

    /** Runs the parts of a mode if it is the one asked for, one after the other as long as they succeed. */
    private void mode(final String name, final Label[] parts) {
        final Label other = k.label();
        commandLine.emitFind("mode=" + name);
        k.jcc(Cond.Z, other);
        for (final Label part : parts) {
            k.call(part);
            k.test(EAX, EAX);
            k.jcc(Cond.NZ, report);
        }
        k.jmp(report);
        k.bind(other);
    }

    /** EAX: 0, or the number of the check that failed. */
    private void report() {
        final Label fail = k.label();
        final Label end = k.label();
        k.bind(report);
        k.mov(EBX, EAX);
        k.test(EAX, EAX);
        k.jcc(Cond.NZ, fail);
        blockDevice.emitClose();
        k.say("bench PASS\n");
        k.jmp(end);
        k.bind(fail);
        k.say("bench FAIL check=");
        k.sayHex(EBX);
        k.say("\n");
        k.bind(end);
        Shutdown.emitShutdown(k, SchedOp.Shutdown.POWEROFF);
    }

    private void routines() {
        report();
        console.emit();
        Clock.emit(k);
        commandLine.emit();
        events.emitRoutines();
        pageTables.emitRoutines();
        xenstore.emitRoutines();
        new HypercallTimes(k, stopwatch).emit(modes.get("hypercall")[0], commandLine);
        final EventEcho echo = new EventEcho(k, stopwatch, commandLine);
        echo.emitRoutines();
        echo.emitPing(modes.get("ping")[0]);
        echo.emitPong(modes.get("pong")[0]);
        final Label[] stream = modes.get("stream");
        grants.emit(stream[0]);
        blockDevice.emitConnect(stream[1], diskName);
        new BlockStream(k, grants, blockDevice, stopwatch).emit(stream[2], commandLine);
    }
}
