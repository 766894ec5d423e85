package io.xenolith.hv.pv;

import static io.xenolith.shm.abi.Hypercall.MEMORY_OP;
import static io.xenolith.shm.abi.Hypercall.MMUEXT_OP;
import static io.xenolith.shm.abi.Hypercall.MMU_UPDATE;
import static io.xenolith.shm.abi.Hypercall.SET_GDT;
import static io.xenolith.shm.abi.Hypercall.UPDATE_DESCRIPTOR;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING;
import static io.xenolith.shm.abi.Hypercall.XEN_VERSION;

import static io.xenolith.hv.pv.PvTestRig.CODE;
import static io.xenolith.hv.pv.PvTestRig.L1_PFN;
import static io.xenolith.hv.pv.PvTestRig.L2X_PFN;
import static io.xenolith.hv.pv.PvTestRig.L2_PFN;
import static io.xenolith.hv.pv.PvTestRig.L3_PFN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.mm.MachineToPhys;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.hv.mm.Pte;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One rule of direct paging per test, by the errors and values that the ABI promises. */
class PagingRulesTest {
    private static final long ARGS = 0x20000;
    private static final int PAGE = 0x70;
    private static final int TABLE = 0x71;
    private static final int UPPER = 0x72;
    private static final long SELF = 0x7ff0;

    private PvTestRig rig;
    private FrameTable frames;

    @BeforeEach
    void build() throws IOException {
        rig = new PvTestRig();
        rig.boot(CODE);
        frames = rig.domain.frames();
    }

    @AfterEach
    void remove() throws IOException {
        new Recount(rig).check("after the test");
        rig.close();
    }

    private long mmuUpdate(final int tablePfn, final int slot, final long pte) {
        return mmuUpdate(rig.mfn(tablePfn) << 12 | slot * 8L, pte);
    }

    private long mmuUpdate(final long ptr, final long val) {
        rig.putInt64(ARGS, ptr);
        rig.putInt64(ARGS + 8, val);
        return rig.call(MMU_UPDATE, ARGS, 1, 0, SELF);
    }

    private long ext(final int command, final long arg1, final long arg2) {
        rig.putInt32(ARGS, command);
        rig.putInt32(ARGS + 4, (int)arg1);
        rig.putInt32(ARGS + 8, (int)arg2);
        return rig.call(MMUEXT_OP, ARGS, 1, 0, SELF);
    }

    private long remap(final int pfn, final long flags) {
        return map(pfn * 4096L, Pte.of(rig.mfn(pfn), flags), 2);
    }

    private long map(final long vaddr, final long pte, final int flags) {
        return rig.call(UPDATE_VA_MAPPING, vaddr, pte & 0xffff_ffffL, pte >>> 32, flags);
    }

    private void makeReadOnly(final int... pfns) {
        for (final int pfn : pfns) {
            assertEquals(0, remap(pfn, Pte.P));
        }
    }

    @Test
    void aTableCannotBeMappedWritable() {
        assertEquals(-Errno.EINVAL, remap(L1_PFN, Pte.P | Pte.RW));
        assertEquals(-Errno.EINVAL, remap(L3_PFN, Pte.P | Pte.RW));
        assertEquals(0, remap(L1_PFN, Pte.P));
    }

    @Test
    void aWritableFrameCannotBeATable() {
        assertEquals(-Errno.EINVAL, ext(0, rig.mfn(PAGE), 0));
        makeReadOnly(PAGE);
        assertEquals(0, ext(0, rig.mfn(PAGE), 0));
        assertEquals(FrameType.L1, frames.type(rig.mfn(PAGE)));
        assertEquals(-Errno.EINVAL, ext(0, rig.mfn(PAGE), 0), "pinned already");
        assertEquals(-Errno.EINVAL, ext(1, rig.mfn(PAGE), 0), "another level");
        assertEquals(-Errno.EINVAL, remap(PAGE, Pte.P | Pte.RW));
        assertEquals(0, ext(4, rig.mfn(PAGE), 0));
        assertEquals(-Errno.EINVAL, ext(4, rig.mfn(PAGE), 0), "not pinned any more");
        assertEquals(0, remap(PAGE, Pte.P | Pte.RW), "writable again right after the unpin");
    }

    @Test
    void aStaleWritableTranslationDoesNotReachATable() {
        rig.vcpu.memory().putLong(PAGE * 4096L, 2);
        assertEquals(0, map(PAGE * 4096L, Pte.of(rig.mfn(PAGE), Pte.P), 0), "no flush asked for");
        assertEquals(0, ext(0, rig.mfn(PAGE), 0));
        assertThrows(GuestFault.class, () -> rig.vcpu.memory().putLong(PAGE * 4096L, 7));
    }

    @Test
    void framesOfOthersCannotBeMapped() {
        final long heap = rig.machineFrames() - 1;
        assertEquals(-Errno.EINVAL, map(PAGE * 4096L, Pte.of(heap, Pte.P), 0));
        assertEquals(-Errno.EINVAL, map(PAGE * 4096L, Pte.of(512, Pte.P), 0), "not even the m2p table");
        assertEquals(-Errno.EINVAL, map(PAGE * 4096L, Pte.of(1L << 38, Pte.P), 0));
        assertEquals(0, map(PAGE * 4096L, Pte.of(1L << 38, 0), 0), "not present: anything");
    }

    @Test
    void sharedInfoMayBeMappedWritableButIsNoTable() {
        assertEquals(0, map(PAGE * 4096L, Pte.of(rig.sharedInfoMfn(), Pte.P | Pte.RW), 0));
        assertEquals(-Errno.EINVAL, ext(0, rig.sharedInfoMfn(), 0));
    }

    @Test
    void cacheAttributesAreRefused() {
        for (final long bit : new long[] {Pte.PWT, Pte.PCD, Pte.PSE}) {
            assertEquals(-Errno.EINVAL, map(PAGE * 4096L, Pte.of(rig.mfn(PAGE), Pte.P | bit), 0));
        }
        assertEquals(0, map(PAGE * 4096L, Pte.of(rig.mfn(PAGE), Pte.P | Pte.G | Pte.NX | Pte.AVL), 0));
    }

    @Test
    void upperLevelsValidateWhatTheyPointTo() {
        makeReadOnly(TABLE);
        assertEquals(0, mmuUpdate(L2_PFN, 5, Pte.of(rig.mfn(TABLE), Pte.P | Pte.RW)));
        assertEquals(FrameType.L1, frames.type(rig.mfn(TABLE)));
        assertEquals(0, map(5L << 21, Pte.of(rig.mfn(PAGE), Pte.P | Pte.RW), 0));
        rig.vcpu.memory().putInt(5 << 21, 0x1234);
        assertEquals(0x1234, rig.int32(PAGE * 4096L));
        assertEquals(0, mmuUpdate(L2_PFN, 5, 0));
        assertEquals(0, frames.references(rig.mfn(TABLE)) - 1, "only its read-only mapping is left");
        assertThrows(GuestFault.class, () -> rig.vcpu.memory().getInt(5 << 21));
    }

    @Test
    void aTableWithABadEntryIsRefusedAsAWhole() {
        rig.putPte(TABLE, 3, Pte.of(rig.mfn(PAGE), Pte.P | Pte.RW));
        rig.putPte(TABLE, 400, Pte.of(rig.mfn(L2_PFN), Pte.P | Pte.RW));
        makeReadOnly(TABLE);
        final int before = frames.references(rig.mfn(PAGE));
        assertEquals(-Errno.EINVAL, ext(0, rig.mfn(TABLE), 0));
        assertEquals(before, frames.references(rig.mfn(PAGE)), "the good entry's reference is given back");
        rig.putPte(TABLE, 400, 0);
        assertEquals(0, ext(0, rig.mfn(TABLE), 0));
        assertEquals(before + 1, frames.references(rig.mfn(PAGE)));
        assertEquals(0, ext(4, rig.mfn(TABLE), 0));
    }

    @Test
    void theRootOf32BitGuestsKeepsItsFourthEntry() {
        assertEquals(-Errno.EINVAL, mmuUpdate(L3_PFN, 3, 0));
        assertEquals(-Errno.EINVAL, mmuUpdate(L3_PFN, 4, 0), "there are four");
        assertEquals(-Errno.EINVAL, mmuUpdate(L3_PFN, 1, Pte.of(rig.mfn(L3_PFN), Pte.P)), "no self map");
        assertEquals(-Errno.EINVAL, mmuUpdate(L3_PFN, 1, Pte.of(rig.mfn(L2X_PFN), Pte.P)), "not in another slot");
        makeReadOnly(TABLE);
        assertEquals(0, mmuUpdate(L3_PFN, 1, Pte.of(rig.mfn(TABLE), Pte.P | Pte.RW | Pte.US | Pte.A)));
        assertEquals(Pte.of(rig.mfn(TABLE), Pte.P), rig.pte(L3_PFN, 1), "stored as the MMU wants it");
        assertEquals(0, mmuUpdate(L3_PFN, 1, 0));
    }

    @Test
    void theHypervisorsSlotsAreItsOwn() {
        assertEquals(-Errno.EPERM, mmuUpdate(L2X_PFN, PagingMode.XEN_L2_FIRST, 0));
        assertEquals(-Errno.EINVAL, map(0xf580_0000L, 0, 0));
        assertEquals(-Errno.EFAULT, rig.call(XEN_VERSION, 6, 0xf580_0000L));
    }

    @Test
    void theGuestSeesItsFramesInTheMachineToPhysicalTable() {
        final long entry = 0xf580_0000L + rig.mfn(PAGE) * 4;
        assertEquals(PAGE, rig.vcpu.cpu().mmu.readSystem32(entry));
        assertEquals(0, mmuUpdate(rig.mfn(PAGE) << 12 | 1, 0x1234));
        assertEquals(0x1234, rig.vcpu.cpu().mmu.readSystem32(entry));
        assertEquals(-Errno.EINVAL, mmuUpdate(512L << 12 | 1, 1), "not the hypervisor's frames");
        assertThrows(io.xenolith.x86.CpuFault.class, () -> rig.vcpu.cpu().mmu.writeSystem32(entry, 0));
        final long beyond = 0xf580_0000L + rig.machineFrames() * 4;
        assertThrows(io.xenolith.x86.CpuFault.class, () -> rig.vcpu.cpu().mmu.readSystem32(beyond));
    }

    @Test
    void linearMapsAreReadOnlyAndOneLevelDeep() {
        makeReadOnly(TABLE, UPPER);
        assertEquals(0, ext(1, rig.mfn(TABLE), 0));
        assertEquals(-Errno.EINVAL, mmuUpdate(TABLE, 1, Pte.of(rig.mfn(TABLE), Pte.P | Pte.RW)));
        assertEquals(0, mmuUpdate(TABLE, 1, Pte.of(rig.mfn(TABLE), Pte.P)), "itself");
        assertEquals(-Errno.EINVAL, mmuUpdate(TABLE, 1, Pte.of(rig.mfn(TABLE), Pte.P | Pte.RW)), "nor afterwards");
        assertEquals(0, mmuUpdate(TABLE, 2, Pte.of(rig.mfn(L2_PFN), Pte.P)), "another of its level");
        assertEquals(0, ext(1, rig.mfn(UPPER), 0));
        assertEquals(-Errno.EINVAL, mmuUpdate(UPPER, 0, Pte.of(rig.mfn(TABLE), Pte.P)), "which has none itself");
        assertEquals(-Errno.EINVAL, mmuUpdate(L2_PFN, 7, Pte.of(rig.mfn(UPPER), Pte.P)), "nor is one of those");
        assertEquals(0, ext(4, rig.mfn(TABLE), 0));
        assertEquals(0, mmuUpdate(L2_PFN, 7, Pte.of(rig.mfn(UPPER), Pte.P)));
        assertEquals(0, mmuUpdate(L2_PFN, 7, 0));
        assertEquals(0, ext(4, rig.mfn(UPPER), 0));
    }

    @Test
    void accessedAndDirtyBitsSurviveWhereAsked() {
        rig.vcpu.memory().putInt(PAGE * 4096L, 1);
        final long pte = rig.pte(L1_PFN, PAGE);
        assertEquals(Pte.A | Pte.D, pte & (Pte.A | Pte.D));
        final long at = rig.mfn(L1_PFN) << 12 | PAGE * 8L;
        assertEquals(0, mmuUpdate(at | 2, Pte.of(rig.mfn(PAGE), Pte.P)));
        assertEquals(Pte.of(rig.mfn(PAGE), Pte.P | Pte.A | Pte.D), rig.pte(L1_PFN, PAGE));
        assertEquals(0, mmuUpdate(at, Pte.of(rig.mfn(PAGE), Pte.P)));
        assertEquals(Pte.of(rig.mfn(PAGE), Pte.P), rig.pte(L1_PFN, PAGE));
        assertEquals(-Errno.ENOSYS, mmuUpdate(at | 5, 0));
    }

    @Test
    void plainFramesTakeUpdatesAsMemory() {
        assertEquals(0, mmuUpdate(PAGE, 9, 0x1122_3344_5566_7788L));
        assertEquals(0x1122_3344_5566_7788L, rig.pte(PAGE, 9));
    }

    @Test
    void aListStopsAtItsFirstErrorAndSaysWhere() {
        for (int i = 0; i < 4; i++) {
            rig.putInt64(ARGS + i * 16, rig.mfn(PAGE) << 12 | i * 8L | (i == 2 ? 4 : 0));
            rig.putInt64(ARGS + i * 16 + 8, 0x1111 + i);
        }
        assertEquals(-Errno.ENOSYS, rig.call(MMU_UPDATE, ARGS, 4, ARGS + 0x100, SELF));
        assertEquals(2, rig.int32(ARGS + 0x100));
        assertEquals(0x1112, rig.pte(PAGE, 1));
        assertEquals(0, rig.pte(PAGE, 3));
        assertEquals(0, rig.call(MMU_UPDATE, 0, 0, 0, SELF), "none at all");
        assertEquals(-Errno.EPERM, rig.call(MMU_UPDATE, ARGS, 1, 0, 5));
    }

    @Test
    void aGrantedFrameWrittenByOthersIsNoTable() {
        makeReadOnly(PAGE);
        frames.setOwnerFlag(rig.mfn(PAGE), io.xenolith.shm.hv.FrameRecord.FLAG_GRANTED);
        rig.services.pinnedForWrite.add(rig.mfn(PAGE));
        assertEquals(-Errno.EBUSY, ext(0, rig.mfn(PAGE), 0));
        rig.services.pinnedForWrite.clear();
        assertEquals(0, ext(0, rig.mfn(PAGE), 0));
        assertEquals(0, ext(4, rig.mfn(PAGE), 0));
    }

    @Test
    void grantedFramesAreMappedWithoutCounts() {
        final long foreign = rig.machineFrames() - 2;
        assertEquals(0, rig.vcpu.frames().mapGranted(PAGE * 4096L, false, foreign, true, false, 0));
        assertEquals(foreign, Pte.mfn(rig.pte(L1_PFN, PAGE)));
        assertEquals(-Errno.EINVAL, map(0x73 * 4096L, rig.pte(L1_PFN, PAGE), 0), "the guest cannot copy the entry");
        assertEquals(-Errno.EINVAL, rig.vcpu.frames().unmapGranted(PAGE * 4096L, false, foreign, false, 0));
        assertEquals(0, rig.vcpu.frames().unmapGranted(PAGE * 4096L, false, foreign, true, 0));
        assertEquals(0, rig.pte(L1_PFN, PAGE));
    }

    @Test
    void descriptorPagesLoseTheHypervisorsPrivilege() {
        rig.putInt64(PAGE * 4096L + 8, 0x00cf_9b00_0000_ffffL);
        makeReadOnly(PAGE);
        rig.putInt32(ARGS, (int)rig.mfn(PAGE));
        assertEquals(-Errno.EINVAL, rig.call(SET_GDT, ARGS, 7169));
        assertEquals(0, rig.call(SET_GDT, ARGS, 16));
        assertEquals(0x00cf_bb00_0000_ffffL, rig.vcpu.environment().readDescriptor(rig.vcpu.cpu(), 8), "ring 1 now");
        final long at = rig.mfn(PAGE) << 12 | 16;
        assertEquals(-Errno.EINVAL, updateDescriptor(at, 0x0000_8900_0000_0067L), "no task states");
        assertEquals(-Errno.EINVAL, updateDescriptor(at + 4, 0));
        assertEquals(0, updateDescriptor(at, 0x0000_ec00_e019_1234L), "a call gate is kept, made to fault");
        assertEquals(0x0000_8c00_e01b_1234L, rig.vcpu.environment().readDescriptor(rig.vcpu.cpu(), 16));
        assertEquals(-Errno.EINVAL, remap(PAGE, Pte.P | Pte.RW));
        assertEquals(0, rig.call(SET_GDT, ARGS, 0));
        assertEquals(0, remap(PAGE, Pte.P | Pte.RW));
    }

    private long updateDescriptor(final long at, final long d) {
        return rig.call(UPDATE_DESCRIPTOR, at & 0xffff_ffffL, at >>> 32, d & 0xffff_ffffL, d >>> 32);
    }

    @Test
    void memoryIsGivenAwayAndTaken() {
        final long mfn = rig.mfn(PAGE);
        assertEquals(0, reservation(1, mfn), "still mapped");
        assertEquals(0, map(PAGE * 4096L, 0, 0));
        assertEquals(1, reservation(1, mfn));
        assertEquals(MachineToPhys.INVALID, rig.domain.m2p().get(mfn));
        assertEquals(-Errno.EINVAL, map(PAGE * 4096L, Pte.of(mfn, Pte.P), 0), "not ours any more");
        assertEquals(PvTestRig.PAGES - 1, rig.call(MEMORY_OP, 3, selfAt()));
        assertEquals(1, reservation(6, PAGE));
        final long fresh = rig.int32(ARGS + 0x40) & 0xffff_ffffL;
        assertEquals(PAGE, rig.domain.m2p().get(fresh));
        assertEquals(0, map(PAGE * 4096L, Pte.of(fresh, Pte.P | Pte.RW), 0));
        assertEquals(PvTestRig.PAGES, rig.call(MEMORY_OP, 3, selfAt()));
        assertEquals(PvTestRig.PAGES + 64, rig.call(MEMORY_OP, 4, selfAt()));
    }

    private long selfAt() {
        rig.putInt32(ARGS, 0x7ff0);
        return ARGS;
    }

    private long reservation(final int operation, final long extent) {
        rig.putInt32(ARGS, (int)ARGS + 0x40);
        rig.putInt32(ARGS + 4, 1);
        rig.putInt32(ARGS + 8, 0);
        rig.putInt32(ARGS + 12, 0);
        rig.putInt32(ARGS + 16, 0x7ff0);
        rig.putInt32(ARGS + 0x40, (int)extent);
        return rig.call(MEMORY_OP, operation, ARGS);
    }

    @Test
    void theReservationHasALimit() {
        long taken = 0;
        while (reservation(0, 0) == 1) {
            taken++;
        }
        assertEquals(64, taken);
    }

    @Test
    void framesAreExchangedForAContiguousRun() {
        for (int i = 0; i < 4; i++) {
            assertEquals(0, map((PAGE + i) * 4096L, 0, 0));
            rig.putInt32(ARGS + 0x80 + i * 4, (int)rig.mfn(PAGE + i));
        }
        final int[] words = {(int)ARGS + 0x80, 4, 0, 0, 0x7ff0, (int)ARGS + 0xc0, 1, 2, 0, 0x7ff0, 0};
        for (int i = 0; i < words.length; i++) {
            rig.putInt32(ARGS + i * 4, words[i]);
        }
        rig.putInt32(ARGS + 0xc0, PAGE);
        assertEquals(0, rig.call(MEMORY_OP, 11, ARGS));
        assertEquals(4, rig.int32(ARGS + 40));
        final long first = rig.int32(ARGS + 0xc0) & 0xffff_ffffL;
        for (int i = 0; i < 4; i++) {
            assertEquals(PAGE + i, rig.domain.m2p().get(first + i));
            assertEquals(MachineToPhys.INVALID, rig.domain.m2p().get(rig.mfn(PAGE + i)));
        }
        assertEquals(PvTestRig.PAGES, rig.call(MEMORY_OP, 3, selfAt()));
        rig.putInt32(ARGS + 28, 12);
        rig.putInt32(ARGS, (int)ARGS + 0x80);
        assertNotEquals(0, rig.call(MEMORY_OP, 11, ARGS));
    }

    @Test
    void framesAreClearedAndCopied() {
        rig.putInt32(PAGE * 4096L, 7);
        assertEquals(0, ext(17, rig.mfn(TABLE), rig.mfn(PAGE)));
        assertEquals(7, rig.int32(TABLE * 4096L));
        assertEquals(0, ext(16, rig.mfn(TABLE), 0));
        assertEquals(0, rig.int32(TABLE * 4096L));
        assertEquals(-Errno.EINVAL, ext(16, rig.mfn(L1_PFN), 0));
        assertEquals(-Errno.EINVAL, ext(17, rig.mfn(TABLE), 512));
    }
}
