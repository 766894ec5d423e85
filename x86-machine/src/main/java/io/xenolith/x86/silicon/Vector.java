package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.*;

import io.xenolith.shm.Raw;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A case as one line of text, to be kept as a regression test that needs no child:
 * {@code form=... | code=... at=... | before words | after words as silicon has them}. Words are eight bytes of a half of a slot,
 * {@code name=hex}; those before that have their usual value and those after that did not change are left out.
 */
final class Vector {
    private static final String[] GPR_NAMES = {"rax", "rcx", "rdx", "rbx", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "flags", "rsp", "ip", "seg", "ss", "fsbase", "gsbase",
        "trap", "error", "cr2"};
    private static final int NAMED_WORDS = GPR_NAMES.length;
    private static final int FX_END = FX + 416;
    private static final long PLAIN_FX_CONTROL = 0x37F;
    private static final long PLAIN_MXCSR = 0x1F80;

    /** The form's text. */
    final String form;
    final byte[] code;
    final int codeOffset;
    final boolean narrowCode;
    final boolean blocks;
    final int immediate;
    final int rm;
    final int undefined;
    final Map<Integer, Long> before;
    final Map<Integer, Long> after;

    private Vector(
        final String form, final String codePart, final Map<Integer, Long> before, final Map<Integer, Long> after) {
        this.form = form;
        this.code = HexFormat.of().parseHex(value(codePart, "code", ""));
        this.codeOffset = Integer.parseInt(value(codePart, "at", "0"), 16);
        this.immediate = Integer.parseUnsignedInt(value(codePart, "imm", "0"), 16);
        this.rm = Integer.parseInt(value(codePart, "rm", "0"));
        this.undefined = Integer.parseInt(value(codePart, "undefined", "0"), 16);
        this.narrowCode = codePart.contains(" narrow");
        this.blocks = codePart.contains(" blocks");
        this.before = before;
        this.after = after;
    }

    /** Writes a case and what silicon made of it. */
    static String write(final Case c, final long before, final long silicon) {
        final StringBuilder b = new StringBuilder("form=").append(c.form).append(" | code=")
            .append(HexFormat.of().formatHex(c.code, 0, c.length)).append(" at=").append(Integer.toHexString(c.codeOffset))
            .append(" imm=").append(Integer.toHexString(c.immediate)).append(" rm=").append(c.rm)
            .append(" undefined=").append(Integer.toHexString(c.undefinedBefore)).append(c.narrowCode ? " narrow" : "").append(c.blocks ? " blocks" : "").append(" |");
        forEachWord(offset -> {
            final long v = Raw.getLong(before + offset);
            if (offset < TRAP_AT || offset >= FX) {
                word(b, offset, v, usual(offset));
            }
        });
        b.append(" |");
        forEachWord(offset -> {
            final long old = unchanged(offset, Raw.getLong(before + offset));
            if (offset != IP_AT || Raw.getLong(silicon + TRAP_AT) != NO_TRAP) {
                word(b, offset, Raw.getLong(silicon + offset), old);
            }
        });
        return b.toString();
    }

    /** What a word of the second half holds when nothing is said. */
    static long unchanged(final int offset, final long before) {
        return offset >= TRAP_AT && offset < FX ? 0 : before;
    }

    /**
     * The case, with the form of this plan that has the same text.
     *
     * @throws IllegalArgumentException when the instruction table has no such form any more.
     */
    Case toCase(final Plan plan) {
        final Case c = new Case();
        c.form = plan.forms().stream().filter(f -> f.toString().equals(form)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no such form: " + form));
        System.arraycopy(code, 0, c.code, 0, code.length);
        c.length = code.length;
        c.codeOffset = codeOffset;
        c.narrowCode = narrowCode;
        c.blocks = blocks;
        c.immediate = immediate;
        c.rm = rm;
        c.undefinedBefore = undefined;
        return c;
    }

    /** Offsets of the words of a half that a vector holds. */
    static List<Integer> words() {
        final List<Integer> all = new ArrayList<>();
        forEachWord(all::add);
        return all;
    }

    /** Words that say where the code is. */
    static boolean isFixed(final int offset) {
        return offset == IP_AT || offset >= TRAP_AT && offset < FX;
    }

    private interface WordVisitor {
        void visit(int offset);
    }

    private static void forEachWord(final WordVisitor v) {
        for (int i = 0; i < NAMED_WORDS; i++) {
            v.visit(8 * i);
        }
        for (int offset = FX; offset < FX_END; offset += 8) {
            v.visit(offset);
        }
        for (int offset = MEMORY; offset < MEMORY + Windows.SPOTS_BYTES; offset += 8) {
            v.visit(offset);
        }
    }

    private static void word(final StringBuilder b, final int offset, final long value, final long usual) {
        if (value != usual) {
            b.append(' ').append(name(offset)).append('=').append(Long.toHexString(value));
        }
    }

    /** What a word of the first half holds when nothing is said. */
    static long usual(final int offset) {
        return switch (offset) {
            case FX + FxImage.FCW -> PLAIN_FX_CONTROL;
            case FX + FxImage.MXCSR -> PLAIN_MXCSR;
            case FLAGS_AT -> 2;
            case DS_AT -> (long) Segments.USER_DS << 16 | Segments.USER_DS;
            case SS_AT -> Segments.USER_DS;
            default -> 0;
        };
    }

    private static String name(final int offset) {
        if (offset < 8 * NAMED_WORDS) {
            return GPR_NAMES[offset / 8];
        }
        return offset < MEMORY ? "fx" + (offset - FX) : "m" + Long.toHexString(address(offset));
    }

    private static long address(final int offset) {
        int rest = offset - MEMORY;
        int spot = 0;
        while (rest >= Windows.SPOT_BYTES[spot]) {
            rest -= Windows.SPOT_BYTES[spot++];
        }
        return Windows.SPOT[spot] + rest;
    }

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException when it is not one of {@link #write}.
     */
    static Vector read(final String line) {
        final String[] parts = line.split(" \\|", -1);
        if (parts.length != 4 || !parts[0].startsWith("form=")) {
            throw new IllegalArgumentException("not a vector: " + line);
        }
        return new Vector(parts[0].substring(5), parts[1], words(parts[2]), words(parts[3]));
    }

    /** What follows {@code name=} in a row of words. */
    private static String value(final String text, final String name, final String otherwise) {
        for (final String w : text.trim().split(" ")) {
            if (w.startsWith(name + "=")) {
                return w.substring(name.length() + 1);
            }
        }
        return otherwise;
    }

    private static Map<Integer, Long> words(final String text) {
        final Map<Integer, Long> result = new LinkedHashMap<>();
        final Map<String, Integer> names = new LinkedHashMap<>();
        forEachWord(offset -> names.put(name(offset), offset));
        for (final String w : text.trim().split(" ")) {
            if (!w.isEmpty()) {
                final int equals = w.indexOf('=');
                result.put(names.get(w.substring(0, equals)), Long.parseUnsignedLong(w.substring(equals + 1), 16));
            }
        }
        return result;
    }
}
