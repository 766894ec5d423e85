package io.xenolith.dom0.builder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** What the reader takes, and each sentence with which it refuses. */
class KernelImageTest {
    @TempDir
    private Path dir;

    @Test
    void readsAPaeKernel() {
        final KernelImage k = new KernelImage(TestKernel.pae().number(3, 0xC000_0000L).entry(0xC000_0100L)
                .place(0xC000_0000L, 0).build());
        assertFalse(k.is64Bit());
        assertEquals("xen-3.0-x86_32p", k.guestType());
        assertEquals(0xC000_0000L, k.start());
        assertEquals(0xC000_3000L, k.end());
        assertEquals(0xC000_0100L, k.entry());
        assertEquals(-1, k.notes().hypercallPage());
    }

    @Test
    void readsAnAmd64KernelAtItsHighAddress() {
        final KernelImage k = new KernelImage(TestKernel.amd64().number(3, 0xffffffff80000000L)
                .number(1, 0xffffffff81000040L).number(2, 0xffffffff81001000L).number(15, 0x8000000000L)
                .number(16, 1).place(0xffffffff81000000L, 0x1000000).build());
        assertTrue(k.is64Bit());
        assertEquals("xen-3.0-x86_64", k.guestType());
        assertEquals(0xffffffff81000000L, k.start());
        assertEquals(0xffffffff81001000L, k.notes().hypercallPage());
        assertTrue(k.notes().modStartPfn());
    }

    @Test
    void clipsANoteThatRunsPastItsSegment() {
        final KernelImage k = new KernelImage(TestKernel.pae().note(9, "yes\0\0\0\0\0\0\0").overrun(8).build());
        assertTrue(k.notes().isPae());
    }

    @Test
    void readsTheOldGuestSection() {
        final KernelImage k = new KernelImage(new TestKernel(false).legacy(
                "GUEST_OS=Mini-OS,XEN_VER=xen-3.0,VIRT_BASE=0x0,ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x2,"
                        + "LOADER=generic,PAE=yes[extended-cr3]").build());
        assertTrue(k.notes().isLegacy());
        assertEquals(0x2000, k.notes().hypercallPage());
        assertEquals("Mini-OS", k.notes().guestOs());
    }

    @Test
    void theOldSectionSubtractsTheVirtualBaseByDefault() {
        final KernelImage k = new KernelImage(new TestKernel(false).legacy(
                "XEN_VER=xen-3.0,HYPERCALL_PAGE=0x1,VIRT_BASE=0xC0000000,LOADER=generic,PAE=yes")
                .place(0xC000_0000L, 0xC000_0000L).entry(0xC000_0000L).build());
        assertEquals(0xC000_0000L, k.start());
        assertEquals(0xC000_1000L, k.notes().hypercallPage());
    }

    @Test
    void acceptsWhatStockKernelsCallRequired() {
        new KernelImage(TestKernel.pae().note(10, "!writable_page_tables|pae_pgdir_above_4gb").build());
    }

    @Test
    void unpacksGzip() throws IOException {
        final Path f = dir.resolve("k.gz");
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
            gz.write(TestKernel.pae().build());
        }
        Files.write(f, out.toByteArray());
        assertEquals(0x3000, KernelImage.read(f).end());
        Files.write(f, Arrays.copyOf(out.toByteArray(), out.size() / 2));
        refuses("truncated or damaged", () -> KernelImage.read(f));
    }

    @Test
    void refusesWithOneSentence() {
        refuses("does not exist", () -> KernelImage.read(dir.resolve("absent")));
        refuses("is not an ELF file", () -> new KernelImage("#!/bin/sh\n".getBytes()));
        refuses("is not an ELF file", () -> new KernelImage(new byte[0]));
        refuses("another architecture", () -> new KernelImage(TestKernel.pae().machine(40).build()));
        refuses("no Xen notes", () -> new KernelImage(new TestKernel(false).build()));
        refuses("without PAE", () -> new KernelImage(new TestKernel(false).note(5, "xen-3.0").build()));
        refuses("a feature we lack: auto_translated_physmap",
                () -> new KernelImage(TestKernel.pae().note(10, "!auto_translated_physmap").build()));
        refuses("a feature we lack: time_travel",
                () -> new KernelImage(TestKernel.pae().note(10, "!time_travel|dom0").build()));
        refuses("interface xen-2.0", () -> new KernelImage(new TestKernel(false).note(5, "xen-2.0").build()));
        refuses("entry point", () -> new KernelImage(TestKernel.pae().entry(0x3000).build()));
        refuses("hypercall page", () -> new KernelImage(TestKernel.pae().number(2, 0x5000).build()));
        final byte[] whole = TestKernel.pae().build();
        refuses("truncated", () -> new KernelImage(Arrays.copyOf(whole, 0x1800)));
        refuses("truncated", () -> new KernelImage(Arrays.copyOf(whole, 40)));
    }

    @Test
    void refusesAKernelLargerThanTheMemoryGiven() {
        final KernelImage k = new KernelImage(TestKernel.pae().size(0x1000, 40 << 20).build());
        refuses("and the domain is given 32 MiB", () -> DomainLayout.of(k, 32 << 8, 0));
    }

    /** Damaged files end in a sentence, whatever the damage; nothing else may come out. */
    @Test
    void survivesAnyDamage() {
        final long seed = Long.getLong("xenolith.seed", 20260101L);
        final Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            final byte[] b = (random.nextBoolean() ? TestKernel.pae() : TestKernel.amd64()).build();
            final int flips = 1 + random.nextInt(4);
            for (int f = 0; f < flips; f++) {
                final int at = random.nextBoolean() ? random.nextInt(0x100) : 0x2000 + random.nextInt(b.length - 0x2000);
                b[at] = (byte) random.nextInt();
            }
            try {
                DomainLayout.of(new KernelImage(b), 8 << 8, 0);
            } catch (final ImageException expected) {
                assertTrue(expected.getMessage().endsWith("."), "seed=" + seed + " " + expected.getMessage());
            } catch (final RuntimeException e) {
                throw new AssertionError("seed=" + seed + " round=" + i, e);
            }
        }
    }

    private static void refuses(final String words, final Runnable r) {
        final ImageException e = assertThrows(ImageException.class, r::run);
        assertTrue(e.getMessage().contains(words), e.getMessage());
        assertTrue(e.getMessage().endsWith("."), e.getMessage());
    }
}
