package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.EventChannelOp;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.SchedOp;
import io.xenolith.shm.abi.SharedInfo;
import io.xenolith.shm.abi.VcpuInfo;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * An event there and back between two domains. The one that answers offers an unbound port; the one that asks binds to
 * it. Both either block, and the answer is sent from within the up-call, or spin on the pending bit.
 *
 * <p>Command line: {@code peer=} domain, {@code port=} its port (asking side), {@code spin}, {@code rounds=} and
 * {@code count=} round trips in each.
 */
final class EventEcho {
    private static final int PENDING = VcpuInfo.X32.upcallPending;
    private static final int MASK = VcpuInfo.X32.upcallMask;
    private static final int SELECTOR = VcpuInfo.X32.pendingSel;

    private final Kernel k;
    private final Stopwatch stopwatch;
    private final CommandLine commandLine;
    private final Label upcall;
    private final Label await;
    private final Label rounds;
    private final Label count;
    private final Label total;
    private final Label peer;
    private final Label peerPort;
    private final Label argument;
    private final Label port;
    private final Label spins;
    private final Label answers;
    private final Label received;
    private final Label wanted;

    EventEcho(final Kernel k, final Stopwatch stopwatch, final CommandLine commandLine) {
        this.k = k;
        this.stopwatch = stopwatch;
        this.commandLine = commandLine;
        upcall = k.label("echoUpcall");
        await = k.label("echoAwait");
        rounds = k.variable("echoRounds", 4);
        count = k.variable("echoCount", 4);
        total = k.variable("echoTotal", 4);
        peer = k.variable("echoPeer", 4);
        peerPort = k.variable("echoPeerPort", 4);
        argument = k.variable("echoArgument", EventChannelOp.BindInterdomain.LENGTH);
        port = k.variable("echoPort", 4);
        spins = k.variable("echoSpins", 4);
        answers = k.variable("echoAnswers", 4);
        received = k.variable("echoReceived", 4);
        wanted = k.variable("echoWanted", 4);
    }

    void emitRoutines() {
        upcall();
        await();
    }

    /** The asking side. */
    void emitPing(final Label part) {
        k.part(part, () -> {
            options();
            bind();
            listen();
            final Label round = k.label();
            final Label next = k.label();
            k.bind(round);
            stopwatch.emitStart();
            k.mov(EBP, at(count));
            k.bind(next);
            send();
            k.checkResult(0);
            k.inc(at(wanted).dword());
            k.call(await);
            k.dec(EBP);
            k.jcc(Cond.NZ, next);
            stopwatch.emitStop();
            k.say("bench round-trip count=");
            k.sayHex(at(count));
            stopwatch.emitSay();
            k.say("\n");
            k.dec(at(rounds).dword());
            k.jcc(Cond.NZ, round);
            checkReceived();
        });
    }

    /** The answering side. */
    void emitPong(final Label part) {
        k.part(part, () -> {
            options();
            k.mov(at(argument, EventChannelOp.AllocUnbound.DOM).word(), Kernel.DOMID_SELF);
            k.mov(EAX, at(peer));
            k.mov(at(argument, EventChannelOp.AllocUnbound.REMOTE_DOM), AX);
            k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.ALLOC_UNBOUND, argument);
            k.checkResult(0);
            k.mov(EAX, at(argument, EventChannelOp.AllocUnbound.PORT));
            k.mov(at(port), EAX);
            listen();
            k.say("bench listening port=");
            k.sayHex(at(port));
            k.say("\n");
            answer();
            checkReceived();
        });
    }

    private void options() {
        final Label blocks = k.label();
        commandLine.emitNumber("peer", peer);
        commandLine.emitNumber("port", peerPort);
        commandLine.emitNumber("rounds", rounds);
        commandLine.emitNumber("count", count);
        k.mov(EAX, at(rounds));
        k.imul(EAX, at(count));
        k.mov(at(total), EAX);
        commandLine.emitFind("spin");
        k.jcc(Cond.Z, blocks);
        k.inc(at(spins).dword());
        k.bind(blocks);
    }

    private void bind() {
        k.mov(EAX, at(peer));
        k.mov(at(argument, EventChannelOp.BindInterdomain.REMOTE_DOM), AX);
        k.mov(EAX, at(peerPort));
        k.mov(at(argument, EventChannelOp.BindInterdomain.REMOTE_PORT), EAX);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.BIND_INTERDOMAIN, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.BindInterdomain.LOCAL_PORT));
        k.mov(at(port), EAX);
        // binding makes the port pending once
        takePending();
    }

    /** Our up-call, and no port but ours to cause it: console and xenstore stay masked. */
    private void listen() {
        k.hypercall(Hypercall.SET_CALLBACKS, Kernel.KERNEL_CS, upcall, Kernel.KERNEL_CS, upcall);
        k.mov(ECX, at(port));
        k.mov(EAX, 1);
        k.shlCl(EAX);
        k.not(EAX);
        k.mov(at(k.sharedInfo, SharedInfo.X32.evtchnMask), EAX);
    }

    /** Carry: whether our port was pending; it no longer is. EAX lost. */
    private void takePending() {
        k.mov(EAX, at(port));
        k.lock();
        k.btr(at(k.sharedInfo, SharedInfo.X32.evtchnPending), EAX);
    }

    private void send() {
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, port);
    }

    private void upcall() {
        final Label done = k.label();
        k.bind(upcall);
        k.pusha();
        k.mov(at(k.sharedInfo, PENDING).byte_(), 0);
        k.xor(EAX, EAX);
        k.xchg(at(k.sharedInfo, SELECTOR), EAX);
        takePending();
        k.jcc(Cond.NC, done);
        k.inc(at(received).dword());
        k.cmp(at(answers).dword(), 0);
        k.jcc(Cond.E, done);
        send();
        k.bind(done);
        k.popa();
        k.hypercallIret();
    }

    /** Returns when {@link #received} is {@link #wanted}. */
    private void await() {
        k.function(await, () -> {
            final Label again = k.label();
            final Label spin = k.label();
            final Label done = k.label();
            k.cmp(at(spins).dword(), 0);
            k.jcc(Cond.NE, spin);
            k.bind(again);
            k.mov(at(k.sharedInfo, MASK).byte_(), 1);
            k.mov(EAX, at(received));
            k.cmp(EAX, at(wanted));
            k.jcc(Cond.E, done);
            k.hypercall(Hypercall.SCHED_OP, SchedOp.BLOCK, 0);
            k.jmp(again);
            k.bind(spin);
            takePending();
            k.jcc(Cond.NC, spin);
            k.inc(at(received).dword());
            k.bind(done);
        });
    }

    /** Blocking, the up-call answers and we wait for the last one; spinning, we answer here. */
    private void answer() {
        final Label spin = k.label();
        final Label done = k.label();
        k.mov(EAX, at(total));
        k.mov(EBP, EAX);
        k.cmp(at(spins).dword(), 0);
        k.jcc(Cond.NE, spin);
        k.mov(at(answers).dword(), 1);
        k.mov(at(wanted), EAX);
        k.call(await);
        k.jmp(done);
        k.bind(spin);
        k.call(await);
        send();
        k.checkResult(0);
        k.dec(EBP);
        k.jcc(Cond.NZ, spin);
        k.bind(done);
    }

    private void checkReceived() {
        k.mov(EAX, at(received));
        k.cmp(EAX, at(total));
        k.check(Cond.E);
    }
}
