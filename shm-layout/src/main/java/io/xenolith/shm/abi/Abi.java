package io.xenolith.shm.abi;

import io.xenolith.shm.Raw;

/**
 * One of the two forms of the public interface: that of 32-bit guests and that of 64-bit guests. They differ in
 * the size of a machine word (C's {@code unsigned long} and pointers) and in the alignment of 64-bit integers
 * inside structures, which is 4 for 32-bit guests.
 */
public enum Abi {
    /** 32-bit guests. */
    X32(32, 4),
    /** 64-bit guests. */
    X64(64, 8);

    private final int width;
    private final int longAlignment;

    Abi(final int width, final int longAlignment) {
        this.width = width;
        this.longAlignment = longAlignment;
    }

    /** The ABI of guests of 32 or 64 bits. */
    public static Abi of(final int width) {
        return width == 64 ? X64 : X32;
    }

    /** 32 or 64. */
    public int width() {
        return width;
    }

    /** True for 64-bit guests. */
    public boolean is64() {
        return this == X64;
    }

    /** Bytes of a machine word: 4 or 8. */
    public int wordBytes() {
        return width >>> 3;
    }

    /** Alignment of a 64-bit integer in a structure: 4 or 8. */
    public int longAlignment() {
        return longAlignment;
    }

    /** Ports of the two-level event ABI: 1024 or 4096. */
    public int twoLevelPorts() {
        return width * width;
    }

    /** Loads a machine word, zero-extended, with acquire order. */
    public long getWord(final long address) {
        return is64() ? Raw.getLong(address) : Raw.getUnsignedInt(address);
    }

    /** Stores the low bits of a value as a machine word, with release order. */
    public void putWord(final long address, final long value) {
        if (is64()) {
            Raw.putLong(address, value);
        } else {
            Raw.putInt(address, (int) value);
        }
    }
}
