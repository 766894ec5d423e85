package io.xenolith.guests;

import static io.xenolith.guests.Kernel.PTE_A;
import static io.xenolith.guests.Kernel.PTE_D;
import static io.xenolith.guests.Kernel.PTE_P;
import static io.xenolith.guests.Kernel.PTE_RW;
import static io.xenolith.guests.Kernel.VIRT_BASE;
import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.Errno;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.MmuextOp;
import io.xenolith.shm.abi.StartInfo;
import io.xenolith.shm.abi.UvmFlags;
import io.xenolith.shm.abi.VmAssist;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * PAE page tables under direct paging: the guest reads its tables where the builder mapped them, and every change is
 * the hypervisor's, asked for by hypercall or, with the writable-page-tables assist, by a plain store.
 */
final class PageTables {
    private static final int PATTERN_A = 0x5AFE0001;
    private static final int PATTERN_B = 0x5AFE0002;

    private final Kernel k;
    private final Label window;
    private final Label pageA;
    private final Label pageB;
    private final Label refused;

    PageTables(final Kernel k) {
        this.k = k;
        this.window = k.page("window");
        this.pageA = k.page("pageA");
        this.pageB = k.page("pageB");
        this.refused = k.variable("refused", 4);
    }

    /** The routines alone. */
    void emitRoutines() {
        frameOf();
        mapFrame();
        entryOf();
    }

    /** Routines and part. */
    void emit(final Label part) {
        emitRoutines();
        k.part(part, this::body);
    }

    private void frameOf() {
        k.function(k.frameOf, () -> {
            k.sub(EAX, VIRT_BASE);
            k.shr(EAX, 12);
            k.mov(EDX, at(k.p2m));
            k.mov(EAX, mem(EDX, EAX, 4, 0));
        });
    }

    private void mapFrame() {
        k.function(k.mapFrame, () -> {
            k.mov(EBX, EAX);
            k.mov(EAX, EDX);
            k.shl(EAX, 12);
            k.or(EAX, ECX);
            k.shr(EDX, 20);
            k.mov(ECX, EAX);
            k.hypercall(Hypercall.UPDATE_VA_MAPPING, EBX, ECX, EDX, UvmFlags.INVLPG);
        });
    }

    /** Walks from the pointer table at pt_base; frames of tables become virtual addresses through the m2p table. */
    private void entryOf() {
        k.function(k.entryOf, () -> {
            k.mov(EBX, EAX);
            k.startInfo(ECX, StartInfo.X32.ptBase);
            k.shr(EAX, 30);
            k.lea(ECX, mem(ECX, EAX, 8, 0));
            tableBehind();
            k.mov(EAX, EBX);
            k.shr(EAX, 21);
            k.and(EAX, 511);
            k.lea(ECX, mem(ECX, EAX, 8, 0));
            tableBehind();
            k.mov(EAX, EBX);
            k.shr(EAX, 12);
            k.and(EAX, 511);
            k.lea(EAX, mem(ECX, EAX, 8, 0));
        });
    }

    /** ECX: from the address of an entry to the address of the table it points to. */
    private void tableBehind() {
        k.mov(EAX, mem(ECX));
        k.mov(EDX, mem(ECX, 4));
        k.shrd(EAX, EDX, 12);
        k.mov(ECX, mem(null, EAX, 4, Kernel.M2P));
        k.shl(ECX, 12);
        k.add(ECX, VIRT_BASE);
    }

    private void body() {
        mapByHypercall();
        refuseWritableTable();
        storeIntoTable();
        k.say("     page tables: window moved by hypercall and by a store, writable table refused with -");
        k.mov(EAX, at(refused));
        k.neg(EAX);
        k.call(k.putDecimal);
        k.say("\n");
    }

    /** The window page shows page A after a hypercall. */
    private void mapByHypercall() {
        k.mov(at(pageA).dword(), PATTERN_A);
        k.mov(at(pageB).dword(), PATTERN_B);
        map(window, pageA, PTE_P | PTE_RW | PTE_A | PTE_D);
        k.checkResult(0);
        k.cmp(at(window).dword(), PATTERN_A);
        k.check(Cond.E);
        k.mov(at(window, 4).dword(), PATTERN_B);
        k.cmp(at(pageA, 4).dword(), PATTERN_B);
        k.check(Cond.E);
    }

    /** The table that maps the window must not become writable itself. */
    private void refuseWritableTable() {
        k.mov(EAX, window);
        k.call(k.entryOf);
        k.and(EAX, -Kernel.PAGE);
        k.mov(ESI, EAX);
        k.call(k.frameOf);
        k.mov(EDX, EAX);
        k.mov(EAX, ESI);
        k.mov(ECX, PTE_P | PTE_RW | PTE_A | PTE_D);
        k.call(k.mapFrame);
        k.mov(at(refused), EAX);
        k.checkResult(-Errno.EINVAL);
    }

    /** With the assist, a store to the entry is validated and done by the hypervisor. */
    private void storeIntoTable() {
        k.hypercall(Hypercall.VM_ASSIST, VmAssist.CMD_ENABLE, VmAssist.WRITABLE_PAGETABLES);
        k.checkResult(0);
        k.mov(EAX, pageB);
        k.call(k.frameOf);
        k.mov(ESI, EAX);
        k.mov(EAX, window);
        k.call(k.entryOf);
        k.mov(EDX, ESI);
        k.shl(EDX, 12);
        k.or(EDX, PTE_P | PTE_RW | PTE_A | PTE_D);
        k.shr(ESI, 20);
        // as kernels do: not present while the halves do not fit
        k.mov(mem(EAX).dword(), 0);
        k.mov(mem(EAX, 4), ESI);
        k.mov(mem(EAX), EDX);
        k.mov(EBP, window);
        k.mmuext(MmuextOp.INVLPG_LOCAL, EBP);
        k.checkResult(0);
        k.cmp(at(window).dword(), PATTERN_B);
        k.check(Cond.E);
    }

    private void map(final Label at, final Label page, final int flags) {
        k.mov(EAX, page);
        k.call(k.frameOf);
        k.mov(EDX, EAX);
        k.mov(EAX, at);
        k.mov(ECX, flags);
        k.call(k.mapFrame);
    }
}
