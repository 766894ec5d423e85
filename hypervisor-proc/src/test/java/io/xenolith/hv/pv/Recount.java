package io.xenolith.hv.pv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.xenolith.hv.frames.FrameTable;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.mm.AddressSpace;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.Arrays;

/**
 * The model that the hostile tests compare with: counts every reference that the rig's domain can have, from the page tables
 * and the vCPU record, without using any code of the frame table beyond reading its words.
 */
final class Recount {
    private final PvTestRig rig;
    private final FrameTable frames;
    private final PagingMode mode;
    private final int[] references;
    private final int[] types;

    Recount(final PvTestRig rig) {
        this.rig = rig;
        this.frames = rig.domain.frames();
        this.mode = rig.domain.mode();
        references = new int[(int)frames.frames()];
        types = new int[(int)frames.frames()];
    }

    private boolean isTable(final long mfn) {
        final long word = frames.typeWord(mfn);
        return rig.owns(mfn) && FrameType.count(word) > 0 && FrameType.isTable(FrameType.type(word));
    }

    /** Recounts and compares; {@code context} goes into the message. */
    void check(final String context) {
        Arrays.fill(references, 0);
        Arrays.fill(types, 0);
        for (long mfn = 1; mfn < frames.frames(); mfn++) {
            if (isTable(mfn)) {
                countTable(mfn, context);
            }
            if (rig.owns(mfn) && FrameType.pinned(frames.typeWord(mfn))) {
                add(mfn);
            }
        }
        countVcpu();
        types[(int)rig.sharedInfoMfn()]++; // the hypervisor's own use
        for (long mfn = 1; mfn < frames.frames(); mfn++) {
            if (rig.owns(mfn)) {
                compare(mfn, context);
            }
        }
    }

    private void add(final long mfn) {
        references[(int)mfn]++;
        types[(int)mfn]++;
    }

    private void countVcpu() {
        final long record = rig.vcpu.record();
        final long root = Raw.getLong(record + VcpuRecord.KERNEL_TABLE_MFN);
        final long user = Raw.getLong(record + VcpuRecord.USER_TABLE_MFN);
        if (root != 0) {
            add(root);
        }
        if (user != 0) {
            add(user);
        }
        final int entries = Raw.getInt(record + VcpuRecord.GDT_ENTRIES);
        for (int i = 0; i * 512 < entries; i++) {
            add(Raw.getLong(record + VcpuRecord.GDT_FRAMES + i * 8L));
        }
        final AddressSpace space = rig.vcpu.space();
        for (int i = 0; i < 16; i++) {
            if (space.ldtPageInUse(i) != 0) {
                add(space.ldtPageInUse(i));
            }
        }
    }

    private void countTable(final long table, final String context) {
        final int type = frames.type(table);
        final int level = FrameType.levelOf(type);
        for (int slot = 0; slot < mode.entries(level); slot++) {
            final long pte = Raw.getLong(rig.machine.memory().addressOf(table) + slot * 8L);
            if (mode.isHypervisorSlot(type, slot) || !Pte.present(pte)) {
                continue;
            }
            final long mfn = Pte.mfn(pte);
            if (!frames.contains(mfn) || !rig.owns(mfn)) {
                fail(context + ": table " + table + " slot " + slot + " points outside the domain: "
                    + Long.toHexString(pte));
            }
            assertEquals(0, pte & mode.refusedBits(level), () -> context + ": refused bits in " + Long.toHexString(pte));
            references[(int)mfn]++;
            if (level == 1) {
                countMapping(table, mfn, pte, context);
            }
            else if (mfn != table) {
                types[(int)mfn]++;
            }
        }
    }

    private void countMapping(final long table, final long mfn, final long pte, final String context) {
        if ((pte & Pte.RW) != 0) {
            types[(int)mfn]++;
            assertEquals(FrameType.WRITABLE, frames.type(mfn),
                () -> context + ": table " + table + " maps frame " + mfn + " writable");
        }
    }

    private void compare(final long mfn, final String context) {
        final long word = frames.typeWord(mfn);
        if (frames.references(mfn) != references[(int)mfn] || FrameType.count(word) != types[(int)mfn]) {
            fail(context + ": frame " + mfn + " " + FrameType.nameOf(FrameType.type(word)) + ": refs="
                + frames.references(mfn) + " counted=" + references[(int)mfn] + ", type count="
                + FrameType.count(word) + " counted=" + types[(int)mfn]);
        }
        assertTrue(FrameType.count(word) == 0 || FrameType.validated(word), () -> context + ": not validated: " + mfn);
        assertEquals(0, Raw.getLong(rig.machine.hv().frame(mfn) + FrameRecord.BUSY), () -> context + ": locked: " + mfn);
    }

    /** Fails when a value stands in any table or descriptor page of the domain. */
    void checkNotInTables(final long value, final String context) {
        for (long mfn = 1; mfn < frames.frames(); mfn++) {
            final long word = rig.owns(mfn) ? frames.typeWord(mfn) : 0;
            if (FrameType.count(word) == 0 || FrameType.type(word) == FrameType.WRITABLE) {
                continue;
            }
            final long host = rig.machine.memory().addressOf(mfn);
            for (int i = 0; i < 4096; i += 8) {
                if (Raw.getLong(host + i) == value) {
                    fail(context + ": the guest wrote into frame " + mfn + ", a "
                        + FrameType.nameOf(FrameType.type(word)));
                }
            }
        }
    }
}
