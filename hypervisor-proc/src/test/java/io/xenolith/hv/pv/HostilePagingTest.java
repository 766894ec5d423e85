package io.xenolith.hv.pv;

import static io.xenolith.shm.abi.Hypercall.MEMORY_OP;
import static io.xenolith.shm.abi.Hypercall.MMUEXT_OP;
import static io.xenolith.shm.abi.Hypercall.MMU_UPDATE;
import static io.xenolith.shm.abi.Hypercall.SET_GDT;
import static io.xenolith.shm.abi.Hypercall.UPDATE_DESCRIPTOR;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING;

import static io.xenolith.hv.pv.PvTestRig.CODE;
import static io.xenolith.hv.pv.PvTestRig.L1_PFN;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.mm.Pte;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest kernel that does anything it can think of to its page tables: after every call all counts are recounted, no table is
 * ever writable, nothing outside the domain is ever mapped, and no call ends in an exception of ours.
 */
class HostilePagingTest {
    private static final long ARGS = 0x20000;
    private static final int POOL = 24;
    private static final int FIRST_POOL_PFN = 0x60;
    private static final int STEPS = 6_000;
    private static final int RECOUNT_EVERY = 10;

    private PvTestRig rig;
    private Recount recount;
    private Random random;
    private String step;
    private final Map<String, Integer> done = new TreeMap<>();
    private long magic = 0x5ec4e7_0000_0000L;

    private boolean wide;

    private void build(final boolean bits64) throws IOException {
        wide = bits64;
        rig = new PvTestRig(wide);
        rig.boot(CODE);
        // stays pinned, so that the guest always finds a root to stand on
        mmuExt(wide ? 3 : 2, rig.mfn(PvTestRig.L3_PFN), 0);
        recount = new Recount(rig);
    }

    @AfterEach
    void remove() throws IOException {
        rig.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theInitialTablesAddUp(final boolean bits64) throws IOException {
        build(bits64);
        recount.check("after boot");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20261121, 0x5eed})
    void anythingA32BitGuestDoesLeavesTheCountsRight(final long seed) throws IOException {
        build(false);
        torment(seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20261121, 0x5eed})
    void anythingA64BitGuestDoesLeavesTheCountsRight(final long seed) throws IOException {
        build(true);
        torment(seed);
    }

    private void torment(final long seed) {
        random = new Random(seed);
        for (int i = 0; i < STEPS; i++) {
            step = "seed " + seed + " step " + i;
            act();
            if (i % RECOUNT_EVERY == 0) {
                recount.check(step);
            }
            store();
        }
        recount.check("seed " + seed + " at the end");
        for (final String name : new String[] {"update", "map", "flip", "descriptor", "gdt", "ext 0", "ext 1", "ext 2",
            "ext 4", "ext 5", "ext 13", "ext 16", "ext 17"}) {
            assertTrue(done.getOrDefault(name, 0) >= 2, () -> "too few succeeded to prove anything: " + name + " " + done);
        }
    }

    private void act() {
        switch (random.nextInt(23)) {
            case 0, 1, 2, 3, 4, 5 -> update();
            case 6 -> map();
            case 7, 8 -> flip();
            case 9, 10 -> mmuExt(random.nextInt(4), frame(), 0);
            case 11, 12 -> unpin();
            case 13 -> otherRoot();
            case 14 -> mmuExt(6 + random.nextInt(16), anything(), anything());
            case 15, 20, 21 -> descriptors();
            case 16 -> balloon();
            case 17 -> plainEntry();
            case 19 -> makeRoot();
            case 18 -> mmuExt(16 + random.nextInt(2), frame(), frame());
            default -> garbage();
        }
    }

    private int poolPfn() {
        return FIRST_POOL_PFN + random.nextInt(POOL);
    }

    /** A frame of the pool mostly; sometimes a real table, sometimes not the guest's at all. */
    private long frame() {
        return switch (random.nextInt(16)) {
            case 0 -> rig.mfn(L1_PFN);
            case 1 -> rig.mfn(PvTestRig.L2_PFN + random.nextInt(2));
            case 2 -> rig.mfn(PvTestRig.L3_PFN);
            case 3 -> rig.sharedInfoMfn();
            case 4 -> random.nextInt(4) == 0 ? random.nextLong() : random.nextInt((int)rig.machineFrames());
            default -> rig.mfn(poolPfn());
        };
    }

    private long flags() {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> random.nextInt(0x1000);
            case 2, 3 -> Pte.P;
            case 4 -> Pte.P | Pte.NX;
            default -> Pte.P | Pte.RW | (random.nextBoolean() ? Pte.US : 0) | (random.nextBoolean() ? Pte.A : 0);
        };
    }

    private long entry() {
        return Pte.of(frame() & 0xff_ffff_ffffL, flags());
    }

    private long anything() {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> random.nextLong() & 0xffff_ffffL;
            case 2 -> ARGS + random.nextInt(0x1000);
            case 3 -> frame();
            case 4 -> poolPfn() * 4096L;
            default -> (wide ? 0xffff_8000_0000_0000L : 0xf580_0000L) + random.nextInt(0x100000);
        };
    }

    /** Makes a call and counts it under a name when it succeeded. */
    private long call(final String name, final long number, final long... args) {
        final long result = rig.call(number, args);
        if (result == 0) {
            done.merge(name, 1, Integer::sum);
        }
        return result;
    }

    private void mapCall(final String name, final long vaddr, final long pte, final int flags) {
        if (wide) {
            call(name, UPDATE_VA_MAPPING, vaddr, pte, flags);
        }
        else {
            call(name, UPDATE_VA_MAPPING, vaddr, pte & 0xffff_ffffL, pte >>> 32, flags);
        }
    }

    private void putArgs(final long... words) {
        for (int i = 0; i < words.length; i++) {
            rig.putInt64(ARGS + i * 8L, words[i]);
        }
    }

    /** Unsigned longs of the guest's width. */
    private void putWords(final long... words) {
        for (int i = 0; i < words.length; i++) {
            putWord(ARGS + i * (wide ? 8L : 4L), words[i]);
        }
    }

    private void putWord(final long at, final long word) {
        if (wide) {
            rig.putInt64(at, word);
        }
        else {
            rig.putInt32(at, (int)word);
        }
    }

    /** Puts a frame of the pool back where it belongs, read-only (so that it can become a table) or writable. */
    private void flip() {
        final int pfn = poolPfn();
        final long pte = Pte.of(rig.mfn(pfn), random.nextInt(3) == 0 ? Pte.P | Pte.RW : Pte.P);
        mapCall("flip", pfn * 4096L, pte, 0);
    }

    /** Does what a guest does for a new address space: two empty pages become a root and a table in its last slot. */
    private void makeRoot() {
        final int root = poolPfn();
        final int table = poolPfn();
        for (final int pfn : new int[] {root, table}) {
            mmuExt(16, rig.mfn(pfn), 0);
            mapCall("flip", pfn * 4096L, Pte.of(rig.mfn(pfn), Pte.P), 0);
        }
        putArgs(rig.mfn(root) << 12 | 3 * 8, Pte.of(rig.mfn(table), Pte.P));
        rig.call(MMU_UPDATE, ARGS, 1, 0, 0x7ff0);
        mmuExt(2, rig.mfn(root), 0);
    }

    private void unpin() {
        final long mfn = frame();
        if (mfn != rig.mfn(PvTestRig.L3_PFN)) {
            mmuExt(4, mfn, 0);
        }
    }

    /** Goes to another root and back; in between the guest cannot pass arguments. */
    private void otherRoot() {
        mmuExt(random.nextInt(4) == 0 ? 15 : 5, frame(), 0);
        final long home = rig.mfn(PvTestRig.L3_PFN);
        if (rig.vcpu.space().setKernelRoot(home) != 0) {
            throw new AssertionError(step + ": the way back is closed");
        }
    }

    /** A slot of a table; in the tables that the guest stands on, one that it does not need for its next step. */
    private int slotOf(final long table) {
        if (table == rig.mfn(L1_PFN)) {
            return poolPfn();
        }
        if (table == rig.mfn(PvTestRig.L2_PFN) || wide && table == rig.mfn(PvTestRig.L2_64_PFN)) {
            return 1 + random.nextInt(511);
        }
        if (table == rig.mfn(PvTestRig.L3_PFN)) {
            return wide ? 1 + random.nextInt(511) : 1 + random.nextInt(random.nextInt(8) == 0 ? 511 : 2);
        }
        return random.nextInt(random.nextBoolean() ? 4 : 512);
    }

    private void update() {
        final long table = frame();
        final int slot = slotOf(table);
        final int command = random.nextInt(8) == 0 ? random.nextInt(8) : random.nextBoolean() ? 0 : 2;
        if (command == 1) {
            return; // renames frames, which the rig's view of them does not follow
        }
        putArgs(table << 12 | slot * 8L | command, entry());
        call("update", MMU_UPDATE, ARGS, 1, 0, 0x7ff0);
    }

    private void map() {
        final long pte = entry();
        final long vaddr = random.nextInt(8) == 0 ? random.nextInt() & 0xffff_ffffL | 0x20_0000 : poolPfn() * 4096L;
        mapCall("map", vaddr, pte, random.nextInt(3));
    }

    private void mmuExt(final int command, final long arg1, final long arg2) {
        putWords(command, arg1, arg2);
        call("ext " + command, MMUEXT_OP, ARGS, 1, 0, 0x7ff0);
    }

    private void descriptors() {
        switch (random.nextInt(4)) {
            case 0 -> {
                putWords(frame(), frame());
                call("gdt", SET_GDT, ARGS, random.nextInt(4) == 0 ? random.nextInt(8000) : random.nextInt(512));
            }
            case 1 -> mmuExt(13, poolPfn() * 4096L, random.nextInt(1100));
            case 2 -> {
                try {
                    rig.vcpu.environment().readDescriptor(rig.vcpu.cpu(), random.nextInt(0x10000) | 4);
                }
                catch (final io.xenolith.x86.CpuFault expected) {
                    // the selector is beyond the table, or its page is no descriptor page
                }
            }
            default -> {
                final long at = frame() << 12 | random.nextInt(512) * 8L;
                final long d = random.nextLong();
                if (wide) {
                    call("descriptor", UPDATE_DESCRIPTOR, at, d);
                }
                else {
                    call("descriptor", UPDATE_DESCRIPTOR, at & 0xffff_ffffL, at >>> 32,
                        d & 0xffff_ffffL, d >>> 32);
                }
            }
        }
    }

    /** Gives a frame away and takes another under the same name, so that the pool keeps its size. */
    private void balloon() {
        final int pfn = poolPfn();
        if (reservation(1, rig.mfn(pfn)) != 1) {
            return;
        }
        if (reservation(6, pfn) != 1) {
            throw new AssertionError(step + ": no frame in exchange for the one given");
        }
        rig.setMfn(pfn, rig.int32(ARGS + 0x40) & 0xffff_ffffL);
    }

    private long reservation(final int operation, final long extent) {
        final int w = wide ? 8 : 4;
        putWord(ARGS, ARGS + 0x40);
        putWord(ARGS + w, 1);
        rig.putInt32(ARGS + 2 * w, 0);
        rig.putInt32(ARGS + 2 * w + 4, 0);
        rig.putInt32(ARGS + 2 * w + 8, 0x7ff0);
        putWord(ARGS + 0x40, extent);
        return rig.call(MEMORY_OP, operation, ARGS);
    }

    /** What a guest does before it makes a frame a table: writes an entry into it as data. */
    private void plainEntry() {
        putArgs(rig.mfn(poolPfn()) << 12 | random.nextInt(8) * 8L, entry());
        call("update", MMU_UPDATE, ARGS, 1, 0, 0x7ff0);
    }

    private void garbage() {
        final int[] numbers = {1, 2, 10, 12, 14, 22, 26};
        final int number = numbers[random.nextInt(numbers.length)];
        final boolean maps = number == 14 || number == 22;
        final long first = number == 12 ? random.nextInt(64) : maps ? poolPfn() * 4096L : anything();
        if (number == 12 && (first == 1 || first == 11)) {
            return; // gives frames away that the rig's pool counts on
        }
        rig.call(number, first, random.nextInt(3), anything(), random.nextInt(3) == 0 ? anything() : 0x7ff0, anything());
    }

    /** Stores somewhere in the pool through the guest's translations, stale ones included. */
    private void store() {
        final long vaddr = poolPfn() * 4096L + random.nextInt(512) * 8;
        final long value = ++magic;
        try {
            rig.vcpu.memory().putLong(vaddr, value);
        }
        catch (final GuestFault expected) {
            return; // not mapped, or read-only
        }
        recount.checkNotInTables(value, step);
        rig.vcpu.memory().putLong(vaddr, 0);
    }
}
