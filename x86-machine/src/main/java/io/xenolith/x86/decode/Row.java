package io.xenolith.x86.decode;

import io.xenolith.x86.Exec;
import io.xenolith.x86.Insn;
import java.util.ArrayList;
import java.util.List;

/** A row of the instruction table: one mnemonic with one set of operand forms. */
public final class Row {
    private final Encoding encoding;
    private final String mnemonic;
    private final List<OperandSpec> operands = new ArrayList<>();
    private final Exec exec;
    private int undefinedFlags;
    private Feature feature = Feature.BASE;
    private boolean mode32 = true;
    private boolean mode64 = true;
    private boolean lockable;
    private boolean privileged;
    private boolean endsBlock;
    private boolean default64;
    private boolean force64;
    private boolean memoryOnly;
    private boolean registerOnly;
    private boolean ignoresMod;
    private boolean repeats;
    private HotForm hot;

    /** Chooses a specialised form of an instruction. */
    @FunctionalInterface
    public interface HotForm {
        /**
         * The specialised form.
         *
         * @param i    the instruction, completely decoded
         * @param flat true when offsets in DS, ES and SS are linear addresses that may be read and written
         * @return null when this form has none
         */
        Insn specialise(Insn i, boolean flat);
    }

    Row(final Encoding encoding, final String mnemonic, final String operandText, final Exec exec) {
        this.encoding = encoding;
        this.mnemonic = mnemonic;
        this.exec = exec;
        if (!operandText.isBlank()) {
            for (final String part : operandText.split(",")) {
                operands.add(OperandSpec.parse(part.trim()));
            }
        }
        for (final OperandSpec operand : operands) {
            if (operand.needsModRm()) {
                encoding.requireModRm();
            }
            memoryOnly |= operand.memoryOnly();
            registerOnly |= operand.registerOnly();
            ignoresMod |= operand.letter() == 'R';
        }
    }

    /** Arithmetic flags that the manual leaves undefined after it. */
    public Row undefined(final int eflagsMask) {
        undefinedFlags = eflagsMask;
        return this;
    }

    public Row feature(final Feature f) {
        feature = f;
        return this;
    }

    /** Invalid in 64-bit mode. */
    public Row not64() {
        mode64 = false;
        return this;
    }

    /** Only in 64-bit mode. */
    public Row only64() {
        mode32 = false;
        return this;
    }

    /** LOCK is allowed when the destination is memory. */
    public Row lockable() {
        lockable = true;
        return this;
    }

    /** Needs CPL 0, or I/O privilege. */
    public Row privileged() {
        privileged = true;
        return this;
    }

    /** Needs CPL 0. */
    public Row cpl0() {
        return privileged();
    }

    /** May go elsewhere than to its successor, or changes what decoding depends on. */
    public Row ends() {
        endsBlock = true;
        return this;
    }

    /** Operand size is 64 bits in 64-bit mode without REX.W; 66 makes it 16 (PUSH, POP, ENTER...). */
    public Row default64() {
        default64 = true;
        return this;
    }

    /** Operand size is 64 bits in 64-bit mode whatever the prefixes (near branches, MOV to CR). */
    public Row force64() {
        force64 = true;
        return this;
    }

    /** A string instruction: repeated under F2 and F3, and then ends its block. */
    public Row repeating() {
        repeats = true;
        return this;
    }

    /** Gives it specialised forms. */
    public Row hot(final HotForm form) {
        hot = form;
        return this;
    }

    public Encoding encoding() {
        return encoding;
    }

    public String mnemonic() {
        return mnemonic;
    }

    public List<OperandSpec> operands() {
        return operands;
    }

    public Exec exec() {
        return exec;
    }

    public int undefinedFlags() {
        return undefinedFlags;
    }

    public Feature feature() {
        return feature;
    }

    public boolean validIn32() {
        return mode32;
    }

    public boolean validIn64() {
        return mode64;
    }

    public boolean isLockable() {
        return lockable;
    }

    public boolean isPrivileged() {
        return privileged;
    }

    public boolean endsBlock() {
        return endsBlock;
    }

    /** True for string instructions that REP repeats. */
    public boolean repeats() {
        return repeats;
    }

    public boolean isDefault64() {
        return default64;
    }

    public boolean isForce64() {
        return force64;
    }

    /** The ModRM operand must be memory. */
    public boolean isMemoryOnly() {
        return memoryOnly;
    }

    /** The ModRM operand must be a register. */
    public boolean isRegisterOnly() {
        return registerOnly;
    }

    /** MOV to and from control and debug registers: the rm field names a register whatever mod says. */
    boolean ignoresMod() {
        return ignoresMod;
    }

    HotForm hotForm() {
        return hot;
    }

    int match(final int modRmByte, final int rep, final boolean operand16, final boolean w, final boolean in64) {
        if (!(in64 ? mode64 : mode32)) {
            return -1;
        }
        if (modRmByte >= 0 && encoding.fixedModRm() < 0) {
            final boolean isMemory = modRmByte < 0xc0;
            if (memoryOnly && !isMemory || registerOnly && isMemory) {
                return -1;
            }
        }
        return encoding.match(modRmByte, rep, operand16, w);
    }

    @Override
    public String toString() {
        return encoding + " " + mnemonic + " " + operands;
    }
}
