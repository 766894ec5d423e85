package io.xenolith.hv.control;

/** One global operation, in the form that survives a kill between any two stores; see {@link Intent}. */
interface GlobalHandler
{
    /**
     * Looks whether the operation can be done and chooses how. Changes nothing that others see.
     *
     * @param intent    holds the request; gets the choice.
     * @param requester domid of who asks.
     * @return the result if it will be done, negative errno if not; then {@link #apply} is not called.
     */
    long plan(Intent intent, int requester);

    /**
     * Carries out the plan. May be called again for the same plan, after any part of it has been done.
     *
     * @param intent the plan.
     */
    void apply(Intent intent);

    /**
     * Takes back what {@link #plan} did before it could be committed, or what it did before it refused.
     *
     * @param intent the plan, perhaps half made.
     */
    default void abandon(final Intent intent)
    {
    }

    /** @return whether the list of the plan goes back to the requester. */
    default boolean answersWithList()
    {
        return false;
    }
}
