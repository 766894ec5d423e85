package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.EventChannelOp;
import io.xenolith.shm.abi.FifoControlBlock;
import io.xenolith.shm.abi.GrantEntryV1;
import io.xenolith.shm.abi.GrantTableOp;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.MemoryOp;
import io.xenolith.shm.abi.MmuUpdate;
import io.xenolith.shm.abi.UvmFlags;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * What most kernels never do, for tests that want every path of the hypervisor walked: frames given back, taken and sent
 * through the grant table, grants mapped and copied, a larger grant table, a disk read over code, a xenstore request in
 * two pieces; and event queues (FIFO), after which the domain can do nothing but end.
 */
final class Drill {
    private static final int FLAGS = Kernel.PTE_P | Kernel.PTE_RW | Kernel.PTE_A | Kernel.PTE_D;
    private static final int TRANSFER_REFERENCE = 40;
    private static final int OWN_REFERENCE = 41;
    private static final int PATTERN = 0x5AFE0D11;
    private static final int COPIED = 64;

    private final Kernel k;
    private final Xenstore store;
    private final Grants grants;
    private final BlockDevice disk;
    private final Label given;
    private final Label sent;
    private final Label granted;
    private final Label mapping;
    private final Label control;
    private final Label array;
    private final Label domid;
    private final Label frame;
    private final Label argument;
    private final Label portA;
    private final Label portB;
    private final Label portC;

    Drill(final Kernel k, final Xenstore store, final Grants grants, final BlockDevice disk) {
        this.k = k;
        this.store = store;
        this.grants = grants;
        this.disk = disk;
        given = k.page("drillGiven");
        sent = k.page("drillSent");
        granted = k.page("drillGranted");
        mapping = k.page("drillMapping");
        control = k.page("drillControl");
        array = k.page("drillArray");
        domid = k.variable("drillDomid", 4);
        frame = k.variable("drillFrame", 8);
        argument = k.variable("drillArgument", 64);
        portA = k.variable("drillPortA", 4);
        portB = k.variable("drillPortB", 4);
        portC = k.variable("drillPortC", 4);
    }

    void emit(final Label memory, final Label itself, final Label pieces) {
        k.part(memory, () -> {
            store.read("domid");
            store.parseReply();
            k.mov(at(domid), EAX);
            giveBack();
            send();
            take();
            k.say("     drill: a frame given back, one sent to itself, one taken\n");
        });
        k.part(itself, () -> {
            mapOwn();
            copyOwn();
            grants.emitGrow();
            k.say("     drill: own grant mapped and copied, grant table grown\n");
        });
        k.part(pieces, () -> {
            store.emitReadInPieces("domid");
            k.test(EAX, EAX);
            k.check(Cond.G);
            disk.emitReadOverCode();
            k.say("     drill: a request in two pieces, a disk read over code\n");
        });
    }

    // ---- frames ----

    private void unmap(final Label page) {
        k.hypercall(Hypercall.UPDATE_VA_MAPPING, page, 0, 0, UvmFlags.INVLPG);
        k.checkResult(0);
    }

    private void frameOf(final Label page) {
        k.mov(EAX, page);
        k.call(k.frameOf);
        k.mov(at(frame), EAX);
    }

    /** Maps {@link #frame} at a page and makes it the page's own. */
    private void adopt(final Label page) {
        pseudoPhysical(page);
        k.mov(EDX, at(k.p2m));
        k.mov(ECX, at(frame));
        k.mov(mem(EDX, EAX, 4, 0), ECX);
        k.mov(at(argument, MmuUpdate.VAL), EAX);
        k.mov(at(argument, MmuUpdate.VAL + 4).dword(), 0);
        k.mov(EAX, at(frame));
        k.mov(EDX, EAX);
        k.shl(EAX, 12);
        k.or(EAX, MmuUpdate.MACHPHYS);
        k.shr(EDX, 20);
        k.mov(at(argument, MmuUpdate.PTR), EAX);
        k.mov(at(argument, MmuUpdate.PTR + 4), EDX);
        k.hypercall(Hypercall.MMU_UPDATE, argument, 1, 0, Kernel.DOMID_SELF);
        k.checkResult(0);
        k.mov(EAX, page);
        k.mov(EDX, at(frame));
        k.mov(ECX, FLAGS);
        k.call(k.mapFrame);
        k.checkResult(0);
        k.mov(at(page).dword(), PATTERN);
        k.cmp(at(page).dword(), PATTERN);
        k.check(Cond.E);
    }

    private void pseudoPhysical(final Label page) {
        k.mov(EAX, page);
        k.sub(EAX, Kernel.VIRT_BASE);
        k.shr(EAX, 12);
    }

    private void reservation(final int operation) {
        final MemoryOp.Reservation r = MemoryOp.Reservation.X32;
        k.mov(at(argument, r.extentStart).dword(), frame);
        k.mov(at(argument, r.nrExtents).dword(), 1);
        k.mov(at(argument, r.extentOrder).dword(), 0);
        k.mov(at(argument, r.memFlags).dword(), 0);
        k.mov(at(argument, r.domid).word(), Kernel.DOMID_SELF);
        k.hypercall(Hypercall.MEMORY_OP, operation, argument);
        k.checkResult(1);
    }

    private void giveBack() {
        frameOf(given);
        unmap(given);
        reservation(MemoryOp.DECREASE_RESERVATION);
    }

    /** To ourselves: the frame leaves and comes back through an entry of our own table. */
    private void send() {
        final GrantTableOp.Transfer t = GrantTableOp.Transfer.X32;
        frameOf(sent);
        unmap(sent);
        grants.accept(TRANSFER_REFERENCE, domid);
        k.mov(EAX, at(frame));
        k.mov(at(argument, t.mfn), EAX);
        k.mov(EAX, at(domid));
        k.mov(at(argument, t.domid), AX);
        k.mov(at(argument, t.ref).dword(), TRANSFER_REFERENCE);
        k.hypercall(Hypercall.GRANT_TABLE_OP, GrantTableOp.TRANSFER, argument, 1);
        k.checkResult(0);
        k.movsx(EAX, at(argument, t.status).word());
        k.checkResult(0);
        grants.checkAccepted(TRANSFER_REFERENCE, frame);
        adopt(sent);
    }

    private void take() {
        pseudoPhysical(given);
        k.mov(at(frame), EAX);
        reservation(MemoryOp.POPULATE_PHYSMAP);
        adopt(given);
    }

    // ---- grants to ourselves ----

    private void mapOwn() {
        k.mov(at(granted).dword(), PATTERN);
        k.mov(EAX, granted);
        grants.give(OWN_REFERENCE, domid);
        frameOf(mapping);
        unmap(mapping);
        k.mov(at(argument, GrantTableOp.MapGrantRef.HOST_ADDR).dword(), mapping);
        k.mov(at(argument, GrantTableOp.MapGrantRef.HOST_ADDR + 4).dword(), 0);
        k.mov(at(argument, GrantTableOp.MapGrantRef.FLAGS).dword(), GrantTableOp.MAP_HOST);
        k.mov(at(argument, GrantTableOp.MapGrantRef.REF).dword(), OWN_REFERENCE);
        k.mov(EAX, at(domid));
        k.mov(at(argument, GrantTableOp.MapGrantRef.DOM), AX);
        k.hypercall(Hypercall.GRANT_TABLE_OP, GrantTableOp.MAP_GRANT_REF, argument, 1);
        k.checkResult(0);
        k.movsx(EAX, at(argument, GrantTableOp.MapGrantRef.STATUS).word());
        k.checkResult(0);
        k.cmp(at(mapping).dword(), PATTERN);
        k.check(Cond.E);
        k.mov(EAX, at(argument, GrantTableOp.MapGrantRef.HANDLE));
        k.mov(at(argument, GrantTableOp.UnmapGrantRef.HANDLE), EAX);
        k.mov(at(argument, GrantTableOp.UnmapGrantRef.DEV_BUS_ADDR).dword(), 0);
        k.mov(at(argument, GrantTableOp.UnmapGrantRef.DEV_BUS_ADDR + 4).dword(), 0);
        k.hypercall(Hypercall.GRANT_TABLE_OP, GrantTableOp.UNMAP_GRANT_REF, argument, 1);
        k.checkResult(0);
        k.movsx(EAX, at(argument, GrantTableOp.UnmapGrantRef.STATUS).word());
        k.checkResult(0);
        adopt(mapping);
    }

    private void copyOwn() {
        final GrantTableOp.Copy c = GrantTableOp.Copy.X32;
        k.mov(at(mapping).dword(), 0);
        k.mov(at(argument, c.sourceRef).dword(), OWN_REFERENCE);
        k.mov(EAX, at(domid));
        k.mov(at(argument, c.sourceDomid), AX);
        k.mov(at(argument, c.sourceOffset).word(), 0);
        k.mov(EAX, at(frame));
        k.mov(at(argument, c.destGmfn), EAX);
        k.mov(at(argument, c.destDomid).word(), Kernel.DOMID_SELF);
        k.mov(at(argument, c.destOffset).word(), 0);
        k.mov(at(argument, c.len).word(), COPIED);
        k.mov(at(argument, c.flags).word(), GrantTableOp.COPY_SOURCE_GREF);
        k.hypercall(Hypercall.GRANT_TABLE_OP, GrantTableOp.COPY, argument, 1);
        k.checkResult(0);
        k.movsx(EAX, at(argument, c.status).word());
        k.checkResult(0);
        k.cmp(at(mapping).dword(), PATTERN);
        k.check(Cond.E);
        grants.checkReleased(OWN_REFERENCE);
    }

    // ---- event queues ----

    /** A part of its own: from here on no event reaches the handlers of the other parts. */
    void emitQueues(final Label part) {
        k.part(part, () -> {
            loop();
            interProcessor();
            queues();
            operate(EventChannelOp.SET_PRIORITY, portB, FifoControlBlock.PRIORITY_MIN);
            operate(EventChannelOp.BIND_VCPU, portA, 0);
            unmask(portA);
            unmask(portC);
            sendAndExpect(portB, portA);
            sendAndExpect(portC, portC);
            linked();
            k.say("     events: queued, one behind the other\n");
        });
    }

    private void operate(final int operation, final Label port, final int second) {
        k.mov(EAX, at(port));
        k.mov(at(argument), EAX);
        k.mov(at(argument, 4).dword(), second);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, operation, argument);
        k.checkResult(0);
    }

    /** portA unbound for ourselves, portB bound to it. */
    private void loop() {
        k.mov(at(argument, EventChannelOp.AllocUnbound.DOM).word(), Kernel.DOMID_SELF);
        k.mov(at(argument, EventChannelOp.AllocUnbound.REMOTE_DOM).word(), Kernel.DOMID_SELF);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.ALLOC_UNBOUND, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.AllocUnbound.PORT));
        k.mov(at(portA), EAX);
        k.mov(at(argument, EventChannelOp.BindInterdomain.REMOTE_DOM).word(), Kernel.DOMID_SELF);
        k.mov(at(argument, EventChannelOp.BindInterdomain.REMOTE_PORT), EAX);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.BIND_INTERDOMAIN, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.BindInterdomain.LOCAL_PORT));
        k.mov(at(portB), EAX);
    }

    private void interProcessor() {
        k.mov(at(argument, EventChannelOp.BindIpi.VCPU).dword(), 0);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.BIND_IPI, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.BindIpi.PORT));
        k.mov(at(portC), EAX);
    }

    private void queues() {
        frameOf(control);
        k.mov(at(argument, EventChannelOp.InitControl.CONTROL_GFN), EAX);
        k.mov(at(argument, EventChannelOp.InitControl.CONTROL_GFN + 4).dword(), 0);
        k.mov(at(argument, EventChannelOp.InitControl.OFFSET).dword(), 0);
        k.mov(at(argument, EventChannelOp.InitControl.VCPU).dword(), 0);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.INIT_CONTROL, argument);
        k.checkResult(0);
        frameOf(array);
        k.mov(at(argument, EventChannelOp.ExpandArray.ARRAY_GFN), EAX);
        k.mov(at(argument, EventChannelOp.ExpandArray.ARRAY_GFN + 4).dword(), 0);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.EXPAND_ARRAY, argument);
        k.checkResult(0);
    }

    private void unmask(final Label port) {
        k.mov(EAX, at(port));
        k.mov(at(argument), EAX);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.UNMASK, argument);
        k.checkResult(0);
    }

    private void sendAndExpect(final Label from, final Label to) {
        k.mov(EAX, at(from));
        k.call(k.send);
        k.mov(ECX, at(to));
        k.mov(EAX, at(array, ECX, 4));
        k.bt(EAX, FifoControlBlock.PENDING_BIT);
        k.check(Cond.B);
    }

    /** The word of port A names port C as its successor. */
    private void linked() {
        k.mov(ECX, at(portA));
        k.mov(EAX, at(array, ECX, 4));
        k.and(EAX, (1 << FifoControlBlock.LINK_BITS) - 1);
        k.cmp(EAX, at(portC));
        k.check(Cond.E);
        k.mov(EAX, at(control, FifoControlBlock.HEAD + 4 * FifoControlBlock.PRIORITY_DEFAULT));
        k.cmp(EAX, at(portA));
        k.check(Cond.E);
    }
}
