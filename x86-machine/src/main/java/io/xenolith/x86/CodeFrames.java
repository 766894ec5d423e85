package io.xenolith.x86;

/**
 * Who must know that a frame holds decoded code: whoever writes frames from outside this CPU asks the CODE bit that
 * an implementation keeps.
 */
public interface CodeFrames {
    /** Frames that nobody else ever writes. */
    CodeFrames PRIVATE = new CodeFrames() {
        @Override
        public boolean mark(final long mfn) {
            return true;
        }

        @Override
        public void unmark(final long mfn) {
            // nobody to tell
        }
    };

    /**
     * Code of a frame is about to be cached.
     *
     * @param mfn machine frame number
     * @return false when it must not be, because somebody holds the frame writable from outside
     */
    boolean mark(long mfn);

    /** No code of the frame is cached any more. */
    void unmark(long mfn);
}
