package io.xenolith.x86.exec;

import static io.xenolith.x86.asm.Mem.mem;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.asm.Reg;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * Instructions per second of CPU time of the interpreter on a hash, a branchy and a memory-bound loop, and their geometric mean.
 * Run by hand: {@code InterpreterBench [seconds per program] [program]}. Each program's answer is checked against Java.
 */
public final class InterpreterBench {
    private static final int CODE = 0x1000;
    private static final int DATA = 0x100000;
    private static final int STACK = 0x80000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private InterpreterBench() {
    }

    /** Entry. */
    public static void main(final String[] args) {
        final double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 3;
        double product = 1;
        int n = 0;
        for (final Program p : programs()) {
            if (args.length > 1 && !p.name.equals(args[1])) {
                continue;
            }
            final double rate = measure(p, seconds);
            System.out.printf("%-8s %7.1f million/s%n", p.name, rate / 1e6);
            product *= rate;
            n++;
        }
        System.out.printf("%-8s %7.1f million/s%n", "mean", Math.pow(product, 1.0 / n) / 1e6);
    }

    private record Program(String name, byte[] code, int rounds, java.util.function.IntSupplier answer) {
    }

    private static Program[] programs() {
        return new Program[] {
            new Program("hash", hash(), 200_000, () -> javaHash(200_000)),
            new Program("branchy", branchy(), 20_000, () -> javaCollatz(20_000)),
            new Program("memory", memory(), 1_000_000, () -> javaChase(1_000_000)),
        };
    }

    private static double measure(final Program p, final double seconds) {
        final PrivateMemory memory = new PrivateMemory(8192);
        final RecordingEnvironment env = new RecordingEnvironment();
        final Cpu c = new Cpu(memory, env, CodeFrames.PRIVATE);
        Raw.copyIn(p.code, 0, memory.addressOf(CODE >> 12) + (CODE & 0xfff), p.code.length);
        for (int k = 0; k < SLOTS; k++) {
            Raw.putInt(memory.addressOf(DATA >> 12) + 16L * k, DATA + 16 * next(k));
            Raw.putInt(memory.addressOf(DATA >> 12) + 16L * k + 4, k);
        }
        final int expected = p.answer.getAsInt();
        double best = 0;
        final long end = System.nanoTime() + (long) (seconds * 1e9);
        while (System.nanoTime() < end) {
            c.ip = CODE;
            c.gpr[Cpu.RSP] = STACK;
            c.gpr[Cpu.RCX] = p.rounds;
            final long before = c.instructions;
            // time on the CPU: other processes may compete for it
            final long t = THREADS.getCurrentThreadCpuTime();
            c.run();
            final double rate = (c.instructions - before) * 1e9 / (THREADS.getCurrentThreadCpuTime() - t);
            best = Math.max(best, rate);
            if ((int) c.gpr[Cpu.RAX] != expected || env.vector != 3) {
                throw new AssertionError(p.name + ": eax=" + (int) c.gpr[Cpu.RAX] + " expected=" + expected
                    + " vector=" + env.vector + " ip=" + Long.toHexString(c.ip));
            }
        }
        return best;
    }

    // ---- a hash over 16 words, mixed by rotates, multiplies and exclusive ors ----

    private static byte[] hash() {
        final Assembler a = new Assembler(Mode.BITS32, CODE);
        a.mov(Reg.EAX, 0x9747b28cL);
        a.mov(Reg.ESI, DATA);
        final Label loop = a.mark("loop");
        a.mov(Reg.EDX, Reg.ECX);
        a.and(Reg.EDX, 15);
        a.mov(Reg.EBX, mem(Reg.ESI, Reg.EDX, 4, 0));
        a.imul(Reg.EBX, Reg.EBX, 0xcc9e2d51L);
        a.rol(Reg.EBX, 15);
        a.imul(Reg.EBX, Reg.EBX, 0x1b873593L);
        a.xor(Reg.EAX, Reg.EBX);
        a.rol(Reg.EAX, 13);
        a.lea(Reg.EAX, mem(Reg.EAX, Reg.EAX, 4, 0xe6546b64L - 0x1_0000_0000L));
        a.mov(Reg.EDX, Reg.EAX);
        a.shr(Reg.EDX, 16);
        a.xor(Reg.EAX, Reg.EDX);
        a.dec(Reg.ECX);
        a.jcc(Cond.NE, loop);
        a.int3();
        return a.toBytes();
    }

    private static int javaHash(final int rounds) {
        int h = 0x9747b28c;
        for (int n = rounds; n != 0; n--) {
            final int word = n & 15;
            int k = word % 4 == 0 ? DATA + 16 * next(word / 4) : word % 4 == 1 ? word / 4 : 0;
            k *= 0xcc9e2d51;
            k = Integer.rotateLeft(k, 15) * 0x1b873593;
            h = Integer.rotateLeft(h ^ k, 13) * 5 + 0xe6546b64;
            h ^= h >>> 16;
        }
        return h;
    }

    // ---- Collatz lengths: short blocks, unpredictable branches, a call for each number ----

    private static byte[] branchy() {
        final Assembler a = new Assembler(Mode.BITS32, CODE);
        a.xor(Reg.EAX, Reg.EAX);
        final Label function = a.label("f");
        final Label outer = a.mark("outer");
        a.push(Reg.ECX);
        a.call(function);
        a.pop(Reg.ECX);
        a.add(Reg.EAX, Reg.EDX);
        a.dec(Reg.ECX);
        a.jcc(Cond.NE, outer);
        a.int3();
        a.bind(function);
        a.push(Reg.EBP);
        a.mov(Reg.EBP, Reg.ESP);
        a.mov(Reg.EBX, mem(Reg.EBP, 8));
        a.xor(Reg.EDX, Reg.EDX);
        final Label odd = a.label("odd");
        final Label next = a.label("next");
        final Label done = a.label("done");
        final Label loop = a.mark("loop");
        a.cmp(Reg.EBX, 1);
        a.jcc(Cond.E, done);
        a.inc(Reg.EDX);
        a.test(Reg.EBX, 1);
        a.jcc(Cond.NE, odd);
        a.shr(Reg.EBX, 1);
        a.jmp(next);
        a.bind(odd);
        a.lea(Reg.EBX, mem(Reg.EBX, Reg.EBX, 2, 1));
        a.bind(next);
        a.jmp(loop);
        a.bind(done);
        a.leave();
        a.ret();
        return a.toBytes();
    }

    private static int javaCollatz(final int rounds) {
        int sum = 0;
        for (int n = rounds; n != 0; n--) {
            for (int x = n; x != 1; sum++) {
                x = (x & 1) == 0 ? x >>> 1 : 3 * x + 1;
            }
        }
        return sum;
    }

    // ---- a chase through 16 MiB in an order that defeats caches, with a store at each stop ----

    private static final int SLOTS = 1 << 20;

    private static int next(final int k) {
        return k * 1_664_525 + 1_013_904_223 & SLOTS - 1;
    }

    private static byte[] memory() {
        final Assembler a = new Assembler(Mode.BITS32, CODE);
        a.mov(Reg.ESI, DATA);
        a.xor(Reg.EAX, Reg.EAX);
        final Label loop = a.mark("loop");
        a.mov(Reg.ESI, mem(Reg.ESI));
        a.add(Reg.EAX, mem(Reg.ESI, 4));
        a.mov(mem(Reg.ESI, 8), Reg.EAX);
        a.dec(Reg.ECX);
        a.jcc(Cond.NE, loop);
        a.int3();
        return a.toBytes();
    }

    private static int javaChase(final int rounds) {
        int at = 0;
        int sum = 0;
        for (int n = 0; n < rounds; n++) {
            at = next(at);
            sum += at;
        }
        return sum;
    }
}
