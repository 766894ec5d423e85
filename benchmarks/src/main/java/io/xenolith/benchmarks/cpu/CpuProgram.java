package io.xenolith.benchmarks.cpu;

import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.ElfImage;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mem;
import io.xenolith.x86.asm.Mode;

import static io.xenolith.x86.asm.Reg.EAX;
import static io.xenolith.x86.asm.Reg.EBX;
import static io.xenolith.x86.asm.Reg.ECX;
import static io.xenolith.x86.asm.Reg.EDI;
import static io.xenolith.x86.asm.Reg.EDX;
import static io.xenolith.x86.asm.Reg.ESI;

/**
 * A benchmark program: a 32-bit static Linux binary that computes one 32-bit number, writes its four bytes to standard output and exits.
 * {@link #run} computes the same in Java, and counts the guest's instructions while it does.
 */
public enum CpuProgram
{
    /** Mixes a 4 KiB table into one register: multiply, rotate, xor, one load in nine instructions. */
    HASH
    {
        private static final int ENTRIES = 1024;
        private static final int PRIME = 0x01000193;

        @Override
        void body(final Assembler a, final int iterations)
        {
            a.mov(ESI, DATA);
            a.mov(ECX, ENTRIES);
            final Label fill = a.mark("fill");
            a.imul(EDX, ECX, 0x9E3779B1L);
            a.mov(Mem.mem(ESI, ECX, 4, -4), EDX);
            a.dec(ECX);
            a.jcc(Cond.NE, fill);
            a.mov(EAX, 0x811C9DC5L);
            a.mov(EBX, 0);
            a.mov(ECX, iterations);
            final Label loop = a.mark("loop");
            a.mov(EDX, Mem.mem(ESI, EBX, 4, 0));
            a.xor(EAX, EDX);
            a.imul(EAX, EAX, PRIME);
            a.rol(EAX, 13);
            a.add(EAX, ECX);
            a.lea(EBX, Mem.mem(EBX, 1));
            a.and(EBX, ENTRIES - 1);
            a.dec(ECX);
            a.jcc(Cond.NE, loop);
        }

        @Override
        Outcome run(final int iterations)
        {
            final int[] table = new int[ENTRIES];
            for (int i = 1; i <= ENTRIES; i++)
            {
                table[i - 1] = i * 0x9E3779B1;
            }
            int eax = 0x811C9DC5;
            int ebx = 0;
            for (int ecx = iterations; ecx != 0; ecx--)
            {
                eax = Integer.rotateLeft((eax ^ table[ebx]) * PRIME, 13) + ecx;
                ebx = ebx + 1 & ENTRIES - 1;
            }
            return new Outcome(eax, 5 + 4L * ENTRIES + 9L * iterations);
        }
    },

    /** Branches that a random number decides, and a call with a stack frame behind one of them. */
    BRANCHY
    {
        @Override
        void body(final Assembler a, final int iterations)
        {
            final Label even = a.label("even");
            final Label joined = a.label("joined");
            final Label skip = a.label("skip");
            final Label function = a.label("function");
            final Label done = a.label("done");
            a.mov(EAX, 12345);
            a.mov(EDX, 1);
            a.mov(ECX, iterations);
            final Label loop = a.mark("loop");
            a.imul(EAX, EAX, 1664525);
            a.add(EAX, 1013904223);
            a.test(EAX, 0x10000);
            a.jcc(Cond.E, even);
            a.add(EDX, 3);
            a.jmp(joined);
            a.bind(even);
            a.xor(EDX, EAX);
            a.bind(joined);
            a.test(EAX, 0x200000);
            a.jcc(Cond.NE, skip);
            a.call(function);
            a.bind(skip);
            a.dec(ECX);
            a.jcc(Cond.NE, loop);
            a.jmp(done);
            a.bind(function);
            a.push(EBX);
            a.lea(EBX, Mem.mem(EDX, EDX, 2, 0));
            a.mov(EDX, EBX);
            a.pop(EBX);
            a.ret();
            a.bind(done);
            a.mov(EAX, EDX);
        }

        @Override
        Outcome run(final int iterations)
        {
            int eax = 12345;
            int edx = 1;
            long instructions = 5;
            for (int ecx = iterations; ecx != 0; ecx--)
            {
                eax = eax * 1664525 + 1013904223;
                final boolean odd = (eax & 0x10000) != 0;
                edx = odd ? edx + 3 : edx ^ eax;
                final boolean call = (eax & 0x200000) == 0;
                edx = call ? edx * 3 : edx;
                instructions += 8 + (odd ? 2 : 1) + (call ? 6 : 0);
            }
            return new Outcome(edx, instructions);
        }
    },

    /** Chases a random cycle through 4 MiB and adds into 256 KiB: more than the TLBs and the caches near the core hold. */
    MEMORY
    {
        private static final int ENTRIES = 1 << 20;
        private static final int SUMS = 1 << 16;
        private static final int STEP = 1664525;
        private static final int OFFSET = 1013904223;

        @Override
        void body(final Assembler a, final int iterations)
        {
            a.mov(ESI, DATA);
            a.mov(EDI, DATA + 4L * ENTRIES);
            a.mov(ECX, 0);
            final Label fill = a.mark("fill");
            a.imul(EDX, ECX, STEP);
            a.add(EDX, OFFSET);
            a.and(EDX, ENTRIES - 1);
            a.mov(Mem.mem(ESI, ECX, 4, 0), EDX);
            a.inc(ECX);
            a.cmp(ECX, ENTRIES);
            a.jcc(Cond.NE, fill);
            a.mov(EAX, 0);
            a.mov(EBX, 0);
            a.mov(ECX, iterations);
            final Label loop = a.mark("loop");
            a.mov(EAX, Mem.mem(ESI, EAX, 4, 0));
            a.mov(EDX, EAX);
            a.and(EDX, SUMS - 1);
            a.add(Mem.mem(EDI, EDX, 4, 0), ECX);
            a.add(EBX, Mem.mem(EDI, EDX, 4, 0));
            a.dec(ECX);
            a.jcc(Cond.NE, loop);
            a.mov(EAX, EBX);
        }

        @Override
        Outcome run(final int iterations)
        {
            final int[] next = new int[ENTRIES];
            for (int i = 0; i < ENTRIES; i++)
            {
                next[i] = i * STEP + OFFSET & ENTRIES - 1;
            }
            final int[] sums = new int[SUMS];
            int eax = 0;
            int ebx = 0;
            for (int ecx = iterations; ecx != 0; ecx--)
            {
                eax = next[eax];
                sums[eax & SUMS - 1] += ecx;
                ebx += sums[eax & SUMS - 1];
            }
            return new Outcome(ebx, 7 + 7L * ENTRIES + 7L * iterations);
        }
    };

    /** Where the code is loaded. */
    public static final int CODE = 0x08048000;
    /** Where {@link #DATA_BYTES} of zeroed data begin. */
    public static final long DATA = 0x0A000000L;
    public static final int DATA_BYTES = 8 << 20;

    private static final int SYS_EXIT = 1;
    private static final int SYS_WRITE = 4;

    /**
     * @param result       what the program writes
     * @param instructions guest instructions, but for the few of the exit path
     */
    public record Outcome(int result, long instructions)
    {
    }

    abstract void body(Assembler a, int iterations);

    /** The program in Java. */
    abstract Outcome run(int iterations);

    /** The code, position fixed at {@link #CODE}, entered at its first byte. */
    public byte[] code(final int iterations)
    {
        final Assembler a = new Assembler(Mode.BITS32, CODE);
        body(a, iterations);
        a.mov(ECX, DATA);
        a.mov(Mem.mem(ECX), EAX);
        a.mov(EDX, 4);
        a.mov(EBX, 1);
        a.mov(EAX, SYS_WRITE);
        a.int_(0x80);
        a.mov(EBX, 0);
        a.mov(EAX, SYS_EXIT);
        a.int_(0x80);
        return a.toBytes();
    }

    /** The program as a file that Linux, or qemu-user, runs. */
    public byte[] elf(final int iterations)
    {
        return new ElfImage(false, CODE)
            .load(CODE, code(iterations), code(iterations).length, ElfImage.READ | ElfImage.EXECUTE)
            .load(DATA, new byte[0], DATA_BYTES, ElfImage.READ | ElfImage.WRITE)
            .toBytes();
    }
}
