package io.xenolith.hv.frames;

/** What the frame table asks of the page-table and descriptor code while a type changes. */
public interface TableChecker {
    /**
     * Checks the content of a frame and takes the references its entries need. Called with the type word carrying the
     * new type, count one, not yet validated, so that nobody else can use or change it.
     *
     * @param mfn  the frame.
     * @param type a type that {@link FrameType#needsValidation}.
     * @return 0, or a negative errno after dropping every reference taken on the way.
     */
    int validate(long mfn, int type);

    /**
     * Drops the references that a frame's entries hold, its last type reference having gone.
     *
     * @param mfn  the frame.
     * @param type its type.
     */
    void devalidate(long mfn, int type);

    /**
     * Called before a frame that has been writable becomes something that must not be written: translations that
     * vCPUs of the domain still hold are dropped here.
     *
     * @param mfn the frame.
     */
    void dropWritableTranslations(long mfn);

    /**
     * Whether another domain holds a writable grant pin on a frame of this domain (crash rule 3). Asked only for
     * frames that were ever granted, after the new type has been published.
     *
     * @param mfn the frame.
     * @return true refuses the type change.
     */
    boolean writePinned(long mfn);

    /** Called in every turn of a wait for another vCPU of the domain; serves the caller's own duties. */
    default void waiting() {
        Thread.onSpinWait();
    }
}
