package io.xenolith.hv.grant;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.Machine;
import io.xenolith.shm.hv.DomainRecord;

/**
 * Grants as back-ends use them: pin a frame, work on it in place, unpin it before the response is published.
 *
 * <p>Pins outlive the process. A replaced process {@link #adopt}s those that its in-flight tables list and then has the rest
 * dropped by {@link #dropOthers}.
 */
public final class GrantPins
{
    private final Machine machine;
    private final ActiveGrants grants;
    private final ForeignWrite foreign;
    private final int domid;
    private final int incarnation;

    /**
     * @param machine the machine.
     * @param domid   this process's domain.
     */
    public GrantPins(final Machine machine, final int domid)
    {
        this.machine = machine;
        this.domid = domid;
        this.incarnation = Domains.incarnation(machine.hv().domain(DomainRecord.slot(domid)));
        this.grants = new ActiveGrants(machine, domid, incarnation);
        this.foreign = new ForeignWrite(machine);
    }

    /**
     * Pins a whole granted frame. A frame pinned for writing may be written at once: decoded code of it is gone.
     *
     * @param granter domain that granted.
     * @param gref    its reference.
     * @param write   whether the frame will be written.
     * @return the frame.
     * @throws GrantException with the ABI's status; {@link GrantStatus#EAGAIN} is worth another try later.
     */
    public PinnedGrant pin(final int granter, final int gref, final boolean write) throws GrantException
    {
        final Pin pin = new Pin();
        final int status = grants.pinForMapping(pin, granter, gref, write);
        if (status != GrantStatus.OKAY)
        {
            throw new GrantException(status, granter, gref);
        }
        return new PinnedGrant(pin, machine.memory().addressOf(pin.mfn));
    }

    /**
     * Drops a pin, once.
     *
     * @param pinned what {@link #pin} or {@link #adopt} returned.
     */
    public void unpin(final PinnedGrant pinned)
    {
        if (pinned.pin.write)
        {
            foreign.end(pinned.pin.mfn);
        }
        grants.unpin(pinned.pin);
    }

    /**
     * Takes over a pin of an earlier life of this process.
     *
     * @param granter the granter.
     * @param gref    its grant.
     * @param write   kind of the pin.
     * @return the frame, or null when there is no such pin (it was not taken before the death, or the granter is gone).
     */
    public PinnedGrant adopt(final int granter, final int gref, final boolean write)
    {
        final Pin pin = new Pin();
        return grants.adopt(pin, granter, gref, write) ?
            new PinnedGrant(pin, machine.memory().addressOf(pin.mfn)) : null;
    }

    /**
     * Drops every pin of this domain that an earlier life of the process left and nobody adopted.
     *
     * @param kept how many pins of each kind were adopted per grant.
     * @return pins dropped.
     */
    public int dropOthers(final ActiveGrants.Kept kept)
    {
        return grants.sweep(domid, incarnation, kept);
    }
}
