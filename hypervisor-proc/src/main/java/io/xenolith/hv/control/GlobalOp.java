package io.xenolith.hv.control;

/**
 * Operations that only the hypervisor process carries out, because they change several words between domains. The
 * number is what stands in a mailbox and in the intent record: part of the machine's layout, never reused.
 */
public enum GlobalOp
{
    /** Nothing posted. */
    NONE(0, false),
    /** (domid, remote domid): a free port of the domain becomes bindable by the remote one. Result: port. */
    PORT_ALLOC_UNBOUND(1, false),
    /** (remote domid, remote port): joins the two ports. Result: local port. */
    PORT_BIND_INTERDOMAIN(2, false),
    /** (virq, vcpu). Result: port. */
    PORT_BIND_VIRQ(3, false),
    /** (vcpu). Result: port. */
    PORT_BIND_IPI(4, false),
    /** (port). */
    PORT_CLOSE(5, false),
    /** (domid): closes every port and goes back to the 2-level ABI. */
    PORT_RESET(6, false),
    /** (entry frames wanted, status frames wanted): grows the caller's grant table. */
    GRANT_GROW(16, false),
    /** (mfn, receiver domid, gref): gives a stolen frame of the caller to the receiver. Result: GNTST status. */
    GRANT_TRANSFER(17, false),
    /** (frames wanted, address limit in bits): frames for the caller. Result: an extent. */
    FRAMES_CLAIM(24, false),
    /** (up to 7 extents): the caller's unreferenced frames go back to the heap. Result: frames freed. */
    FRAMES_RETURN(25, false),
    /** (width, max pages, vcpus, handle high, handle low). Result: domid. */
    DOMAIN_CREATE(32, true),
    /** (domid): the domain starts to die. */
    DOMAIN_DESTROY(33, true),
    /** (domid, frames): memory for a domain under construction. Result: an extent. */
    DOMAIN_POPULATE(34, true),
    /** (domid, remote domid): as PORT_ALLOC_UNBOUND on behalf of a domain under construction. Result: port. */
    DOMAIN_ALLOC_UNBOUND(35, true),
    /** (): recounts everything. Result: findings; the report is a file. */
    AUDIT(36, true);

    private static final GlobalOp[] BY_NUMBER = new GlobalOp[64];

    static
    {
        for (final GlobalOp op : values())
        {
            if (BY_NUMBER[op.number] != null)
            {
                throw new ExceptionInInitializerError("operation number used twice: " + op);
            }
            BY_NUMBER[op.number] = op;
        }
    }

    private final int number;
    private final boolean privileged;

    GlobalOp(final int number, final boolean privileged)
    {
        this.number = number;
        this.privileged = privileged;
    }

    /** @return the number in mailbox and intent record. */
    public int number()
    {
        return number;
    }

    /** @return whether only domain 0 may ask for it. */
    public boolean privileged()
    {
        return privileged;
    }

    /**
     * @param number as found in shared memory, so anything.
     * @return the operation, or null when there is none of that number.
     */
    public static GlobalOp of(final int number)
    {
        return number < 0 || number >= BY_NUMBER.length ? null : BY_NUMBER[number];
    }
}
