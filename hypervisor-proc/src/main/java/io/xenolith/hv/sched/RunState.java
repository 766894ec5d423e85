package io.xenolith.hv.sched;

/** RUNSTATE_ numbers of the ABI. */
public final class RunState
{
    /** On a physical CPU. */
    public static final int RUNNING = 0;
    /** Could run, has no physical CPU. */
    public static final int RUNNABLE = 1;
    /** Waits for an event. */
    public static final int BLOCKED = 2;
    /** Paused, down, or not started. */
    public static final int OFFLINE = 3;

    private RunState()
    {
    }
}
