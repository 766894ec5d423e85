package io.xenolith.dom0;

import io.xenolith.hv.grant.GrantException;
import io.xenolith.hv.grant.GrantPins;
import io.xenolith.hv.grant.GrantStatus;
import io.xenolith.hv.grant.PinnedGrant;

import java.util.HashMap;
import java.util.Map;

/**
 * Granted pages on the hypervisor. While dom0 takes up a predecessor's work, pages that the predecessor had pinned
 * are taken over; what nobody has taken over by {@link #recovered} is dropped.
 */
final class HvPages implements GrantedPages {
    private static final int TRIES = 1000;

    private record Key(int domid, int gref, boolean write) { }

    private final GrantPins pins;
    private Map<Key, Integer> adopted = new HashMap<>();

    HvPages(final GrantPins pins) {
        this.pins = pins;
    }

    private final class Pinned implements Page {
        private final PinnedGrant grant;

        Pinned(final PinnedGrant grant) {
            this.grant = grant;
        }

        @Override
        public long address() {
            return grant.address();
        }

        @Override
        public void release() {
            pins.unpin(grant);
        }
    }

    @Override
    public Page pin(final int domid, final int gref, final boolean write) throws RefusedException {
        final Map<Key, Integer> recovering = adopted;
        if (recovering != null) {
            final Key key = new Key(domid, gref, write);
            final boolean first = recovering.merge(key, 1, Integer::sum) == 1;
            final PinnedGrant old = first ? pins.adopt(domid, gref, write) : null;
            if (old != null) {
                return new Pinned(old);
            }
        }
        return new Pinned(pinNow(domid, gref, write));
    }

    private PinnedGrant pinNow(final int domid, final int gref, final boolean write) throws RefusedException {
        for (int i = 0; ; i++) {
            try {
                return pins.pin(domid, gref, write);
            } catch (final GrantException e) {
                if (e.status() != GrantStatus.EAGAIN || i == TRIES) {
                    throw new RefusedException(e.getMessage());
                }
                Thread.onSpinWait();
            }
        }
    }

    /** Ends the recovery: drops the predecessor's other pins. */
    void recovered() {
        final Map<Key, Integer> kept = adopted;
        adopted = null;
        pins.dropOthers((granter, gref, write) -> kept.getOrDefault(new Key(granter, gref, write), 0));
    }
}
