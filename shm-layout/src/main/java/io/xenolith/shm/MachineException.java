package io.xenolith.shm;

/**
 * The machine cannot be created, reached or used, for a reason its owner can act on: one clear sentence that
 * says what is wrong, and one that says what to do about it.
 */
public final class MachineException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    /** What kind of obstacle it is, for callers that react differently to some of them. */
    public enum Kind {
        /** There is no machine in the directory. */
        ABSENT,
        /** A file is shorter than its header says, or than a header. */
        TOO_SHORT,
        /** The creator has not finished, or died before it finished. */
        NOT_INITIALISED,
        /** Another build laid out the shared structures. */
        OTHER_VERSION,
        /** The machine's processes are gone. */
        DEAD,
        /** A living machine already occupies the directory. */
        IN_USE,
        /** Not enough room in the file system or not enough free memory. */
        NO_SPACE,
        /** The host lacks something or refused a request. */
        HOST
    }

    private final Kind kind;
    private final String remedy;

    /**
     * @param kind    kind of obstacle
     * @param message one sentence: what is wrong
     * @param remedy  one sentence: what to do about it
     */
    public MachineException(final Kind kind, final String message, final String remedy) {
        this(kind, message, remedy, null);
    }

    /** As the other constructor, with the exception underneath. */
    public MachineException(final Kind kind, final String message, final String remedy, final Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.remedy = remedy;
    }

    /** The kind of obstacle. */
    public Kind kind() {
        return kind;
    }

    /** What to do about it, one sentence. */
    public String remedy() {
        return remedy;
    }

    /** Both sentences, as a command prints them. */
    public String sentence() {
        return getMessage() + " " + remedy;
    }
}
