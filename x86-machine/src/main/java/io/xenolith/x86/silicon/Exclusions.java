package io.xenolith.x86.silicon;

import io.xenolith.x86.decode.Row;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Instructions that user mode of this host cannot judge, each with the reason. */
final class Exclusions {
    private static final Map<String, String> BY_MNEMONIC = new LinkedHashMap<>();

    static {
        put("would be a system call of the host", "SYSCALL", "SYSENTER");
        put("differs from run to run by its nature", "RDTSC", "RDPMC", "CPUID");
        put("the host's kernel hides or emulates it (UMIP)", "SGDT", "SIDT", "SLDT", "STR", "SMSW");
        put("far transfer: judged beside QEMU", "CALLF", "JMPF", "RETF", "IRET");
        put("not offered: hidden in CPUID, #UD", "CMPXCHG16B");
        put("depends on the alarm state of the host's debug unit", "INT1");
    }

    private Exclusions() {
    }

    private static void put(final String reason, final String... mnemonics) {
        for (final String m : mnemonics) {
            BY_MNEMONIC.put(m, reason);
        }
    }

    /** Every mnemonic on the list. */
    static Set<String> mnemonics() {
        return Collections.unmodifiableSet(BY_MNEMONIC.keySet());
    }

    /** Why a row is not tried, or null when it is. */
    static String reason(final Row row) {
        final String byName = BY_MNEMONIC.get(row.mnemonic());
        if (byName != null) {
            return byName;
        }
        if (isFar(row)) {
            return BY_MNEMONIC.get("JMPF");
        }
        return null;
    }

    /** Far transfers that share a mnemonic with the near ones. */
    private static boolean isFar(final Row row) {
        final boolean transfer = row.mnemonic().equals("CALL") || row.mnemonic().equals("JMP");
        final boolean farOperand = row.operands().stream().anyMatch(s -> "Ap".equals(s.text()) || "Mp".equals(s.text())
            || "Ep".equals(s.text()));
        return transfer && farOperand;
    }
}
