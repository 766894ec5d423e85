package io.xenolith.hv.hypercall;

import static io.xenolith.shm.abi.Hypercall.IRET;

/**
 * Hypercall 13, multicall: a list of {@code {ulong op; ulong result; ulong args[6]}}, each carried out and its result
 * stored. One that fails does not stop the list; an iret ends it, since the guest's context has been replaced.
 */
public final class Multicall implements Hypercall {
    private final Dispatcher dispatcher;
    private boolean inside;

    /** @param dispatcher carries out the entries. */
    public Multicall(final Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    @Override
    public long call(
        final Caller caller, final long list, final long count, final long a3, final long a4, final long a5) {
        if (inside) {
            return -Errno.EINVAL;
        }
        inside = true;
        try {
            return run(caller, list, (int)count & 0xffff_ffffL);
        }
        finally {
            inside = false;
        }
    }

    private long run(final Caller caller, final long list, final long count) {
        final int w = caller.wordSize();
        for (long i = 0; i < count; i++) {
            final long entry = list + i * 8 * w;
            final long op = caller.readWord(entry);
            final long result = dispatcher.call(op, caller.readWord(entry + 2 * w), caller.readWord(entry + 3 * w),
                caller.readWord(entry + 4 * w), caller.readWord(entry + 5 * w), caller.readWord(entry + 6 * w));
            if (op == IRET) {
                return result;
            }
            caller.writeWord(entry + w, result);
            caller.breathe(i);
        }
        return 0;
    }
}
