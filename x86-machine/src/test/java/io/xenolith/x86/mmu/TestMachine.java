package io.xenolith.x86.mmu;

import io.xenolith.shm.Raw;
import io.xenolith.shm.PrivateMemory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A memory unit with private memory, a recording client, and helpers that build page tables. */
final class TestMachine implements MmuClient {
    static final long PG = 1L << 31;
    static final long WP = 1L << 16;
    static final long PE = 1;
    static final long PSE = 1 << 4;
    static final long PAE = 1 << 5;
    static final long PGE = 1 << 7;
    static final long LMA = 1 << 10;
    static final long NXE = 1 << 11;

    /** A fault, as a value that tests can compare. */
    static final class Fault extends RuntimeException {
        private static final long serialVersionUID = 1L;
        final long address;
        final int code;

        Fault(final long address, final int code) {
            super("#PF address=" + Long.toHexString(address) + " code=" + code);
            this.address = address;
            this.code = code;
        }
    }

    final PrivateMemory memory;
    final Mmu mmu;
    final Set<Long> code = new HashSet<>();
    final List<String> codeStores = new ArrayList<>();
    int hits;

    TestMachine(final int frames) {
        memory = new PrivateMemory(frames);
        mmu = new Mmu(memory, this);
    }

    @Override
    public RuntimeException pageFault(final long linear, final int errorCode) {
        return new Fault(linear, errorCode);
    }

    @Override
    public boolean holdsCode(final long mfn) {
        return code.contains(mfn);
    }

    @Override
    public void storingToCode(final long mfn, final int offset, final int size) {
        codeStores.add(mfn + ":" + offset + ":" + size);
    }

    @Override
    public void dataBreakpoint(final int bits) {
        hits |= bits;
    }

    int get32(final long physical) {
        return Raw.getInt(memory.addressOf(physical >>> 12) + (physical & 0xFFF));
    }

    long get64(final long physical) {
        return Raw.getLong(memory.addressOf(physical >>> 12) + (physical & 0xFFF));
    }

    void put32(final long physical, final long value) {
        Raw.putInt(memory.addressOf(physical >>> 12) + (physical & 0xFFF), (int) value);
    }

    void put64(final long physical, final long value) {
        Raw.putLong(memory.addressOf(physical >>> 12) + (physical & 0xFFF), value);
    }

    void control(final long cr0, final long cr4, final long efer) {
        if (!mmu.setControl(cr0, cr4, efer)) {
            throw new AssertionError("setControl refused");
        }
    }

    void cr3(final long value) {
        if (!mmu.loadCr3(value)) {
            throw new AssertionError("loadCr3 refused");
        }
    }

    /** Two levels: directory in frame 1, one table in frame 2 for the first 4 MiB. */
    void legacy() {
        put32(0x1000, 0x2007);
        cr3(0x1000);
        control(PG | PE | WP, 0, 0);
    }

    /** PAE: pointers at 0x1000, directory in frame 2, table in frame 3 for the first 2 MiB. */
    void pae(final long efer) {
        control(0, 0, 0);
        put64(0x1000, 0x2001);
        put64(0x2000, 0x3007);
        cr3(0x1000);
        control(PG | PE | WP, PAE, efer);
    }

    /** Four levels: frames 1, 2, 3, 4 for the first 2 MiB. */
    void fourLevel(final long efer) {
        control(0, 0, 0);
        put64(0x1000, 0x2007);
        put64(0x2000, 0x3007);
        put64(0x3000, 0x4007);
        cr3(0x1000);
        control(PG | PE | WP, PAE, efer | LMA);
    }
}
