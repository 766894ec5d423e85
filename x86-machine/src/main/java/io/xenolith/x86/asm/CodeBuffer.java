package io.xenolith.x86.asm;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Growing byte buffer with labels, references to labels and data directives.
 *
 * <p>Address of a byte = origin + its offset. References are resolved by {@link #toBytes()}; an unbound label or a
 * value that does not fit its field is an {@link AssemblyException} that names the label.
 */
public class CodeBuffer {
    private record Fixup(int at, int size, Label label, long addend, Label minus, boolean relative, int end) {
    }

    private final long origin;
    private final List<Fixup> fixups = new ArrayList<>();
    private byte[] bytes = new byte[256];
    private int length;
    private int anonymous;

    /**
     * An empty buffer.
     *
     * @param origin address of its first byte.
     */
    public CodeBuffer(final long origin) {
        this.origin = origin;
    }

    /**
     * Address of the first byte.
     *
     * @return the origin.
     */
    public final long origin() {
        return origin;
    }

    /**
     * Bytes emitted so far.
     *
     * @return offset of the next byte.
     */
    public final int position() {
        return length;
    }

    /**
     * Address of the next byte.
     *
     * @return origin + position.
     */
    public final long here() {
        return origin + length;
    }

    /**
     * A new label, not yet bound.
     *
     * @param name name for messages.
     * @return the label.
     */
    public final Label label(final String name) {
        return new Label(name);
    }

    /**
     * A new nameless label, not yet bound.
     *
     * @return the label.
     */
    public final Label label() {
        return new Label("L" + anonymous++);
    }

    /**
     * Gives a label the current position.
     *
     * @param label label that was not bound before.
     */
    public final void bind(final Label label) {
        label.bind(length);
    }

    /**
     * Makes a label at the current position.
     *
     * @param name name for messages.
     * @return the bound label.
     */
    public final Label mark(final String name) {
        final Label label = label(name);
        bind(label);
        return label;
    }

    /**
     * Address of a bound label.
     *
     * @param label bound label.
     * @return origin + its offset.
     */
    public final long address(final Label label) {
        return origin + label.offset();
    }

    /**
     * Emits bytes.
     *
     * @param values low eight bits of each.
     */
    public final void db(final int... values) {
        for (final int v : values) {
            put(v, 1);
        }
    }

    /**
     * Emits bytes.
     *
     * @param data bytes to copy.
     */
    public final void db(final byte[] data) {
        ensure(data.length);
        System.arraycopy(data, 0, bytes, length, data.length);
        length += data.length;
    }

    /**
     * Emits text in ISO 8859-1 without a terminator.
     *
     * @param text characters below 256.
     */
    public final void ascii(final String text) {
        db(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * Emits text and a zero byte.
     *
     * @param text characters below 256.
     */
    public final void asciz(final String text) {
        ascii(text);
        db(0);
    }

    /**
     * Emits 16-bit words.
     *
     * @param values low sixteen bits of each.
     */
    public final void dw(final int... values) {
        for (final int v : values) {
            put(v, 2);
        }
    }

    /**
     * Emits 32-bit words.
     *
     * @param values low 32 bits of each.
     */
    public final void dd(final long... values) {
        for (final long v : values) {
            put(v, 4);
        }
    }

    /**
     * Emits 64-bit words.
     *
     * @param values values.
     */
    public final void dq(final long... values) {
        for (final long v : values) {
            put(v, 8);
        }
    }

    /**
     * Emits the address of a label.
     *
     * @param label label.
     * @param size  2, 4 or 8 bytes.
     */
    public final void address(final Label label, final int size) {
        reference(label, 0, size);
    }

    /**
     * Emits the address of a label plus a constant.
     *
     * @param label  label.
     * @param addend constant.
     * @param size   1, 2, 4 or 8 bytes.
     */
    public final void reference(final Label label, final long addend, final int size) {
        fixups.add(new Fixup(length, size, label, addend, null, false, 0));
        put(0, size);
    }

    /**
     * Emits the distance between two labels.
     *
     * @param to     minuend.
     * @param from   subtrahend.
     * @param addend constant to add.
     * @param size   1, 2, 4 or 8 bytes.
     */
    public final void difference(final Label to, final Label from, final long addend, final int size) {
        fixups.add(new Fixup(length, size, to, addend, from, false, 0));
        put(0, size);
    }

    /**
     * Emits a displacement relative to the end of the current instruction.
     *
     * @param label    target.
     * @param addend   constant to add to the target.
     * @param size     1, 2 or 4 bytes.
     * @param trailing bytes of the instruction that follow the displacement.
     */
    final void relative(final Label label, final long addend, final int size, final int trailing) {
        fixups.add(new Fixup(length, size, label, addend, null, true, length + size + trailing));
        put(0, size);
    }

    /**
     * Emits {@code count} bytes of the given value.
     *
     * @param count number of bytes.
     * @param value low eight bits.
     */
    public final void fill(final int count, final int value) {
        ensure(count);
        Arrays.fill(bytes, length, length + count, (byte)value);
        length += count;
    }

    /**
     * Pads with a byte until the address is a multiple of {@code boundary}.
     *
     * @param boundary power of two.
     * @param value    padding byte.
     */
    public final void align(final int boundary, final int value) {
        fill((int)(-here() & (boundary - 1)), value);
    }

    /**
     * Pads with zero bytes.
     *
     * @param boundary power of two.
     */
    public final void align(final int boundary) {
        align(boundary, 0);
    }

    /**
     * Pads with zero bytes up to an address.
     *
     * @param address address not below {@link #here()}.
     */
    public final void org(final long address) {
        if (address < here()) {
            throw new AssemblyException("org moves backwards: here=" + Long.toHexString(here()) +
                " address=" + Long.toHexString(address));
        }
        fill((int)(address - here()), 0);
    }

    /**
     * The assembled bytes with all references resolved. May be called repeatedly.
     *
     * @return a copy.
     * @throws AssemblyException when a label is unbound or a value does not fit.
     */
    public final byte[] toBytes() {
        final byte[] result = Arrays.copyOf(bytes, length);
        for (final Fixup f : fixups) {
            resolve(f, result);
        }
        return result;
    }

    final void put(final long value, final int size) {
        ensure(size);
        for (int i = 0; i < size; i++) {
            bytes[length++] = (byte)(value >>> (8 * i));
        }
    }

    private void resolve(final Fixup f, final byte[] out) {
        long value = f.label.offset() + f.addend;
        if (f.relative) {
            value -= f.end;
        } else if (f.minus != null) {
            value -= f.minus.offset();
        } else {
            value += origin;
        }
        if (!fits(value, f.size, f.relative)) {
            throw new AssemblyException("does not fit: label=" + f.label.name() + " bytes=" + f.size +
                " value=" + Long.toHexString(value));
        }
        for (int i = 0; i < f.size; i++) {
            out[f.at + i] = (byte)(value >>> (8 * i));
        }
    }

    private static boolean fits(final long value, final int size, final boolean signedOnly) {
        if (size == 8) {
            return true;
        }
        final long limit = 1L << (8 * size - 1);
        return value >= -limit && value < (signedOnly ? limit : 2 * limit);
    }

    private void ensure(final int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

}
