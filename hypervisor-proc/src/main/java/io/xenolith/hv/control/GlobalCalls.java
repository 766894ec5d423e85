package io.xenolith.hv.control;

/** Asks the hypervisor process for a global operation and waits for the answer, across its restart if need be. */
public interface GlobalCalls
{
    /**
     * Makes one request.
     *
     * @param vcpu calling vCPU; its mailbox is used, one request at a time.
     * @param op   operation.
     * @param a0   first argument.
     * @param a1   second argument.
     * @param a2   third argument.
     * @param a3   fourth argument.
     * @return the operation's result, negative {@link io.xenolith.hv.hypercall.Errno} on failure.
     */
    long call(int vcpu, GlobalOp op, long a0, long a1, long a2, long a3);
}
