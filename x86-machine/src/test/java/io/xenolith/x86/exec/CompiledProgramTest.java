package io.xenolith.x86.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.Cpu;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole programs made by a compiler (resource mixed.c) print what they print on silicon. */
class CompiledProgramTest {
    private static final int LOAD = 0x100000;
    private static final int STACK = 0xf00000;
    private static final int TABLES = 0xf10000;
    private static final int SYSTEM_CALL = 0x80;

    @ParameterizedTest
    @ValueSource(strings = {"mixed32-386", "mixed32-686", "mixed32-sse", "mixed64"})
    void printsWhatSiliconPrints(final String name) throws IOException {
        final Program p = new Program(name);
        p.run();
        assertEquals(text("expected.txt"), p.output.toString());
    }

    @Test
    void withPaging() throws IOException {
        final Program p = new Program("mixed32-686");
        p.page();
        p.run();
        assertEquals(text("expected.txt"), p.output.toString());
    }

    @Test
    void withSegmentsThatAreNotFlat() throws IOException {
        final Program p = new Program("mixed32-sse");
        p.c.seg[Cpu.DS].set(16, 0, 0x0fff_ffffL, 0x4093);
        p.c.segmentsChanged();
        p.run();
        assertEquals(text("expected.txt"), p.output.toString());
    }

    @Test
    void oneInstructionAtATime() throws IOException {
        final Program p = new Program("mixed32-686");
        while (!p.finished) {
            p.c.step();
        }
        assertEquals(text("expected.txt"), p.output.toString());
    }

    private static String text(final String name) throws IOException {
        return new String(bytes(name), StandardCharsets.US_ASCII);
    }

    private static byte[] bytes(final String name) throws IOException {
        try (InputStream in = CompiledProgramTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }

    /** A loaded image with write and exit. */
    private static final class Program extends RecordingEnvironment {
        final PrivateMemory memory = new PrivateMemory(4096);
        final Cpu c = new Cpu(memory, this, CodeFrames.PRIVATE);
        final StringBuilder output = new StringBuilder();
        boolean finished;

        Program(final String name) throws IOException {
            final byte[] image = bytes(name + ".bin");
            Raw.copyIn(image, 0, memory.addressOf(LOAD >> 12), image.length);
            c.gpr[Cpu.RSP] = STACK;
            c.ip = entry(name);
            c.cr4 |= Cpu.CR4_OSFXSR | Cpu.CR4_OSXMMEXCPT;
            c.fpu.init();
            if (name.endsWith("64")) {
                enterLongMode();
            }
            c.controlChanged();
        }

        private static long entry(final String name) throws IOException {
            for (final String line : text("entries.txt").split("\n")) {
                if (line.startsWith(name + " ")) {
                    return Long.decode(line.substring(name.length() + 1));
                }
            }
            throw new IOException("no entry point of " + name);
        }

        /** One-to-one with 2 MiB pages. */
        private void enterLongMode() {
            put64(TABLES, TABLES + 0x1000 | 7);
            put64(TABLES + 0x1000, TABLES + 0x2000 | 7);
            for (int k = 0; k < 8; k++) {
                put64(TABLES + 0x2000 + 8 * k, (long) k << 21 | 0x87);
            }
            c.mmu.loadCr3(TABLES);
            c.cr4 |= Cpu.CR4_PAE;
            c.efer = Cpu.EFER_LME | Cpu.EFER_LMA;
            c.cr0 |= Cpu.CR0_PG;
            c.controlChanged();
            c.seg[Cpu.CS].set(8, 0, 0xffff_ffffL, 0xa09b);
            c.segmentsChanged();
        }

        /** One-to-one with 4 KiB pages. */
        void page() {
            for (int k = 0; k < 4; k++) {
                put32(TABLES + 4 * k, TABLES + 0x1000 * (k + 1) | 7);
            }
            for (int k = 0; k < 4096; k++) {
                put32(TABLES + 0x1000 + 4 * k, k << 12 | 7);
            }
            c.mmu.loadCr3(TABLES);
            c.cr0 |= Cpu.CR0_PG;
            c.controlChanged();
        }

        void run() {
            c.run();
            assertEquals(true, finished, "ended by vector " + vector + " at ip=" + Long.toHexString(c.ip));
        }

        @Override
        public void softwareInterrupt(final Cpu cpu, final int vector) {
            assertEquals(SYSTEM_CALL, vector);
            cpu.ip = cpu.nextIp();
            if (cpu.gpr[Cpu.RAX] == 4) {
                for (int k = 0; k < cpu.gpr[Cpu.RDX]; k++) {
                    output.append((char) cpu.read8(cpu.gpr[Cpu.RCX] + k));
                }
                return;
            }
            finished = true;
            cpu.requestStop();
        }

        private void put32(final long at, final int v) {
            Raw.putInt(memory.addressOf(at >> 12) + (at & 0xfff), v);
        }

        private void put64(final long at, final long v) {
            Raw.putLong(memory.addressOf(at >> 12) + (at & 0xfff), v);
        }
    }
}
