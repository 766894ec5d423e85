package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.GrantEntryV1;
import io.xenolith.shm.abi.GrantTableOp;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/** The grant table, version 1: its first frame mapped, entries given to dom0 and taken back. */
final class Grants {
    /** Reference of the block ring; the data pages follow. */
    static final int BLOCK_RING = 8;

    private final Kernel k;
    private final Label table;
    private final Label argument;
    private final Label frame;

    Grants(final Kernel k) {
        this.k = k;
        table = k.page("grantTable");
        argument = k.variable("setupTable", GrantTableOp.SetupTable.X32.length);
        frame = k.variable("grantFrame", 8);
    }

    void emit(final Label part) {
        final GrantTableOp.SetupTable s = GrantTableOp.SetupTable.X32;
        k.part(part, () -> {
            k.mov(at(argument, s.dom).word(), Kernel.DOMID_SELF);
            k.mov(at(argument, s.nrFrames).dword(), 1);
            k.mov(at(argument, s.frameList).dword(), frame);
            k.hypercall(Hypercall.GRANT_TABLE_OP, GrantTableOp.SETUP_TABLE, argument, 1);
            k.checkResult(0);
            k.movsx(EAX, at(argument, s.status).word());
            k.checkResult(0);
            k.mov(EAX, table);
            k.mov(EDX, at(frame));
            k.mov(ECX, Kernel.PTE_P | Kernel.PTE_RW | Kernel.PTE_A | Kernel.PTE_D);
            k.call(k.mapFrame);
            k.checkResult(0);
            // the builder has given dom0 the console and xenstore rings
            k.test(at(table, GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_PERMIT_ACCESS);
            k.check(Cond.NZ);
            k.test(at(table, GrantEntryV1.LENGTH + GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_PERMIT_ACCESS);
            k.check(Cond.NZ);
            k.say("     grants: table at machine frame ");
            k.sayHex(at(frame));
            k.say(", console and xenstore granted\n");
        });
    }

    /** Gives dom0 access to the page at the address in EAX. EAX, ECX, EDX lost. */
    void give(final int reference) {
        final long entry = (long) reference * GrantEntryV1.LENGTH;
        k.call(k.frameOf);
        k.mov(at(table, entry + GrantEntryV1.FRAME), EAX);
        k.mov(at(table, entry + GrantEntryV1.DOMID).word(), 0);
        // last, so that the entry is whole when it becomes valid
        k.mov(at(table, entry + GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_PERMIT_ACCESS);
    }

    /** Gives dom0 access to pages in a row, under references in a row. All registers but EBP and ESP lost. */
    void giveAll(final int first, final Label pages, final int count) {
        final Label next = k.label();
        k.mov(EBX, table);
        k.add(EBX, (long) first * GrantEntryV1.LENGTH);
        k.mov(ESI, pages);
        k.mov(EDI, count);
        k.bind(next);
        k.mov(EAX, ESI);
        k.call(k.frameOf);
        k.mov(mem(EBX, GrantEntryV1.FRAME), EAX);
        k.mov(mem(EBX, GrantEntryV1.DOMID).word(), 0);
        k.mov(mem(EBX, GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_PERMIT_ACCESS);
        k.add(EBX, GrantEntryV1.LENGTH);
        k.add(ESI, Kernel.PAGE);
        k.dec(EDI);
        k.jcc(Cond.NZ, next);
    }

    /** Gives the domain whose number the label holds access to the page at the address in EAX. EAX, ECX, EDX lost. */
    void give(final int reference, final Label domid) {
        final long entry = (long) reference * GrantEntryV1.LENGTH;
        k.call(k.frameOf);
        k.mov(at(table, entry + GrantEntryV1.FRAME), EAX);
        k.mov(EAX, at(domid));
        k.mov(at(table, entry + GrantEntryV1.DOMID), AX);
        k.mov(at(table, entry + GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_PERMIT_ACCESS);
    }

    /** Waits for a frame from the domain whose number the label holds. EAX lost. */
    void accept(final int reference, final Label domid) {
        final long entry = (long) reference * GrantEntryV1.LENGTH;
        k.mov(at(table, entry + GrantEntryV1.FRAME).dword(), 0);
        k.mov(EAX, at(domid));
        k.mov(at(table, entry + GrantEntryV1.DOMID), AX);
        k.mov(at(table, entry + GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_ACCEPT_TRANSFER);
    }

    /** Checks that a frame has come, and notes it. EAX lost. */
    void checkAccepted(final int reference, final Label frame) {
        final long entry = (long) reference * GrantEntryV1.LENGTH;
        k.test(at(table, entry + GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_TRANSFER_COMPLETED);
        k.check(Cond.NZ);
        k.mov(EAX, at(table, entry + GrantEntryV1.FRAME));
        k.mov(at(frame), EAX);
        k.mov(at(table, entry + GrantEntryV1.FLAGS).word(), 0);
    }

    /** Makes the table two frames large. */
    void emitGrow() {
        final GrantTableOp.SetupTable s = GrantTableOp.SetupTable.X32;
        k.mov(at(argument, s.dom).word(), Kernel.DOMID_SELF);
        k.mov(at(argument, s.nrFrames).dword(), 2);
        k.mov(at(argument, s.frameList).dword(), frame);
        k.hypercall(Hypercall.GRANT_TABLE_OP, GrantTableOp.SETUP_TABLE, argument, 1);
        k.checkResult(0);
        k.movsx(EAX, at(argument, s.status).word());
        k.checkResult(0);
    }

    /** Checks that nobody holds the page any more. */
    void checkReleased(final int reference) {
        final long entry = (long) reference * GrantEntryV1.LENGTH;
        k.test(at(table, entry + GrantEntryV1.FLAGS).word(), GrantEntryV1.GTF_READING | GrantEntryV1.GTF_WRITING);
        k.check(Cond.Z);
    }
}
