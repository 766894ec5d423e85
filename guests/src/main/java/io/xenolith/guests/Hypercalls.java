package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.Errno;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.MulticallEntry;
import io.xenolith.shm.abi.VersionOp;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/** The plainest hypercalls: version, features, several in one, one that does not exist, a bad pointer. */
final class Hypercalls {
    /** Features without which Linux panics. */
    private static final int NEEDED_FEATURES = 1 << 5 | 1 << 7;
    private static final long BAD_POINTER = 0x1000;

    private final Kernel k;
    private final Label features;
    private final Label calls;
    private final Label version;

    Hypercalls(final Kernel k) {
        this.k = k;
        this.features = k.variable("features", VersionOp.FeatureInfo.LENGTH);
        this.calls = k.variable("multicall", 2 * MulticallEntry.X32.length);
        this.version = k.variable("version", 4);
    }

    void emit(final Label part) {
        k.part(part, () -> {
            version();
            features();
            multicall();
            refusals();
        });
    }

    private void version() {
        k.hypercall(Hypercall.XEN_VERSION, VersionOp.VERSION, 0);
        k.checkNoError();
        k.mov(at(version), EAX);
        k.say("     hypercalls: version ");
        k.movzx(EAX, at(version, 2).word());
        k.call(k.putDecimal);
        k.say(".");
        k.movzx(EAX, at(version).word());
        k.call(k.putDecimal);
    }

    private void features() {
        k.mov(at(features, VersionOp.FeatureInfo.SUBMAP_IDX).dword(), 0);
        k.hypercall(Hypercall.XEN_VERSION, VersionOp.GET_FEATURES, features);
        k.checkResult(0);
        k.mov(EAX, at(features, VersionOp.FeatureInfo.SUBMAP));
        k.and(EAX, NEEDED_FEATURES);
        k.checkResult(NEEDED_FEATURES);
        k.say(", features ");
        k.sayHex(at(features, VersionOp.FeatureInfo.SUBMAP));
    }

    /** Two calls in a batch: the version again, and an unknown number whose error stays in its own entry. */
    private void multicall() {
        final MulticallEntry e = MulticallEntry.X32;
        k.mov(at(calls, e.op).dword(), Hypercall.XEN_VERSION);
        k.mov(at(calls, e.args).dword(), VersionOp.VERSION);
        k.mov(at(calls, e.length + e.op).dword(), Hypercall.TMEM_OP);
        k.hypercall(Hypercall.MULTICALL, calls, 2);
        k.checkResult(0);
        k.mov(EAX, at(calls, e.result));
        k.cmp(EAX, at(version));
        k.check(Cond.E);
        k.mov(EAX, at(calls, e.length + e.result));
        k.checkResult(-Errno.ENOSYS);
    }

    private void refusals() {
        k.hypercall(Hypercall.TMEM_OP, 0);
        k.checkResult(-Errno.ENOSYS);
        k.hypercall(Hypercall.XEN_VERSION, VersionOp.GET_FEATURES, BAD_POINTER);
        k.checkResult(-Errno.EFAULT);
        k.say(", multicall of 2, unknown number and bad pointer refused\n");
    }
}
