package io.xenolith.hv.hypercall;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainCounter;
import io.xenolith.shm.hv.DomainRecord;

/**
 * From a hypercall number to its handler, for one vCPU. Every call is counted under its number; a number without a handler
 * answers {@code -ENOSYS} and is counted once more.
 */
public final class Dispatcher {
    private final Caller caller;
    private final long record;
    private final Hypercall[] handlers = new Hypercall[HypercallNumber.LIMIT];

    /**
     * @param caller the vCPU.
     * @param record address of its domain's record.
     */
    public Dispatcher(final Caller caller, final long record) {
        this.caller = caller;
        this.record = record;
    }

    /** @param number hypercall number. @param handler its handler, null for none. @return this. */
    public Dispatcher set(final int number, final Hypercall handler) {
        handlers[number] = handler;
        return this;
    }

    /**
     * Carries out one call.
     *
     * @param number any value.
     * @param a1     argument.
     * @param a2     argument.
     * @param a3     argument.
     * @param a4     argument.
     * @param a5     argument.
     * @return the result.
     */
    public long call(
        final long number, final long a1, final long a2, final long a3, final long a4, final long a5) {
        if (number < 0 || number >= HypercallNumber.LIMIT) {
            return unknown();
        }
        Raw.getAndAddLong(record + DomainRecord.HYPERCALLS + number * 8, 1);
        final Hypercall handler = handlers[(int)number];
        if (handler == null) {
            return unknown();
        }
        try {
            return handler.call(caller, a1, a2, a3, a4, a5);
        }
        catch (final GuestFault fault) {
            return -Errno.EFAULT;
        }
    }

    private long unknown() {
        Raw.getAndAddLong(record + DomainCounter.HYPERCALLS_UNKNOWN.offset(), 1);
        return -Errno.ENOSYS;
    }
}
