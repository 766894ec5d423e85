package io.xenolith.shm;

import org.agrona.UnsafeApi;

/**
 * Loads and stores at absolute addresses.
 *
 * <p>The plain-named accessors are acquire loads and release stores. That is what x86 gives every access
 * (TSO), what a guest's ring code relies on, and what makes the order in which a kill exposes the stores of a
 * process the order of the program. On an x86 host they compile to ordinary moves.
 *
 * <p>The {@code Volatile} forms add the full fence after a store. The {@code Plain} forms promise nothing
 * about order: use them only on memory that no other process looks at, and in tests.
 *
 * <p>All read-modify-write operations are full fences. They may straddle cache lines, but a naturally aligned
 * word is assumed wherever another process may race.
 *
 * <p>No method checks its address: an address outside the mapped files kills the JVM. Addresses come from
 * {@link MachineMemory#addressOf(long)} and from {@link HypervisorFile}.
 */
public final class Raw {
    private static final int BYTE_ARRAY_BASE = UnsafeApi.arrayBaseOffset(byte[].class);

    private Raw() {
    }

    // ---- acquire loads, release stores ----

    /** Acquire load of the byte at address {@code a}. */
    public static byte getByte(final long a) {
        return UnsafeApi.getByteAcquire(null, a);
    }

    /** Acquire load of the two bytes at address {@code a}. */
    public static short getShort(final long a) {
        return UnsafeApi.getShortAcquire(null, a);
    }

    /** Acquire load of the four bytes at address {@code a}. */
    public static int getInt(final long a) {
        return UnsafeApi.getIntAcquire(null, a);
    }

    /** Acquire load of the eight bytes at address {@code a}. */
    public static long getLong(final long a) {
        return UnsafeApi.getLongAcquire(null, a);
    }

    /** Acquire load of four bytes, zero-extended. */
    public static long getUnsignedInt(final long a) {
        return UnsafeApi.getIntAcquire(null, a) & 0xFFFF_FFFFL;
    }

    /** Acquire load of two bytes, zero-extended. */
    public static int getUnsignedShort(final long a) {
        return UnsafeApi.getShortAcquire(null, a) & 0xFFFF;
    }

    /** Acquire load of one byte, zero-extended. */
    public static int getUnsignedByte(final long a) {
        return UnsafeApi.getByteAcquire(null, a) & 0xFF;
    }

    /** Release store of one byte. */
    public static void putByte(final long a, final byte v) {
        UnsafeApi.putByteRelease(null, a, v);
    }

    /** Release store of two bytes. */
    public static void putShort(final long a, final short v) {
        UnsafeApi.putShortRelease(null, a, v);
    }

    /** Release store of four bytes. */
    public static void putInt(final long a, final int v) {
        UnsafeApi.putIntRelease(null, a, v);
    }

    /** Release store of eight bytes. */
    public static void putLong(final long a, final long v) {
        UnsafeApi.putLongRelease(null, a, v);
    }

    // ---- sequentially consistent ----

    /** Volatile load of the byte at address {@code a}. */
    public static byte getByteVolatile(final long a) {
        return UnsafeApi.getByteVolatile(null, a);
    }

    /** Volatile load of the two bytes at address {@code a}. */
    public static short getShortVolatile(final long a) {
        return UnsafeApi.getShortVolatile(null, a);
    }

    /** Volatile load of the four bytes at address {@code a}. */
    public static int getIntVolatile(final long a) {
        return UnsafeApi.getIntVolatile(null, a);
    }

    /** Volatile load of the eight bytes at address {@code a}. */
    public static long getLongVolatile(final long a) {
        return UnsafeApi.getLongVolatile(null, a);
    }

    /** Volatile store: later loads cannot move before it. */
    public static void putByteVolatile(final long a, final byte v) {
        UnsafeApi.putByteVolatile(null, a, v);
    }

    /** Volatile store: later loads cannot move before it. */
    public static void putShortVolatile(final long a, final short v) {
        UnsafeApi.putShortVolatile(null, a, v);
    }

    /** Volatile store: later loads cannot move before it. */
    public static void putIntVolatile(final long a, final int v) {
        UnsafeApi.putIntVolatile(null, a, v);
    }

    /** Volatile store: later loads cannot move before it. */
    public static void putLongVolatile(final long a, final long v) {
        UnsafeApi.putLongVolatile(null, a, v);
    }

    // ---- no order at all ----

    /** Plain load, for private memory. */
    public static byte getBytePlain(final long a) {
        return UnsafeApi.getByte(a);
    }

    /** Plain load, for private memory. */
    public static short getShortPlain(final long a) {
        return UnsafeApi.getShort(a);
    }

    /** Plain load, for private memory. */
    public static int getIntPlain(final long a) {
        return UnsafeApi.getInt(a);
    }

    /** Plain load, for private memory. */
    public static long getLongPlain(final long a) {
        return UnsafeApi.getLong(a);
    }

    /** Plain store, for private memory. */
    public static void putBytePlain(final long a, final byte v) {
        UnsafeApi.putByte(a, v);
    }

    /** Plain store, for private memory. */
    public static void putShortPlain(final long a, final short v) {
        UnsafeApi.putShort(a, v);
    }

    /** Plain store, for private memory. */
    public static void putIntPlain(final long a, final int v) {
        UnsafeApi.putInt(a, v);
    }

    /** Plain store, for private memory. */
    public static void putLongPlain(final long a, final long v) {
        UnsafeApi.putLong(a, v);
    }

    // ---- read-modify-write, full fences ----

    /** Compare and set one byte; true when {@code expected} was found and replaced. */
    public static boolean casByte(final long a, final byte expected, final byte update) {
        return UnsafeApi.compareAndSetByte(null, a, expected, update);
    }

    /** Compare and set two bytes; true when {@code expected} was found and replaced. */
    public static boolean casShort(final long a, final short expected, final short update) {
        return (a & 3) == 3 ? casShortAcross(a, expected, update)
            : UnsafeApi.compareAndSetShort(null, a, expected, update);
    }

    /**
     * The JDK has no compare-and-set of two bytes that lie in two aligned words, which x86 allows; one of four bytes
     * may lie anywhere. The other two bytes are written back as found, or the attempt is repeated.
     */
    private static boolean casShortAcross(final long a, final short expected, final short update) {
        final long word = a - 1;
        while (true) {
            final int old = getIntVolatile(word);
            if ((short) (old >> 8) != expected) {
                return false;
            }
            if (casInt(word, old, old & 0xFF0000FF | (update & 0xFFFF) << 8)) {
                return true;
            }
        }
    }

    /** Compare and set four bytes; true when {@code expected} was found and replaced. */
    public static boolean casInt(final long a, final int expected, final int update) {
        return UnsafeApi.compareAndSetInt(null, a, expected, update);
    }

    /** Compare and set eight bytes; true when {@code expected} was found and replaced. */
    public static boolean casLong(final long a, final long expected, final long update) {
        return UnsafeApi.compareAndSetLong(null, a, expected, update);
    }

    /** Exchanges one byte; returns the old value. */
    public static byte xchgByte(final long a, final byte v) {
        return UnsafeApi.getAndSetByte(null, a, v);
    }

    /** Exchanges two bytes; returns the old value. */
    public static short xchgShort(final long a, final short v) {
        return UnsafeApi.getAndSetShort(null, a, v);
    }

    /** Exchanges four bytes; returns the old value. */
    public static int xchgInt(final long a, final int v) {
        return UnsafeApi.getAndSetInt(null, a, v);
    }

    /** Exchanges eight bytes; returns the old value. */
    public static long xchgLong(final long a, final long v) {
        return UnsafeApi.getAndSetLong(null, a, v);
    }

    /** Adds to a four-byte word; returns the old value. */
    public static int getAndAddInt(final long a, final int delta) {
        return UnsafeApi.getAndAddInt(null, a, delta);
    }

    /** Adds to an eight-byte word; returns the old value. */
    public static long getAndAddLong(final long a, final long delta) {
        return UnsafeApi.getAndAddLong(null, a, delta);
    }

    /** Sets bits of a four-byte word; returns the old value. */
    public static int getAndOrInt(final long a, final int bits) {
        return UnsafeApi.getAndBitwiseOrInt(null, a, bits);
    }

    /** Keeps only {@code mask} of a four-byte word; returns the old value. */
    public static int getAndAndInt(final long a, final int mask) {
        return UnsafeApi.getAndBitwiseAndInt(null, a, mask);
    }

    /** Sets bits of an eight-byte word; returns the old value. */
    public static long getAndOrLong(final long a, final long bits) {
        return UnsafeApi.getAndBitwiseOrLong(null, a, bits);
    }

    /** Keeps only {@code mask} of an eight-byte word; returns the old value. */
    public static long getAndAndLong(final long a, final long mask) {
        return UnsafeApi.getAndBitwiseAndLong(null, a, mask);
    }

    // ---- blocks ----

    /**
     * Copies {@code bytes} bytes; the regions may overlap. Order between the single bytes is not promised:
     * publish a copied block with a release store after it.
     */
    public static void copy(final long src, final long dst, final long bytes) {
        UnsafeApi.copyMemory(src, dst, bytes);
    }

    /** Sets {@code bytes} bytes from {@code a} on to {@code v}. */
    public static void fill(final long a, final long bytes, final byte v) {
        UnsafeApi.setMemory(a, bytes, v);
    }

    /** Copies {@code n} bytes from {@code src[off]} to address {@code dst}. Bounds of the array are checked. */
    public static void copyIn(final byte[] src, final int off, final long dst, final int n) {
        java.util.Objects.checkFromIndexSize(off, n, src.length);
        UnsafeApi.copyMemory(src, BYTE_ARRAY_BASE + (long) off, null, dst, n);
    }

    /** Copies {@code n} bytes from address {@code src} to {@code dst[off]}. Bounds of the array are checked. */
    public static void copyOut(final long src, final byte[] dst, final int off, final int n) {
        java.util.Objects.checkFromIndexSize(off, n, dst.length);
        UnsafeApi.copyMemory(null, src, dst, BYTE_ARRAY_BASE + (long) off, n);
    }

    /** Orders every access before it against every access after it. */
    public static void fullFence() {
        UnsafeApi.fullFence();
    }
}
