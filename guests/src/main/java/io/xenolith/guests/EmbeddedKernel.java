package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.SchedOp;
import io.xenolith.shm.abi.StartInfo;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The embedded kernel as a whole: start, the parts in order, the verdict, the heartbeat. As a command it writes the ELF
 * image: {@code EmbeddedKernel FILE}, or {@code EmbeddedKernel --path}, which prints where the built image is (making it
 * if it is missing or old).
 */
public final class EmbeddedKernel {
    private static final int HEARTBEAT_MS = 1000;
    private static final int QUICK_HEARTBEAT_MS = 100;

    private final Kernel k = new Kernel();
    private final CommandLine commandLine = new CommandLine(k);
    private final Console console = new Console(k);
    private final Events events = new Events(k);
    private final Traps traps = new Traps(k);
    private final PageTables pageTables = new PageTables(k);
    private final Hypercalls hypercalls = new Hypercalls(k);
    private final UserProgram userProgram = new UserProgram(k, traps, events);
    private final Grants grants = new Grants(k);
    private final Xenstore xenstore = new Xenstore(k);
    private final BlockDevice blockDevice = new BlockDevice(k, xenstore, grants);
    private final Drill drill = new Drill(k, xenstore, grants, blockDevice);
    private final Map<String, Label> parts = new LinkedHashMap<>();
    private final Label passed = k.variable("passed", 4);
    private final Label tried = k.variable("tried", 4);
    private final Label diskName = k.variable("diskName", 4);
    private final Label beats = k.variable("beats", 4);
    private final byte[] image;

    private EmbeddedKernel() {
        final Label start = k.mark("start");
        for (final String name : new String[] {
            "hypercalls", "page tables", "traps", "ring 3", "events", "grants", "xenstore", "block device",
            "drill memory", "drill grants", "drill pieces", "fifo events"}) {
            parts.put(name, k.label("part " + name));
        }
        start();
        verdict();
        routines();
        image = k.image(start, "Xenolith embedded guest");
    }

    /** The ELF image. */
    public static byte[] image() {
        return new EmbeddedKernel().image;
    }

    /** Entry point. */
    public static void main(final String[] args) throws IOException {
        if (args.length != 1) {
            System.err.println("usage: EmbeddedKernel FILE | --path");
            System.exit(2);
        }
        if ("--path".equals(args[0])) {
            System.out.println(builtImage());
        } else {
            write(Path.of(args[0]));
        }
    }

    /** Where the build puts the image; written now when it is not what this class makes. */
    private static Path builtImage() throws IOException {
        final String home = System.getProperty("xenolith.home", System.getProperty("xenolith.root", "."));
        final Path file = Path.of(home, "guests", "target", "xenolith-guest.elf").toAbsolutePath();
        if (!Files.isReadable(file) || !Arrays.equals(Files.readAllBytes(file), image())) {
            write(file);
        }
        return file;
    }

    /** Atomically, because a domain may be built from the old file meanwhile. */
    private static void write(final Path file) throws IOException {
        final Path absolute = file.toAbsolutePath();
        Files.createDirectories(absolute.getParent());
        final Path fresh = Files.createTempFile(absolute.getParent(), "xenolith-guest", ".new");
        Files.write(fresh, image());
        Files.move(fresh, absolute, StandardCopyOption.REPLACE_EXISTING);
    }

    // ---- the program ----

    /** ESI is start_info. */
    private void start() {
        k.emitStart();
        console.emitInit();
        xenstore.emitInit();
        traps.emitInit();
        k.emitMapSharedInfo();
        events.emitInit();
        banner();
        parts.forEach(this::runPart);
    }

    private void banner() {
        k.say("Xenolith embedded guest: ");
        k.mov(EAX, at(k.startInfo));
        k.call(k.puts);
        k.say(", ");
        k.mov(EAX, at(k.startInfo));
        k.mov(EAX, mem(EAX, StartInfo.X32.nrPages));
        k.call(k.putDecimal);
        k.say(" pages, command line '");
        commandLine.emitAddress();
        k.call(k.puts);
        k.say("'\n");
    }

    private void runPart(final String name, final Label part) {
        final Label failed = k.label();
        final Label next = k.label();
        if ("block device".equals(name)) {
            ifOption("disk=", next);
            k.mov(at(diskName), EAX);
        } else if (name.startsWith("drill")) {
            ifOption("drill", next);
        } else if (name.startsWith("fifo")) {
            ifOption("fifo", next);
        }
        k.inc(at(tried).dword());
        k.call(part);
        k.test(EAX, EAX);
        k.jcc(Cond.NZ, failed);
        k.inc(at(passed).dword());
        k.say("ok   " + name + "\n");
        k.jmp(next);
        k.bind(failed);
        k.push(EAX);
        k.say("FAIL " + name + ": check ");
        k.pop(EAX);
        k.call(k.putDecimal);
        k.say("\n");
        k.bind(next);
    }

    /** Goes to {@code otherwise} unless the command line has the option; EAX: what follows it. */
    private void ifOption(final String option, final Label otherwise) {
        commandLine.emitFind(option);
        k.jcc(Cond.Z, otherwise);
    }

    private void verdict() {
        final Label fail = k.label("verdictFail");
        final Label said = k.label("verdictSaid");
        k.mov(EAX, at(passed));
        k.cmp(EAX, at(tried));
        k.jcc(Cond.NE, fail);
        k.say("PASS: ");
        k.jmp(said);
        k.bind(fail);
        k.say("FAIL: ");
        k.bind(said);
        k.sayDecimal(at(passed));
        k.say(" of ");
        k.sayDecimal(at(tried));
        k.say(" parts\n");
        final Label whole = k.label();
        ifOption("crash", whole);
        crash();
        k.bind(whole);
        final Label end = k.label("end");
        ifOption("loop", end);
        heartbeat(end);
        k.bind(end);
        blockDevice.emitClose();
        Shutdown.emitShutdown(k, SchedOp.Shutdown.POWEROFF);
    }

    /** A fault that has no stack to be reported on. */
    private void crash() {
        k.say("crashing\n");
        k.xor(ESP, ESP);
        k.push(EAX);
    }

    /** Prints a line a second (ten, with the option {@code quick}), until control/shutdown holds a word. */
    private void heartbeat(final Label end) {
        final Label loop = k.mark("heartbeat");
        final Label slow = k.label("slow");
        final Label beat = k.label("beat");
        ifOption("quick", slow);
        events.emitSleep(QUICK_HEARTBEAT_MS);
        k.jmp(beat);
        k.bind(slow);
        events.emitSleep(HEARTBEAT_MS);
        k.bind(beat);
        events.emitMask();
        k.inc(at(beats).dword());
        k.say("heartbeat ");
        k.sayDecimal(at(beats));
        blockDevice.emitReadAgain();
        k.say("\n");
        xenstore.read("control/shutdown");
        k.test(EAX, EAX);
        k.jcc(Cond.LE, loop);
        k.say("shutdown asked for: ");
        k.mov(EAX, xenstore.reply);
        k.call(k.puts);
        k.say("\n");
        k.movzx(EBX, at(xenstore.reply).byte_());
        xenstore.write("control/shutdown", "");
        k.cmp(EBX, 's'); // suspend: not for us
        k.jcc(Cond.E, loop);
        k.cmp(EBX, 'r');
        k.jcc(Cond.NE, end);
        blockDevice.emitClose();
        Shutdown.emitShutdown(k, SchedOp.Shutdown.REBOOT);
    }

    private void routines() {
        console.emit();
        Clock.emit(k);
        commandLine.emit();
        hypercalls.emit(parts.get("hypercalls"));
        pageTables.emit(parts.get("page tables"));
        traps.emit(parts.get("traps"));
        userProgram.emit(parts.get("ring 3"));
        events.emit(parts.get("events"));
        grants.emit(parts.get("grants"));
        xenstore.emit(parts.get("xenstore"));
        blockDevice.emit(parts.get("block device"), diskName);
        drill.emit(parts.get("drill memory"), parts.get("drill grants"), parts.get("drill pieces"));
        drill.emitQueues(parts.get("fifo events"));
    }
}
