package io.xenolith.x86.asm;

/** A position in the code or data being assembled; may be used before it is bound. */
public final class Label {
    private static final int UNBOUND = -1;

    private final String name;
    private int offset = UNBOUND;

    Label(final String name) {
        this.name = name;
    }

    /**
     * Name given at creation.
     *
     * @return the name, for messages and symbol tables.
     */
    public String name() {
        return name;
    }

    /**
     * Whether the label has a position.
     *
     * @return true after {@link CodeBuffer#bind}.
     */
    public boolean isBound() {
        return offset != UNBOUND;
    }

    void bind(final int position) {
        if (isBound()) {
            throw new AssemblyException("label bound twice: " + name);
        }
        offset = position;
    }

    int offset() {
        if (!isBound()) {
            throw new AssemblyException("label used but never bound: " + name);
        }
        return offset;
    }
}
