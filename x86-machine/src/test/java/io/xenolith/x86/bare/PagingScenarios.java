package io.xenolith.x86.bare;

import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.mem;

import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Reg;

/**
 * Page walks: every combination of rights at both levels, from supervisor and user, with and without write protection;
 * large pages, reserved bits, no-execute, straddling accesses, faults on implicit accesses. Each scenario shows the
 * error code, CR2, and the entries with their accessed and dirty bits.
 *
 * <p>The first 4 MiB are mapped as they are, so that the runtime works; the page under test is at 0x00C00000 (frame at
 * SCRATCH) and 0x00C01000 after it.
 */
final class PagingScenarios {
    private static final long DIRECTORY = BareKernel.TABLES;
    private static final long IDENTITY = BareKernel.TABLES + 0x1000;
    private static final long TABLE = BareKernel.TABLES + 0x2000;
    private static final long POINTERS = BareKernel.TABLES + 0x6000;
    private static final long LINEAR = 0xC00000;
    private static final long CR0_PG = 0x80000000L;
    private static final long CR0_WP = 0x10000;
    private static final int CR4_PSE = 0x10;
    private static final int CR4_PAE = 0x20;
    private static final int NX_HIGH = 0x80000000;
    private static final int EFER = 0xC0000080;

    private final BareKernel k;
    /** Bytes of an entry. */
    private final int entry;

    private PagingScenarios(final BareKernel k, final boolean pae) {
        this.k = k;
        this.entry = pae ? 8 : 4;
    }

    static void legacy(final BareKernel k) {
        final PagingScenarios p = new PagingScenarios(k, false);
        p.rights();
        p.largeLegacy();
        p.straddles();
        p.implicit();
    }

    static void pae(final BareKernel k) {
        final PagingScenarios p = new PagingScenarios(k, true);
        p.rights();
        p.noExecute();
        p.largePae();
        p.straddles();
        p.implicit();
    }

    private void rights() {
        for (int upper = 0; upper < 8; upper++) {
            for (int lower = 0; lower < 8; lower++) {
                for (final boolean protect : new boolean[] {false, true}) {
                    for (final int ring : new int[] {0, 3}) {
                        // read-modify-write is left out: processors report a write, QEMU the read that comes first
                        for (final char access : new char[] {'r', 'w', 'x'}) {
                            access(upper, lower, protect, ring, access);
                        }
                    }
                }
            }
        }
    }

    private void access(final int upper, final int lower, final boolean protect, final int ring, final char access) {
        // nothing new is learned from the rights of absent tables
        if ((upper & 1) == 0 && lower != 7) {
            return;
        }
        k.scenario("directory " + upper + " table " + lower + (protect ? " wp" : "") + " ring " + ring + " " + access,
            () -> {
                map(upper, lower, 0);
                enable(protect, 0, false);
                k.enterRing(ring, 2);
                access(access, LINEAR + 0x10);
            });
    }

    private void access(final char kind, final long at) {
        switch (kind) {
            case 'r' -> k.mov(Reg.EBX, abs(at));
            case 'w' -> k.mov(abs(at).dword(), 0x1234);
            default -> {
                k.mov(Reg.EBX, at);
                k.call(Reg.EBX);
            }
        }
    }

    private long directoryEntry() {
        return DIRECTORY + LINEAR / (entry == 8 ? 0x200000 : 0x400000) * entry;
    }

    /** Builds the tables; rights in the low bits, {@code high} in the upper half of a PAE leaf. */
    private void map(final int upper, final int lower, final int high) {
        final Label loop = k.label("loop");
        k.mov(Reg.EDI, DIRECTORY);
        k.mov(Reg.ECX, 0x7000 / 4);
        k.xor(Reg.EAX, Reg.EAX);
        k.rep();
        k.stosd();
        k.mov(Reg.EDI, IDENTITY);
        k.mov(Reg.EAX, 7);
        k.mov(Reg.ECX, entry == 8 ? 512 : 1024);
        // PAE needs two tables for 4 MiB; the second follows the scratch table
        k.bind(loop);
        k.mov(mem(Reg.EDI), Reg.EAX);
        k.add(Reg.EAX, 0x1000);
        k.add(Reg.EDI, entry);
        k.dec(Reg.ECX);
        k.jcc(Cond.NE, loop);
        k.mov(abs(DIRECTORY).dword(), IDENTITY + 7);
        if (entry == 8) {
            secondIdentityTable();
            k.mov(abs(POINTERS).dword(), DIRECTORY + 1);
        }
        k.mov(abs(directoryEntry()).dword(), TABLE + upper);
        k.mov(abs(TABLE).dword(), BareKernel.SCRATCH + lower);
        if (entry == 8) {
            k.mov(abs(TABLE + 4).dword(), high & 0xFFFF_FFFFL);
        }
        k.mov(abs(BareKernel.SCRATCH + 0x10).byte_(), 0xC3);
        k.watch(0, directoryEntry());
        k.watch(1, TABLE);
        k.watch(2, BareKernel.SCRATCH + 0x10);
        k.registersAgain();
    }

    private void secondIdentityTable() {
        final Label loop = k.label("loop");
        final long second = BareKernel.TABLES + 0x4000;
        k.mov(Reg.EDI, second);
        k.mov(Reg.ECX, 512);
        k.bind(loop);
        k.mov(mem(Reg.EDI), Reg.EAX);
        k.add(Reg.EAX, 0x1000);
        k.add(Reg.EDI, 8);
        k.dec(Reg.ECX);
        k.jcc(Cond.NE, loop);
        k.mov(abs(DIRECTORY + 8).dword(), second + 7);
    }

    private void enable(final boolean protect, final int moreCr4, final boolean noExecute) {
        if (entry == 8) {
            k.mov(Reg.ECX, EFER);
            k.rdmsr();
            k.and(Reg.EAX, ~0x800);
            k.or(Reg.EAX, noExecute ? 0x800 : 0);
            k.wrmsr();
        }
        k.mov(Reg.EAX, entry == 8 ? CR4_PAE | moreCr4 : moreCr4);
        k.mov(Reg.CR4, Reg.EAX);
        k.mov(Reg.EAX, entry == 8 ? POINTERS : DIRECTORY);
        k.mov(Reg.CR3, Reg.EAX);
        k.mov(Reg.EAX, CR0_PG | BareKernel.CR0 | (protect ? CR0_WP : 0));
        k.mov(Reg.CR0, Reg.EAX);
        k.registersAgain();
    }

    private void noExecute() {
        for (final boolean on : new boolean[] {false, true}) {
            for (final int ring : new int[] {0, 3}) {
                for (final int lower : new int[] {0, 1, 5, 7}) {
                    for (final char access : new char[] {'r', 'w', 'x'}) {
                        k.scenario("nx " + (on ? "on" : "off") + " table " + lower + " ring " + ring + " " + access, () -> {
                            map(7, lower, NX_HIGH);
                            enable(true, 0, on);
                            k.enterRing(ring, 2);
                            access(access, LINEAR + 0x10);
                        });
                    }
                }
                k.scenario("nx fetch of executable page " + on + " ring " + ring, () -> {
                    map(7, 5, 0);
                    enable(true, 0, on);
                    k.enterRing(ring, 2);
                    access('x', LINEAR + 0x10);
                });
            }
        }
        k.scenario("reserved address bit", () -> {
            map(7, 7, 1 << 18);
            enable(true, 0, true);
            access('r', LINEAR + 0x10);
        });
    }

    private void largeLegacy() {
        for (int rights = 0; rights < 8; rights++) {
            for (final char access : new char[] {'r', 'w'}) {
                for (final int extension : new int[] {0, CR4_PSE}) {
                    large(rights | 0x80, extension, access, 3);
                    large(rights | 0x80, extension, access, 0);
                }
            }
        }
        large(0x200087, CR4_PSE, 'r', 0);
    }

    private void largePae() {
        for (int rights = 0; rights < 8; rights++) {
            for (final char access : new char[] {'r', 'w'}) {
                large(0x200080 | rights, 0, access, 3);
                large(0x200080 | rights, CR4_PSE, access, 0);
            }
        }
        large(0x202087, 0, 'r', 0);
        large(0x300087, 0, 'w', 0);
    }

    /** An entry of the directory with the large bit: frame 0 or 2 MiB, of which the scratch page is shown. */
    private void large(final int value, final int cr4, final char access, final int ring) {
        k.scenario("large entry " + Integer.toHexString(value) + " cr4 " + cr4 + " " + access + " ring " + ring, () -> {
            map(7, 7, 0);
            k.mov(abs(directoryEntry()).dword(), value);
            enable(true, cr4, false);
            k.enterRing(ring, 2);
            access(access, LINEAR + (BareKernel.SCRATCH & 0x1F_FFFF) + 0x10);
        });
    }

    /** A store that begins on a good page and ends on another one changes nothing unless both may be written. */
    private void straddles() {
        for (int second = 0; second < 8; second++) {
            for (int first = 1; first < 8; first += 2) {
                for (final int ring : new int[] {0, 3}) {
                    final int f = first;
                    final int s = second;
                    k.scenario("straddling store, rights " + f + " and " + s + " ring " + ring, () -> {
                        map(7, f, 0);
                        k.mov(abs(TABLE + entry).dword(), BareKernel.SCRATCH + 0x1000 + s);
                        k.watch(2, TABLE + entry);
                        k.watch(3, BareKernel.SCRATCH + 0xFFC);
                        enable(true, 0, false);
                        k.enterRing(ring, 2);
                        k.mov(abs(LINEAR + 0xFFE).dword(), 0x11223344);
                    });
                }
            }
        }
    }

    /** Accesses that the processor makes itself are supervisor's whatever the ring. */
    private void implicit() {
        k.scenario("gate delivery from ring 3 on pages of the supervisor", () -> {
            map(7, 3, 0);
            supervisorOnly(IDENTITY + (BareKernel.STATE >> 12) * entry);
            enable(true, 0, false);
            k.enterRing(3, 2);
            k.int_(0x82);
        });
        localTable(0, false);
        localTable(1, false);
        localTable(1, true);
        localTable(3, true);
        k.scenario("inner stack not present", () -> {
            map(7, 0, 0);
            k.mov(abs(BareKernel.TSS_MAIN + 4).dword(), LINEAR + 0x800);
            k.poke(BareKernel.IDT + 8 * 8, (long) BareKernel.FAULT_TASK << 16 | 0x85L << 40);
            k.mov(abs(BareKernel.TSS_FAULT + 0x1C).dword(), entry == 8 ? POINTERS : DIRECTORY);
            enable(true, 0, false);
            k.enterRing(3, 2);
            k.int_(0x82);
        });
    }

    private void supervisorOnly(final long at) {
        k.and(abs(at).byte_(), 0xFB);
    }

    /** A descriptor table on the page under test, with a segment whose accessed bit is to be set. */
    private void localTable(final int rights, final boolean protect) {
        k.scenario("local descriptor table on page with rights " + rights + (protect ? " wp" : ""), () -> {
            map(7, rights, 0);
            k.poke(BareKernel.SCRATCH, BareKernel.encode(0, 0xFFFFF, 0xF2, 0xC));
            k.poke(BareKernel.GDT + BareKernel.LDT_GOOD, BareKernel.encode(LINEAR, 0x3F, 0x82, 0));
            k.mov(Reg.EAX, BareKernel.LDT_GOOD);
            k.lldt(Reg.AX);
            k.watch(2, BareKernel.SCRATCH + 4);
            enable(protect, 0, false);
            k.enterRing(3, 2);
            k.mov(Reg.EAX, BareKernel.LDT_DATA | 3);
            k.mov(Reg.ES, Reg.AX);
        });
    }
}
