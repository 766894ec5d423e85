package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.EventChannelOp;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.SharedInfo;
import io.xenolith.shm.abi.VersionOp;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * Three kinds of hypercall, many times over, every answer checked: one that only returns a number, one that stores a
 * word in place, and one that the hypervisor's process serves.
 */
final class HypercallTimes {
    private final Kernel k;
    private final Stopwatch stopwatch;
    private final Label rounds;
    private final Label inPlace;
    private final Label across;
    private final Label version;
    private final Label argument;
    private final Label unboundPort;
    private final Label from;
    private final Label to;

    HypercallTimes(final Kernel k, final Stopwatch stopwatch) {
        this.k = k;
        this.stopwatch = stopwatch;
        rounds = k.variable("hypercallRounds", 4);
        inPlace = k.variable("hypercallsInPlace", 4);
        across = k.variable("hypercallsAcross", 4);
        version = k.variable("hypercallVersion", 4);
        argument = k.variable("hypercallArgument", EventChannelOp.BindInterdomain.LENGTH);
        unboundPort = k.variable("hypercallUnboundPort", 4);
        from = k.variable("hypercallFromPort", 4);
        to = k.variable("hypercallToPort", 4);
    }

    /** Command line: {@code rounds=}, {@code count=} in place and {@code across=} in pairs, per round. */
    void emit(final Label part, final CommandLine commandLine) {
        k.part(part, () -> {
            commandLine.emitNumber("rounds", rounds);
            commandLine.emitNumber("count", inPlace);
            commandLine.emitNumber("across", across);
            k.hypercall(Hypercall.XEN_VERSION, VersionOp.VERSION, 0);
            k.checkNoError();
            k.mov(at(version), EAX);
            loop();
            final Label round = k.label();
            k.bind(round);
            timed("version", inPlace, this::version);
            timed("send", inPlace, this::send);
            timed("unbound-close", across, this::allocateAndClose);
            k.dec(at(rounds).dword());
            k.jcc(Cond.NZ, round);
        });
    }

    /** An interdomain channel from ourselves to ourselves. */
    private void loop() {
        allocate(Kernel.DOMID_SELF);
        k.mov(EAX, at(argument, EventChannelOp.AllocUnbound.PORT));
        k.mov(at(to), EAX);
        k.mov(at(argument, EventChannelOp.BindInterdomain.REMOTE_DOM).word(), Kernel.DOMID_SELF);
        k.mov(at(argument, EventChannelOp.BindInterdomain.REMOTE_PORT), EAX);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.BIND_INTERDOMAIN, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.BindInterdomain.LOCAL_PORT));
        k.mov(at(from), EAX);
    }

    private void allocate(final int remote) {
        k.mov(at(argument, EventChannelOp.AllocUnbound.DOM).word(), Kernel.DOMID_SELF);
        k.mov(at(argument, EventChannelOp.AllocUnbound.REMOTE_DOM).word(), remote);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.ALLOC_UNBOUND, argument);
        k.checkResult(0);
    }

    /** The body, as often as a variable says; hypercalls keep EBP. */
    private void timed(final String name, final Label count, final Runnable body) {
        final Label next = k.label();
        stopwatch.emitStart();
        k.mov(EBP, at(count));
        k.bind(next);
        body.run();
        k.dec(EBP);
        k.jcc(Cond.NZ, next);
        stopwatch.emitStop();
        k.say("bench " + name + " count=");
        k.sayHex(at(count));
        stopwatch.emitSay();
        k.say("\n");
    }

    private void version() {
        k.hypercall(Hypercall.XEN_VERSION, VersionOp.VERSION, 0);
        k.cmp(EAX, at(version));
        k.check(Cond.E);
    }

    /** The bit is taken back each time, so that each send has one to set and is seen to have set it. */
    private void send() {
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.SEND, from);
        k.checkResult(0);
        k.mov(EAX, at(to));
        k.lock();
        k.btr(at(k.sharedInfo, SharedInfo.X32.evtchnPending), EAX);
        k.check(Cond.C);
    }

    private void allocateAndClose() {
        allocate(0);
        k.mov(EAX, at(argument, EventChannelOp.AllocUnbound.PORT));
        k.mov(at(unboundPort), EAX);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.CLOSE, unboundPort);
        k.checkResult(0);
    }
}
