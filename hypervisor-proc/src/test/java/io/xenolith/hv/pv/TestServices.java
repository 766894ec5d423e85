package io.xenolith.hv.pv;

import static io.xenolith.shm.abi.Hypercall.SCHED_OP;

import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.hypercall.Hypercall;
import io.xenolith.hv.sched.Shootdown;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.HashSet;
import java.util.Set;

/** The rest of a hypervisor, small: sched_op shutdown ends the run, frames come from a range of the machine. */
final class TestServices implements DomainServices {
    final Set<Long> pinnedForWrite = new HashSet<>();
    PvTestRig rig;
    int shutdownReason = -1;
    long nextFree;
    long endFree;
    int returned;

    @Override
    public Hypercall handler(final int number) {
        return number == SCHED_OP ? this::schedOp : null;
    }

    private long schedOp(final io.xenolith.hv.hypercall.Caller c, final long cmd, final long arg, final long a3,
        final long a4, final long a5) {
        if (cmd == 2) {
            shutdown(c.vcpu(), c.memory().getInt(arg));
        }
        return cmd == 0 || cmd == 2 ? 0 : -Errno.ENOSYS;
    }

    @Override
    public long claimFrames(final int vcpu, final int frames, final int addressBits) {
        if (nextFree + frames > endFree) {
            return -Errno.ENOMEM;
        }
        final long first = nextFree;
        nextFree += frames;
        rig.machine.memory().reserve(first, frames);
        for (int i = 0; i < frames; i++) {
            rig.own(first + i, FrameRecord.STATE_MAGAZINE);
        }
        return first;
    }

    @Override
    public void returnFrames(final int vcpu, final long mfn, final int frames) {
        returned += frames;
        for (int i = 0; i < frames; i++) {
            Raw.putLong(rig.machine.hv().frame(mfn + i) + FrameRecord.OWNER, 0);
        }
    }

    @Override
    public boolean pinned(final long mfn, final boolean writeOnly) {
        return pinnedForWrite.contains(mfn);
    }

    @Override
    public void flushOthers(final int vcpu, final long vcpus) {
        new Shootdown(rig.machine).own(
            PvTestRig.DOMID, vcpu, (int)vcpus, VcpuRecord.ATTENTION_FLUSH, Thread::onSpinWait);
    }

    @Override
    public long tsc() {
        return System.nanoTime();
    }

    @Override
    public long tscFrequency() {
        return 1_000_000_000L;
    }

    @Override
    public long systemTimeNs() {
        return System.nanoTime();
    }

    @Override
    public void shutdown(final int vcpu, final int reason) {
        shutdownReason = reason;
        Raw.getAndOrInt(rig.vcpu.record() + VcpuRecord.ATTENTION, VcpuRecord.ATTENTION_KILL);
    }
}
