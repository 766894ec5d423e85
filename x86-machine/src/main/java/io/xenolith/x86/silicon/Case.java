package io.xenolith.x86.silicon;

/** One generated case beside its slot: what the generator knows and the comparer needs. */
final class Case {
    /** Longest instruction that is generated; the architecture's limit is 15. */
    static final int MOST_BYTES = 24;

    Form form;
    /** Position of the form in the plan. */
    int formIndex;
    long number;
    /** Instruction bytes. */
    final byte[] code = new byte[MOST_BYTES];
    int length;
    /** Where the code lies in the code area. */
    int codeOffset;
    /** In a 16-bit code segment. */
    boolean narrowCode;
    /** To be run as a block by the model, not stepped. */
    boolean blocks;
    int slot;
    /** What the model threw, or null. */
    RuntimeException failure;

    /** False when the outcome tells something about the host. */
    boolean comparable;
    /** Flags that an instruction before the one of the form left undefined. */
    int undefinedBefore;

    // Fields of the encoding that the rules for undefined results look at.
    int immediate;
    int reg;
    int rm;

    /** An independent copy. */
    Case copy() {
        final Case o = new Case();
        o.form = form;
        o.formIndex = formIndex;
        o.number = number;
        System.arraycopy(code, 0, o.code, 0, MOST_BYTES);
        o.length = length;
        o.codeOffset = codeOffset;
        o.narrowCode = narrowCode;
        o.blocks = blocks;
        o.slot = slot;
        o.failure = failure;
        o.undefinedBefore = undefinedBefore;
        o.immediate = immediate;
        o.reg = reg;
        o.rm = rm;
        return o;
    }
}
