package io.xenolith.hv.pv;

/**
 * The border between guest code and ring-0 text for one vCPU: its run word and attention word. Called by the vCPU's own
 * thread.
 */
public interface VcpuGate {
    /** A gate without anybody outside, for tests. */
    VcpuGate OPEN = new VcpuGate() {
        @Override
        public boolean enterGuest() {
            return false;
        }

        @Override
        public void leaveGuest() {
            // nobody looks
        }

        @Override
        public int attend() {
            return 0;
        }

        @Override
        public int urgent() {
            return 0;
        }
    };

    /**
     * Says that guest code runs from now on.
     *
     * @return true when attention is called: leave again and {@link #attend} first.
     */
    boolean enterGuest();

    /** Says that this thread is in ring-0 text. */
    void leaveGuest();

    /**
     * Serves events, timers, pauses and preemption.
     *
     * @return {@code VcpuRecord.ATTENTION_} bits FLUSH, CODE, DUMP and KILL that the CPU's owner must serve itself.
     */
    int attend();

    /**
     * Takes what must be served before guest memory is touched again, and nothing else.
     *
     * @return {@code VcpuRecord.ATTENTION_} bits FLUSH and CODE that are due.
     */
    int urgent();
}
