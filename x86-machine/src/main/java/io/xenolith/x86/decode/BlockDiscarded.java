package io.xenolith.x86.decode;

/** The running block was discarded; {@code c.ip} is the next instruction. */
public final class BlockDiscarded extends RuntimeException {
    private static final long serialVersionUID = 1L;
    static final BlockDiscarded INSTANCE = new BlockDiscarded();

    private BlockDiscarded() {
        super(null, null, false, false);
    }
}
