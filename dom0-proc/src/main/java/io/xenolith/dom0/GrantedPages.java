package io.xenolith.dom0;

/**
 * Access to frames that other domains granted to dom0. A page stays pinned until it is released: the granter sees
 * GTF_reading and GTF_writing, and the frame does not change hands.
 */
public interface GrantedPages {
    /** The grant is not usable. */
    final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        /** @param sentence what went wrong */
        public RefusedException(final String sentence) {
            super(sentence, null, false, false);
        }
    }

    /** A pinned page. */
    interface Page {
        /** Address of its first byte in this process. */
        long address();

        /** Gives it back. Once. */
        void release();
    }

    /** Pins the frame behind a grant reference. Callable from any thread. */
    Page pin(int domid, int gref, boolean write) throws RefusedException;
}
