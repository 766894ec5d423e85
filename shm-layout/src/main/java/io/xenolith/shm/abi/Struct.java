package io.xenolith.shm.abi;

/**
 * Lays out a C structure field by field, by the rules of the guest's ABI: each field begins at the next multiple
 * of its alignment after the field before it, and the length is a multiple of the largest alignment.
 */
final class Struct {
    /** Offset of a field that this ABI does not have. */
    static final int ABSENT = -1;

    private final Abi abi;
    private int position;
    private int alignment = 1;

    Struct(final Abi abi) {
        this.abi = abi;
    }

    int u8() {
        return field(1, 1);
    }

    int u16() {
        return field(2, 2);
    }

    int u32() {
        return field(4, 4);
    }

    int u64() {
        return field(8, abi.longAlignment());
    }

    /** A machine word or pointer. */
    int word() {
        return words(1);
    }

    int words(final int count) {
        return field(count * abi.wordBytes(), abi.wordBytes());
    }

    int bytes(final int count) {
        return field(count, 1);
    }

    /** {@code count} elements of {@code size} bytes, aligned to {@code align}. */
    int array(final int count, final int size, final int align) {
        return field(count * size, align);
    }

    /** Another member of the union that begins at {@code offset}; {@code size} bytes. */
    int over(final int offset, final int size) {
        position = Math.max(position, offset + size);
        alignment = Math.max(alignment, size);
        return offset;
    }

    /** Goes to the next multiple of {@code align}, as the begin of a nested structure does. */
    void align(final int align) {
        position = position + align - 1 & -align;
        alignment = Math.max(alignment, align);
    }

    int length() {
        return position + alignment - 1 & -alignment;
    }

    private int field(final int size, final int align) {
        align(align);
        final int offset = position;
        position += size;
        return offset;
    }
}
