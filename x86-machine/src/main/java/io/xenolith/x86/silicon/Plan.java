package io.xenolith.x86.silicon;

import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.decode.OperandSpec;
import io.xenolith.x86.decode.Row;
import io.xenolith.x86.silicon.Form.Address;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Every {@link Form} of every row of an instruction table, and the rows left out. */
final class Plan {
    private static final Address[] WIDE = {
        Address.BASE, Address.BASE8, Address.BASE32, Address.SIB, Address.SIB8, Address.SIB32, Address.SIB_NO_BASE,
        Address.DIRECT};
    private static final Address[] NARROW = {
        Address.NARROW, Address.NARROW8, Address.NARROW16, Address.NARROW_DIRECT};
    private static final String SIZED_BY_OPERAND = "vzyap";
    /** Rows without explicit operands whose operand size changes nothing. */
    private static final Set<String> UNSIZED = Set.of("CLC", "STC", "CMC", "CLD", "STD", "LAHF", "SAHF", "XLAT", "DAA",
        "DAS", "AAA", "AAS", "SALC", "CLI", "STI", "HLT", "INT3", "INTO", "UD2", "WAIT", "FWAIT", "CPUID", "RDTSC");

    private final List<Form> forms = new ArrayList<>();
    private final Map<Row, String> excluded = new LinkedHashMap<>();
    private final List<Row> uncovered = new ArrayList<>();

    /**
     * Enumerates.
     *
     * @param only mnemonic to restrict the run to, or null.
     */
    Plan(final InstructionTable table, final String only) {
        for (final Row row : table.rows()) {
            if (only != null && !only.equalsIgnoreCase(row.mnemonic())) {
                continue;
            }
            final String reason = Exclusions.reason(row);
            if (reason != null) {
                excluded.put(row, reason);
                continue;
            }
            final int before = forms.size();
            addRow(row);
            if (forms.size() == before) {
                uncovered.add(row);
            }
        }
    }

    List<Form> forms() {
        return forms;
    }

    /** Rows that are not tried, with the reason. */
    Map<Row, String> excluded() {
        return excluded;
    }

    /** Rows without any form though they are not excluded: a defect of the plan. */
    List<Row> uncovered() {
        return uncovered;
    }

    private void addRow(final Row row) {
        if (row.validIn64()) {
            for (final int size : sizes(row, true)) {
                addAddresses(row, Mode.BITS64, size);
            }
        }
        if (row.validIn32()) {
            for (final int size : sizes(row, false)) {
                addAddresses(row, Mode.BITS32, size);
            }
        }
    }

    private static int[] sizes(final Row row, final boolean is64) {
        if (row.encoding().rexW()) {
            return is64 ? new int[] {8} : new int[0];
        }
        if (is64 && row.isForce64()) {
            return new int[] {8};
        }
        if (!sized(row)) {
            return new int[] {4};
        }
        if (row.mnemonic().equals("BSWAP")) {
            return is64 ? new int[] {4, 8} : new int[] {4}; // 16-bit: undefined
        }
        if (is64) {
            return row.isDefault64() ? new int[] {2, 8} : new int[] {2, 4, 8};
        }
        return new int[] {2, 4};
    }

    private static boolean sized(final Row row) {
        final int prefix = row.encoding().prefix();
        if (prefix == 0x66 || prefix == io.xenolith.x86.decode.Encoding.NONE) {
            return row.operands().stream().anyMatch(s -> "y".equals(s.size()));
        }
        boolean any = row.operands().isEmpty() && row.encoding().map() == 0 && !row.encoding().modRm()
            && !UNSIZED.contains(row.mnemonic());
        for (final OperandSpec s : row.operands()) {
            any |= s.letter() == 'e' || s.letter() == 'r'
                || !s.size().isEmpty() && SIZED_BY_OPERAND.contains(s.size()) || s.letter() == 'F' || s.letter() == 'J';
        }
        return any || row.isDefault64() || row.mnemonic().startsWith("RET");
    }

    private void addAddresses(final Row row, final Mode mode, final int size) {
        final Form probe = new Form(row, mode, size, Address.NONE, 0);
        final OperandSpec rm = probe.rmOperand();
        if (row.encoding().modRm() && row.encoding().fixedModRm() < 0 && rm != null) {
            if (!row.isMemoryOnly()) {
                add(row, mode, size, Address.REGISTER);
            }
            if ("EQWM".indexOf(rm.letter()) >= 0 && !row.isRegisterOnly()) {
                for (final Address a : WIDE) {
                    add(row, mode, size, a);
                }
                if (mode == Mode.BITS32) {
                    for (final Address a : NARROW) {
                        add(row, mode, size, a);
                    }
                }
            }
            return;
        }
        add(row, mode, size, Address.NONE);
    }

    private void add(final Row row, final Mode mode, final int size, final Address address) {
        final int mandatory = row.encoding().prefix();
        forms.add(new Form(row, mode, size, address, mandatory == 0xF2 || mandatory == 0xF3 ? mandatory : 0));
        if (row.repeats()) {
            forms.add(new Form(row, mode, size, address, 0xF3));
            forms.add(new Form(row, mode, size, address, 0xF2));
        }
    }
}
