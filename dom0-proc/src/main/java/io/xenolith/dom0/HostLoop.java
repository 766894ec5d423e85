package io.xenolith.dom0;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** dom0's main loop, as its parts use it. */
public interface HostLoop {
    /** Runs something in the main loop, soon. From any thread. */
    void post(Runnable r);

    /**
     * Looks at a condition now and then until it holds. In the main loop only.
     *
     * @param timeoutNs how long to look
     * @param then      told true when the condition held, false when the time was up
     */
    void until(BooleanSupplier condition, long timeoutNs, Consumer<Boolean> then);
}
