package io.xenolith.x86.decode;

import io.xenolith.x86.Exec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Every instruction that the CPU knows. Filled once, then only read. */
public final class InstructionTable {
    private static final Row[] NO_ROWS = {};

    private final List<Row> rows = new ArrayList<>();
    private final Row[][] byOpcode = new Row[Encoding.MAPS * 256][];
    private final Set<String> encodings = new HashSet<>();
    private final boolean[] modRm = new boolean[Encoding.MAPS * 256];

    /** An empty table. */
    public InstructionTable() {
        Arrays.fill(byOpcode, NO_ROWS);
    }

    /**
     * Adds an instruction.
     *
     * @param encoding in the manual's notation, see {@link Encoding}
     * @param mnemonic in upper case
     * @param operands comma-separated, see {@link OperandSpec}; empty for none
     * @param exec     the body
     * @return the row, for its attributes
     * @throws IllegalArgumentException when a notation is unknown, or there is such a row
     */
    public Row add(final String encoding, final String mnemonic, final String operands, final Exec exec) {
        final Row row = new Row(Encoding.parse(encoding), mnemonic, operands, exec);
        if (!encodings.add(encoding + " " + operands)) {
            throw new IllegalArgumentException("two rows for " + encoding + " " + mnemonic);
        }
        rows.add(row);
        final int last = row.encoding().plusRegister() ? 7 : 0;
        for (int r = 0; r <= last; r++) {
            index(row.encoding().map() << 8 | row.encoding().opcode() + r, row);
        }
        return row;
    }

    private void index(final int slot, final Row row) {
        final Row[] old = byOpcode[slot];
        final Row[] now = Arrays.copyOf(old, old.length + 1);
        now[old.length] = row;
        byOpcode[slot] = now;
        modRm[slot] |= row.encoding().modRm();
    }

    /** All rows in order of registration. */
    public List<Row> rows() {
        return Collections.unmodifiableList(rows);
    }

    /** Whether some row of an opcode has a ModRM byte. */
    boolean hasModRm(final int map, final int opcode) {
        return modRm[map << 8 | opcode];
    }

    /**
     * Finds the row of an instruction.
     *
     * @param modRmByte -1 when the opcode has none
     * @return null when there is no such instruction
     */
    Row find(final int map, final int opcode, final int modRmByte, final int rep, final boolean operand16,
             final boolean w, final boolean in64) {
        Row best = null;
        int bestScore = -1;
        for (final Row row : byOpcode[map << 8 | opcode]) {
            final int score = row.match(modRmByte, rep, operand16, w, in64);
            if (score > bestScore) {
                bestScore = score;
                best = row;
            }
        }
        return best;
    }
}
