package io.xenolith.hv.grant;

import io.xenolith.hv.audit.AuditRig;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.CallerFrames;
import io.xenolith.hv.hypercall.GuestMemory;

/** vCPU 0 of a domain of the rig, for calls that pass nothing in guest memory. */
record GuestCaller(AuditRig.Guest guest) implements Caller {
    @Override
    public int domid() {
        return guest.domid;
    }

    @Override
    public int incarnation() {
        return guest.incarnation;
    }

    @Override
    public int vcpu() {
        return 0;
    }

    @Override
    public boolean is64Bit() {
        return false;
    }

    @Override
    public GuestMemory memory() {
        throw new AssertionError("no guest memory here");
    }

    @Override
    public CallerFrames frames() {
        throw new AssertionError("no frames here");
    }
}
