package io.xenolith.x86.bare;

import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Reg;
import java.util.stream.IntStream;

/** Every selector of the tables, and some outside, loaded and queried at every level. */
final class SegmentScenarios {
    private static final int[] RINGS = {0, 1, 3};

    private SegmentScenarios() {
    }

    static int[] selectors() {
        return IntStream.concat(IntStream.iterate(0, s -> s <= BareKernel.LAST, s -> s + 8),
            IntStream.of(BareKernel.BEYOND, BareKernel.LDT_DATA, BareKernel.LDT_ABSENT_DATA, BareKernel.LDT_CODE,
                BareKernel.LDT_BEYOND)).toArray();
    }

    static void loads(final BareKernel k) {
        for (final int ring : RINGS) {
            for (final int selector : selectors()) {
                for (final int rpl : RINGS) {
                    load(k, ring, selector | rpl, Reg.DS);
                    load(k, ring, selector | rpl, Reg.SS);
                }
            }
        }
    }

    private static void load(final BareKernel k, final int ring, final int selector, final Reg register) {
        k.scenario("mov " + register + "," + Integer.toHexString(selector) + " in ring " + ring, () -> {
            k.mov(Reg.AX, BareKernel.LDT_GOOD);
            k.lldt(Reg.AX);
            k.enterRing(ring, 2);
            k.mov(Reg.EAX, selector);
            k.mov(register, Reg.AX);
            k.mov(Reg.EBX, 0x600D);
        });
    }

    /** LAR, LSL, VERR, VERW and ARPL of every selector. */
    static void queries(final BareKernel k) {
        for (final int ring : RINGS) {
            for (final int selector : selectors()) {
                for (final int rpl : RINGS) {
                    query(k, ring, selector | rpl);
                }
            }
        }
    }

    private static void query(final BareKernel k, final int ring, final int selector) {
        k.scenario("query " + Integer.toHexString(selector) + " in ring " + ring, () -> {
            k.mov(Reg.AX, BareKernel.LDT_GOOD);
            k.lldt(Reg.AX);
            k.enterRing(ring, 2);
            k.mov(Reg.EBP, selector);
            k.xor(Reg.EDI, Reg.EDI);
            k.lar(Reg.EBX, Reg.EBP);
            k.set(Cond.E, Reg.AL);
            // bits 16 to 19 are undefined
            k.and(Reg.EBX, 0xF0FF00);
            k.lsl(Reg.ECX, Reg.EBP);
            k.set(Cond.E, Reg.AH);
            k.verr(Reg.BP);
            k.set(Cond.E, Reg.DL);
            k.verw(Reg.BP);
            k.set(Cond.E, Reg.DH);
            k.mov(Reg.ESI, 2);
            k.arpl(Reg.BP, Reg.SI);
        });
    }
}
