package io.xenolith.dom0.builder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.dom0.TestMemory;
import io.xenolith.shm.Raw;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What a domain finds at its start, by the offsets of the public headers. */
class StartOfDayTest {
    private static final int PAGES = 4096;
    private static final StartOfDay.Given GIVEN = new StartOfDay.Given(0x77, 1, 2);

    private final long memory = TestMemory.allocate(PAGES * 4096L);
    private final GuestFrames frames = new GuestFrames() {
        @Override
        public long mfn(final long pfn) {
            return 0x20_0000 + PAGES - 1 - pfn;
        }

        @Override
        public long address(final long pfn) {
            return memory + pfn * 4096;
        }
    };

    private KernelImage kernel;
    private DomainLayout layout;
    private StartOfDay start;

    private void build(final TestKernel k, final int moduleBytes) {
        kernel = new KernelImage(k.build());
        layout = DomainLayout.of(kernel, PAGES, moduleBytes);
        start = new StartOfDay(kernel, layout, frames);
        final byte[] module = new byte[moduleBytes];
        java.util.Arrays.fill(module, (byte) 0x4d);
        start.write(GIVEN, module, "root=/dev/xvda");
    }

    private long startInfo() {
        return frames.address(layout.startInfoPfn());
    }

    private String text(final long at) {
        final StringBuilder s = new StringBuilder();
        for (long a = at; Raw.getByte(a) != 0; a++) {
            s.append((char) Raw.getByte(a));
        }
        return s.toString();
    }

    @Test
    void startInfoOfAPaeDomain() {
        build(TestKernel.pae().number(3, 0xC000_0000L).entry(0xC000_0100L).place(0xC000_0000L, 0), 5000);
        final long s = startInfo();
        assertEquals("xen-3.0-x86_32p", text(s));
        assertEquals(PAGES, Raw.getInt(s + 0x20));
        assertEquals(0x77 << 12, Raw.getInt(s + 0x24));
        assertEquals(0, Raw.getInt(s + 0x28));
        assertEquals((int) frames.mfn(layout.storePfn()), Raw.getInt(s + 0x2c));
        assertEquals(1, Raw.getInt(s + 0x30));
        assertEquals((int) frames.mfn(layout.consolePfn()), Raw.getInt(s + 0x34));
        assertEquals(2, Raw.getInt(s + 0x38));
        assertEquals((int) layout.virtOf(layout.tablePfn()), Raw.getInt(s + 0x3c));
        assertEquals(layout.tablePages(), Raw.getInt(s + 0x40));
        assertEquals((int) layout.p2mVirt(), Raw.getInt(s + 0x44));
        assertEquals((int) layout.virtOf(layout.modulePfn()), Raw.getInt(s + 0x48));
        assertEquals(5000, Raw.getInt(s + 0x4c));
        assertEquals("root=/dev/xvda", text(s + 0x50));
        assertEquals(0x4d, Raw.getByte(frames.address(layout.modulePfn()) + 4999));
        assertEquals(0, Raw.getByte(frames.address(layout.modulePfn() + 1) + 904));
        for (int pfn = 0; pfn < PAGES; pfn++) {
            assertEquals((int) frames.mfn(pfn), Raw.getInt(frames.address(layout.p2mPfn()) + pfn * 4L));
        }
    }

    @Test
    void theKernelIsWhereItWants() {
        build(TestKernel.pae().place(0x1234, 0x1234).entry(0x1234).size(0x1000, 0x2000), 0);
        for (int i = 0; i < 0x1000; i++) {
            assertEquals((byte) (i * 7), Raw.getByte(memory + 0x1234 + i));
        }
        assertEquals(0, Raw.getByte(memory + 0x2234));
    }

    @Test
    void startInfoOfAnAmd64DomainWithUnmappedModuleAndP2mApart() {
        build(TestKernel.amd64().number(3, 0xffffffff80000000L).number(1, 0xffffffff80100000L)
                .number(15, 0x8000000000L).number(16, 1).place(0xffffffff80100000L, 0x100000), 8192);
        final long s = startInfo();
        assertEquals("xen-3.0-x86_64", text(s));
        assertEquals(0x77L << 12, Raw.getLong(s + 0x28));
        assertEquals(8, Raw.getInt(s + 0x30));
        assertEquals(0x8000000000L, Raw.getLong(s + 0x68));
        assertEquals(layout.modulePfn(), Raw.getLong(s + 0x70));
        assertEquals(8192, Raw.getLong(s + 0x78));
        assertEquals("root=/dev/xvda", text(s + 0x80));
        assertEquals(layout.p2mPfn(), Raw.getLong(s + 0x480));
        assertEquals(layout.p2mPages() + layout.p2mTablePages(), Raw.getLong(s + 0x488));
        assertEquals(frames.mfn(4095), Raw.getLong(frames.address(layout.p2mPfn() + 7) + 4088));
    }

    @Test
    void hypercallPages() {
        build(TestKernel.pae().number(2, 0x1000), 0);
        final byte[] stub = new byte[32];
        Raw.copyOut(memory + 0x1000 + 20 * 32, stub, 0, 32);
        assertArrayEquals(new byte[]{(byte) 0xb8, 20, 0, 0, 0, (byte) 0xcd, (byte) 0x82, (byte) 0xc3, (byte) 0xcc},
                java.util.Arrays.copyOf(stub, 9));
        Raw.copyOut(memory + 0x1000 + 23 * 32, stub, 0, 32);
        assertArrayEquals(new byte[]{0x50, (byte) 0xb8, 23, 0, 0, 0, (byte) 0xcd, (byte) 0x82, (byte) 0xcc},
                java.util.Arrays.copyOf(stub, 9));
        build(TestKernel.amd64().number(2, 0x1000), 0);
        Raw.copyOut(memory + 0x1000 + 127 * 32, stub, 0, 32);
        assertArrayEquals(new byte[]{0x51, 0x41, 0x53, (byte) 0xb8, 127, 0, 0, 0, 0x0f, 5, 0x41, 0x5b, 0x59, (byte) 0xc3},
                java.util.Arrays.copyOf(stub, 14));
    }

    @Test
    void theFirstVcpuOfAPaeDomain() {
        build(TestKernel.pae().entry(0x10), 0);
        final ByteBuffer c = ByteBuffer.wrap(start.context()).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(2800, c.capacity());
        assertEquals(0x10, c.getInt(516 + 32), "eip");
        assertEquals((int) layout.virtOf(layout.startInfoPfn()), c.getInt(516 + 12), "esi");
        assertEquals((int) layout.virtOf(layout.stackPfn()) + 4096, c.getInt(516 + 44), "esp");
        assertEquals(0xe019, c.getShort(516 + 36) & 0xffff, "cs");
        assertEquals(0xe021, c.getShort(516 + 48) & 0xffff, "ss");
        assertEquals(0xe021, c.getShort(516 + 64) & 0xffff, "gs");
        assertEquals(0x202, c.getInt(516 + 40), "eflags");
        final long top = frames.mfn(layout.tablePfn());
        assertEquals((int) (top << 12 | top >>> 20), c.getInt(2716 + 12), "cr3");
        assertEquals(0xe021, c.getInt(2708), "kernel ss");
        assertEquals(8, c.getInt(2796), "vm_assist");
    }

    @Test
    void theFirstVcpuOfAnAmd64Domain() {
        build(TestKernel.amd64().entry(0x10), 0);
        final ByteBuffer c = ByteBuffer.wrap(start.context()).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(5168, c.capacity());
        assertEquals(0x10, c.getLong(520 + 128), "rip");
        assertEquals(layout.virtOf(layout.startInfoPfn()), c.getLong(520 + 104), "rsi");
        assertEquals(0xe033, c.getShort(520 + 136) & 0xffff, "cs");
        assertEquals(0xe02b, c.getShort(520 + 160) & 0xffff, "ss");
        assertEquals(frames.mfn(layout.tablePfn()) << 12, c.getLong(4984 + 24), "cr3");
    }

    @Test
    void aLongCommandLineIsCutAndEnded() {
        kernel = new KernelImage(TestKernel.pae().build());
        layout = DomainLayout.of(kernel, PAGES, 0);
        new StartOfDay(kernel, layout, frames).write(GIVEN, new byte[0], "x".repeat(2000));
        assertEquals(1023, text(startInfo() + 0x50).length());
    }
}
