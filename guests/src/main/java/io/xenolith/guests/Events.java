package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.EventChannelOp;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.SchedOp;
import io.xenolith.shm.abi.SharedInfo;
import io.xenolith.shm.abi.VcpuInfo;
import io.xenolith.shm.abi.VcpuOp;
import io.xenolith.shm.abi.VersionOp;
import io.xenolith.shm.abi.Virq;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * Event channels: the up-call with its pending words, a loop to ourselves, an inter-processor event and the timer.
 * Parts that wait for one device keep the up-call masked and poll its port ({@link Kernel#waitPort}).
 */
final class Events {
    private static final int PORTS = 1024;
    private static final int PENDING = VcpuInfo.X32.upcallPending;
    private static final int MASK = VcpuInfo.X32.upcallMask;
    private static final int SELECTOR = VcpuInfo.X32.pendingSel;
    private static final int TIMER_MS = 50;

    private final Kernel k;
    private final Label upcall;
    private final Label failsafe;
    private final Label counts;
    private final Label argument;
    private final Label poll;
    private final Label pollPort;
    private final Label portA;
    private final Label portB;
    private final Label elapsed;
    private final Label before;
    /** Port of the timer once bound. */
    final Label timerPort;
    /** Deadline for {@link #emitSleep}. */
    final Label deadline;

    Events(final Kernel k) {
        this.k = k;
        upcall = k.label("upcall");
        failsafe = k.label("failsafe");
        counts = k.variable("eventCounts", PORTS * 4);
        argument = k.variable("eventArgument", EventChannelOp.Status.LENGTH);
        poll = k.variable("poll", SchedOp.Poll.X32.length);
        pollPort = k.variable("pollPort", 4);
        portA = k.variable("portA", 4);
        portB = k.variable("portB", 4);
        elapsed = k.variable("elapsed", 4);
        before = k.variable("before", 8);
        timerPort = k.variable("timerPort", 4);
        deadline = k.variable("deadline", 8);
    }

    /** Registers the callbacks. */
    void emitInit() {
        k.hypercall(Hypercall.SET_CALLBACKS, Kernel.KERNEL_CS, upcall, Kernel.KERNEL_CS, failsafe);
    }

    /** The routines alone. */
    void emitRoutines() {
        upcall();
        failsafe();
        send();
        waitPort();
    }

    /** Routines and part. */
    void emit(final Label part) {
        emitRoutines();
        k.part(part, () -> {
            loopback();
            interProcessor();
            timer();
            k.say("     events: loop to ourselves, inter-processor and timer events delivered; slept ");
            k.sayDecimal(at(elapsed));
            k.say(" ms for ");
            k.mov(EAX, TIMER_MS);
            k.call(k.putDecimal);
            k.say("\n");
        });
    }

    /** Entered with events masked; the order is the ABI's: pending byte, selector, words. */
    private void upcall() {
        final Label words = k.label("upcallWords");
        final Label bits = k.label("upcallBits");
        final Label done = k.label("upcallDone");
        k.bind(upcall);
        k.pusha();
        k.cld();
        k.mov(at(k.sharedInfo, PENDING).byte_(), 0);
        k.xor(EBX, EBX);
        k.xchg(at(k.sharedInfo, SELECTOR), EBX);
        k.mov(ECX, k.sharedInfo);
        k.bind(words);
        k.bsf(ESI, EBX);
        k.jcc(Cond.Z, done);
        k.btr(EBX, ESI);
        k.bind(bits);
        k.mov(EAX, mem(ECX, ESI, 4, SharedInfo.X32.evtchnMask));
        k.not(EAX);
        k.and(EAX, mem(ECX, ESI, 4, SharedInfo.X32.evtchnPending));
        k.bsf(EDI, EAX);
        k.jcc(Cond.Z, words);
        k.mov(EAX, ESI);
        k.shl(EAX, 5);
        k.add(EAX, EDI);
        clearPending();
        k.inc(at(counts, EAX, 4).dword());
        k.jmp(bits);
        k.bind(done);
        k.popa();
        k.hypercallIret();
    }

    /** Clears the pending bit of port EAX. */
    private void clearPending() {
        k.lock();
        k.btr(at(k.sharedInfo, SharedInfo.X32.evtchnPending), EAX);
    }

    /** A selector failed to load on the way back: never with our flat segments. */
    private void failsafe() {
        k.bind(failsafe);
        k.say("FAIL failsafe callback\n");
        Shutdown.emitShutdown(k, SchedOp.Shutdown.CRASH);
    }

    private void send() {
        final Label port = k.variable("sendPort", 4);
        k.function(k.send, () -> {
            k.mov(at(port), EAX);
            k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, port);
        });
    }

    /** Port EAX, at most EDX milliseconds. */
    private void waitPort() {
        final SchedOp.Poll p = SchedOp.Poll.X32;
        k.function(k.waitPort, () -> {
            k.mov(at(pollPort), EAX);
            k.mov(EAX, 1_000_000);
            k.mul(EDX);
            k.mov(EBX, EAX);
            k.mov(ESI, EDX);
            k.call(k.now);
            k.add(EAX, EBX);
            k.adc(EDX, ESI);
            k.mov(at(poll, p.timeout), EAX);
            k.mov(at(poll, p.timeout + 4), EDX);
            k.mov(at(poll, p.ports).dword(), pollPort);
            k.mov(at(poll, p.nrPorts).dword(), 1);
            k.hypercall(Hypercall.SCHED_OP, SchedOp.POLL, poll);
            k.mov(EAX, at(pollPort));
            clearPending();
        });
    }

    /** Lets events in, as STI would: clear the mask, then look for what came meanwhile. */
    void emitUnmask() {
        final Label none = k.label();
        k.mov(at(k.sharedInfo, MASK).byte_(), 0);
        k.cmp(at(k.sharedInfo, PENDING).byte_(), 0);
        k.jcc(Cond.E, none);
        k.hypercall(Hypercall.XEN_VERSION, VersionOp.VERSION, 0);
        k.bind(none);
    }

    void emitMask() {
        k.mov(at(k.sharedInfo, MASK).byte_(), 1);
    }

    /** An unbound port for ourselves, bound from the other side, and events both ways. */
    private void loopback() {
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
        emitUnmask();
        // binding has made portB pending once
        clearCount(portA);
        clearCount(portB);
        sendAndExpect(portB, portA, 1);
        sendAndExpect(portA, portB, 1);
        sendAndExpect(portB, portA, 2);
        close(portB);
        close(portA);
    }

    private void clearCount(final Label port) {
        k.mov(EAX, at(port));
        k.mov(at(counts, EAX, 4).dword(), 0);
    }

    private void sendAndExpect(final Label from, final Label to, final int count) {
        k.mov(EAX, at(from));
        k.call(k.send);
        k.mov(EAX, at(to));
        k.cmp(at(counts, EAX, 4).dword(), count);
        k.check(Cond.E);
    }

    private void close(final Label port) {
        k.mov(EAX, at(port));
        k.mov(at(argument), EAX);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.CLOSE, argument);
        k.checkResult(0);
    }

    private void interProcessor() {
        k.mov(at(argument, EventChannelOp.BindIpi.VCPU).dword(), 0);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.BIND_IPI, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.BindIpi.PORT));
        k.mov(at(portA), EAX);
        clearCount(portA);
        sendAndExpect(portA, portA, 1);
        close(portA);
    }

    private void timer() {
        k.hypercall(Hypercall.VCPU_OP, VcpuOp.STOP_PERIODIC_TIMER, 0, 0);
        k.checkResult(0);
        k.mov(at(argument, EventChannelOp.BindVirq.VIRQ).dword(), Virq.TIMER);
        k.mov(at(argument, EventChannelOp.BindVirq.VCPU).dword(), 0);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.BIND_VIRQ, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.BindVirq.PORT));
        k.mov(at(timerPort), EAX);
        clearCount(timerPort);
        k.call(k.now);
        k.mov(at(before), EAX);
        k.mov(at(before, 4), EDX);
        emitSleep(TIMER_MS);
        k.call(k.now);
        k.sub(EAX, at(before));
        k.sbb(EDX, at(before, 4));
        k.check(Cond.AE);
        k.mov(ECX, 1_000_000);
        k.div(ECX);
        k.mov(at(elapsed), EAX);
        k.cmp(EAX, TIMER_MS);
        k.check(Cond.AE);
        emitMask();
    }

    /** Sleeps until the timer has fired, handling other events meanwhile; the timer must be bound. */
    void emitSleep(final int milliseconds) {
        final Label fired = k.label();
        clearCount(timerPort);
        Clock.deadline(k, deadline, milliseconds);
        k.hypercall(Hypercall.SET_TIMER_OP, at(deadline), at(deadline, 4));
        final Label again = k.label();
        k.bind(again);
        k.mov(EAX, at(timerPort));
        k.cmp(at(counts, EAX, 4).dword(), 0);
        k.jcc(Cond.NE, fired);
        k.hypercall(Hypercall.SCHED_OP, SchedOp.BLOCK, 0);
        k.jmp(again);
        k.bind(fired);
    }
}
