package io.xenolith.x86.fpu;

import io.xenolith.x86.Cpu;
import io.xenolith.x86.Eflags;
import io.xenolith.x86.Exec;
import io.xenolith.x86.decode.Feature;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.fpu.X87Unit.Operation;

/** Rows that compute and compare. */
final class FpuArithmeticRows {
    private static final Operation[] OPERATIONS = {
        Operation.ADD, Operation.MUL, null, null, Operation.SUB, Operation.SUB_REVERSED, Operation.DIV, Operation.DIV_REVERSED};
    private static final String[] NAMES = {"ADD", "MUL", "COM", "COMP", "SUB", "SUBR", "DIV", "DIVR"};

    private final InstructionTable table;

    FpuArithmeticRows(InstructionTable table) {
        this.table = table;
    }

    private void row(String encoding, String mnemonic, String operands, Exec body) {
        table.add(encoding, mnemonic, operands, X87Gate.waiting(body)).feature(Feature.X87);
    }

    void register() {
        for (int digit = 0; digit < 8; digit++) {
            if (OPERATIONS[digit] != null) {
                memoryForms(digit);
                registerForms(digit);
            }
        }
        comparisons();
        flagComparisons();
        unary();
        transcendentals();
    }

    private void memoryForms(int digit) {
        Operation op = OPERATIONS[digit];
        String name = NAMES[digit];
        row("D8 /" + digit, "F" + name, "Md", (c, i) -> c.fpu.unit.arithmetic32(op, c.read32(i.linear(c, 4, false))));
        row("DC /" + digit, "F" + name, "Mq", (c, i) -> c.fpu.unit.arithmetic64(op, c.read64(i.linear(c, 8, false))));
        row("DA /" + digit, "FI" + name, "Md", (c, i) -> c.fpu.unit.arithmeticInteger(op, c.read32(i.linear(c, 4, false))));
        row("DE /" + digit, "FI" + name, "Mw", (c, i) -> c.fpu.unit.arithmeticInteger(op, (short) c.read16(i.linear(c, 2, false))));
    }

    /** The DC and DE encodings exchange the plain and the reversed form of subtraction and division. */
    private void registerForms(int digit) {
        Operation op = OPERATIONS[digit];
        row(stack("D8", digit), "F" + NAMES[digit], "ST,STi", (c, i) -> c.fpu.unit.arithmetic(op, 0, i.rm & 7, false));
        int other = digit < 4 ? digit : digit ^ 1;
        Operation exchanged = OPERATIONS[other];
        row(stack("DC", digit), "F" + NAMES[other], "STi,ST", (c, i) -> c.fpu.unit.arithmetic(exchanged, i.rm & 7, 0, false));
        row(stack("DE", digit), "F" + NAMES[other] + "P", "STi,ST", (c, i) -> c.fpu.unit.arithmetic(exchanged, i.rm & 7, 0, true));
    }

    private static String stack(String opcode, int digit) {
        return opcode + " " + Integer.toHexString(0xc0 + 8 * digit).toUpperCase() + "+i";
    }

    private void comparisons() {
        for (int pops = 0; pops < 2; pops++) {
            int n = pops;
            String suffix = pops == 0 ? "" : "P";
            int digit = 2 + pops;
            row("D8 /" + digit, "FCOM" + suffix, "Md", (c, i) -> conclude(c, c.fpu.unit.compare.memory32(c.read32(i.linear(c, 4, false))), n));
            row("DC /" + digit, "FCOM" + suffix, "Mq", (c, i) -> conclude(c, c.fpu.unit.compare.memory64(c.read64(i.linear(c, 8, false))), n));
            row("DA /" + digit, "FICOM" + suffix, "Md", (c, i) -> conclude(c, c.fpu.unit.compare.integer(c.read32(i.linear(c, 4, false))), n));
            row("DE /" + digit, "FICOM" + suffix, "Mw",
                (c, i) -> conclude(c, c.fpu.unit.compare.integer((short) c.read16(i.linear(c, 2, false))), n));
            register(stack("D8", digit), "FCOM" + suffix, false, n);
            register(stack("DC", digit), "FCOM" + suffix, false, n);
            register(stack("DD", 4 + pops), "FUCOM" + suffix, true, n);
        }
        register("DE D0+i", "FCOMP", false, 1);
        row("DE D9", "FCOMPP", "", (c, i) -> conclude(c, c.fpu.unit.compare.registers(1, false), 2));
        row("DA E9", "FUCOMPP", "", (c, i) -> conclude(c, c.fpu.unit.compare.registers(1, true), 2));
        row("D9 E4", "FTST", "", (c, i) -> conclude(c, c.fpu.unit.compare.integer(0), 0));
        row("D9 E5", "FXAM", "", (c, i) -> c.fpu.unit.compare.examine());
    }

    private void register(String encoding, String name, boolean quiet, int pops) {
        row(encoding, name, "ST,STi", (c, i) -> conclude(c, c.fpu.unit.compare.registers(i.rm & 7, quiet), pops));
    }

    private static void conclude(Cpu c, int answer, int pops) {
        c.fpu.unit.compare.setConditions(answer);
        pop(c, pops);
    }

    private static void pop(Cpu c, int pops) {
        if (c.fpu.unit.compare.mayPop()) {
            for (int n = 0; n < pops; n++) {
                c.fpu.pop();
            }
        }
    }

    private void flagComparisons() {
        flagComparison("DB F0+i", "FCOMI", false, 0);
        flagComparison("DF F0+i", "FCOMIP", false, 1);
        flagComparison("DB E8+i", "FUCOMI", true, 0);
        flagComparison("DF E8+i", "FUCOMIP", true, 1);
    }

    private void flagComparison(String encoding, String name, boolean quiet, int pops) {
        table.add(encoding, name, "ST,STi", X87Gate.waiting((c, i) -> {
            setFlags(c, c.fpu.unit.compare.registers(i.rm & 7, quiet));
            pop(c, pops);
        })).feature(Feature.P6);
    }

    /** ZF, PF and CF from a comparison's answer; OF, SF and AF are cleared. */
    public static void setFlags(Cpu c, int answer) {
        int bits = switch (answer) {
            case X87Compare.LESS -> Eflags.CF;
            case X87Compare.EQUAL -> Eflags.ZF;
            case X87Compare.GREATER -> 0;
            default -> Eflags.ZF | Eflags.PF | Eflags.CF;
        };
        c.setEflags(c.eflags() & ~Eflags.ARITHMETIC | bits);
    }

    private void unary() {
        row("D9 E0", "FCHS", "", (c, i) -> c.fpu.unit.sign(0x8000, 0x8000));
        row("D9 E1", "FABS", "", (c, i) -> c.fpu.unit.sign(0, 0));
        row("D9 FA", "FSQRT", "", (c, i) -> c.fpu.unit.squareRoot());
        row("D9 FC", "FRNDINT", "", (c, i) -> c.fpu.unit.roundToInteger());
        row("D9 FD", "FSCALE", "", (c, i) -> c.fpu.unit.scale.scale());
        row("D9 F4", "FXTRACT", "", (c, i) -> c.fpu.unit.scale.extract());
        row("D9 F8", "FPREM", "", (c, i) -> c.fpu.unit.scale.remainder(false));
        row("D9 F5", "FPREM1", "", (c, i) -> c.fpu.unit.scale.remainder(true));
    }

    private void transcendentals() {
        row("D9 F0", "F2XM1", "", (c, i) -> c.fpu.unit.transcendental().powerMinusOne());
        row("D9 F1", "FYL2X", "", (c, i) -> c.fpu.unit.transcendental().yLog2());
        row("D9 F9", "FYL2XP1", "", (c, i) -> c.fpu.unit.transcendental().yLog2Plus1());
        row("D9 F2", "FPTAN", "", (c, i) -> c.fpu.unit.transcendental().tangent());
        row("D9 F3", "FPATAN", "", (c, i) -> c.fpu.unit.transcendental().arcTangent());
        row("D9 FB", "FSINCOS", "", (c, i) -> c.fpu.unit.transcendental().sineCosine());
        row("D9 FE", "FSIN", "", (c, i) -> c.fpu.unit.transcendental().circular(false));
        row("D9 FF", "FCOS", "", (c, i) -> c.fpu.unit.transcendental().circular(true));
    }
}
