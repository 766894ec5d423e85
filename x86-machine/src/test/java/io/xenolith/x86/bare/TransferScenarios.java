package io.xenolith.x86.bare;

import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.mem;

import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Reg;

/** Far jumps, calls and returns, interrupt gates and IRET, between all rings and with every kind of selector. */
final class TransferScenarios {
    private static final int[] RINGS = {0, 1, 3};

    private TransferScenarios() {
    }

    /** Far JMP and CALL to every selector: code, gates, tasks and what is none of these. */
    static void jumpsAndCalls(final BareKernel k) {
        for (final int ring : RINGS) {
            for (final int selector : SegmentScenarios.selectors()) {
                for (final int rpl : RINGS) {
                    transfer(k, ring, selector | rpl, true);
                    transfer(k, ring, selector | rpl, false);
                }
            }
        }
    }

    private static void transfer(final BareKernel k, final int ring, final int selector, final boolean call) {
        final String name = (call ? "call " : "jmp ") + Integer.toHexString(selector) + " in ring " + ring;
        // 16-bit code starts at the image, so that the same code is found at a smaller offset
        final boolean code16 = (selector & 0xFFF8) == BareKernel.CODE16;
        if (!comparable(ring, selector & 0xFFF8, call)) {
            return;
        }
        k.scenario(name, () -> {
            k.mov(Reg.AX, BareKernel.LDT_GOOD);
            k.lldt(Reg.AX);
            k.enterRing(ring, 2);
            k.push(0x11);
            k.push(0x22);
            k.push(0x33);
            k.mov(Reg.EBX, k.target);
            if (code16) {
                k.sub(Reg.EBX, BareKernel.ORIGIN);
            }
            k.push(selector);
            k.push(Reg.EBX);
            if (call) {
                k.callFar(mem(Reg.ESP).sized(4));
            } else {
                k.jmpFar(mem(Reg.ESP).sized(4));
            }
        });
    }

    /**
     * QEMU raises #GP where a JMP finds absent code behind a gate (the manual: #NP), and changes level when a gate leads
     * to conforming code (the manual: no change).
     */
    private static boolean comparable(final int ring, final int selector, final boolean call) {
        return !(selector == BareKernel.GATE_CODE_ABSENT && !call)
            && !(selector == BareKernel.GATE_CONFORMING && ring != 0);
    }

    /** A call gate copies parameters to the inner stack; the far return drops them and goes back out. */
    static void gateRoundTrips(final BareKernel k) {
        for (final int gate : new int[] {BareKernel.GATE_USER, BareKernel.GATE_RING1}) {
            k.scenario("call gate " + Integer.toHexString(gate) + " and return", () -> roundTrip(k, gate));
        }
        for (final int parameters : new int[] {0, 1, 7, 31}) {
            k.scenario("call gate with " + parameters + " parameters", () -> {
                k.mov(abs(BareKernel.GDT + BareKernel.GATE_USER + 4).byte_(), parameters);
                k.watch(0, BareKernel.stackTop(0) - 16 - 4L * parameters);
                k.watch(1, BareKernel.stackTop(0) - 12 - 4L * parameters);
                k.watch(2, BareKernel.stackTop(0) - 12);
                k.watch(3, BareKernel.stackTop(0) - 4);
                k.enterRing(3, 2);
                for (int n = 0; n < 32; n++) {
                    k.push(0x100 + n);
                }
                k.callFar(BareKernel.GATE_USER, 0, 4);
            });
        }
    }

    private static void roundTrip(final BareKernel k, final int gate) {
        final int parameters = gate == BareKernel.GATE_USER ? 2 : gate == BareKernel.GATE_RING1 ? 1 : 0;
        final Label body = k.label("body");
        final Label go = k.label("go");
        k.mov(Reg.EAX, body);
        k.mov(abs(BareKernel.GDT + gate).word(), Reg.AX);
        k.shr(Reg.EAX, 16);
        k.mov(abs(BareKernel.GDT + gate + 6).word(), Reg.AX);
        k.jmp(go);
        k.bind(body);
        k.mov(Reg.EBX, Reg.ESP);
        k.mov(Reg.ECX, Reg.CS);
        k.mov(Reg.EDX, Reg.SS);
        k.mov(Reg.ESI, mem(Reg.ESP, 8));
        k.retf(4 * parameters);
        k.bind(go);
        k.enterRing(3, 2);
        k.push(0x77);
        k.push(0x88);
        k.callFar(gate, 0, 4);
        k.mov(Reg.EDI, Reg.ESP);
    }

    /** Far returns to every selector, with the four bytes of an outer stack pointer behind. */
    static void returns(final BareKernel k) {
        for (final int ring : RINGS) {
            for (final int selector : SegmentScenarios.selectors()) {
                for (final int rpl : RINGS) {
                    returnTo(k, ring, selector | rpl, BareKernel.data(3), false);
                    returnTo(k, ring, selector | rpl, BareKernel.data(3), true);
                }
            }
        }
        for (final int selector : SegmentScenarios.selectors()) {
            // QEMU neither marks the outer stack segment accessed nor raises #SS when it is absent
            if (selector == BareKernel.DATA_FRESH || selector == BareKernel.LDT_ABSENT_DATA) {
                continue;
            }
            for (final int rpl : RINGS) {
                returnTo(k, 0, BareKernel.code(3), selector | rpl, false);
                returnTo(k, 1, BareKernel.code(3), selector | rpl, true);
            }
        }
    }

    private static void returnTo(final BareKernel k, final int ring, final int code, final int stack,
                                 final boolean iret) {
        final String name = (iret ? "iret " : "retf ") + Integer.toHexString(code) + ":" + Integer.toHexString(stack)
            + " in ring " + ring;
        final boolean code16 = (code & 0xFFF8) == BareKernel.CODE16;
        k.scenario(name, () -> {
            k.mov(Reg.AX, BareKernel.LDT_GOOD);
            k.lldt(Reg.AX);
            k.enterRing(ring, 2);
            k.mov(Reg.EBX, k.target);
            if (code16) {
                k.sub(Reg.EBX, BareKernel.ORIGIN);
            }
            k.push(stack);
            k.push(BareKernel.stackTop(3) - 0x40);
            if (iret) {
                k.push(0x203CD7);
            }
            k.push(code);
            k.push(Reg.EBX);
            if (iret) {
                k.iretd();
            } else {
                k.retf();
            }
        });
    }

    /** IRET of 16 and 32 bits with every flag, from each ring and I/O privilege level. */
    static void returnedFlags(final BareKernel k) {
        for (final int ring : RINGS) {
            for (int iopl = 0; iopl < 4; iopl++) {
                for (final int image : new int[] {0x0002, 0x0ED7, 0x3202, 0x1002, 0x243002, 0x180002}) {
                    flags(k, ring, iopl, image, true);
                    flags(k, ring, iopl, image, false);
                }
            }
        }
    }

    private static void flags(final BareKernel k, final int ring, final int iopl, final int image,
                              final boolean wide) {
        final String name = (wide ? "iretd" : "iretw") + " flags " + Integer.toHexString(image) + " in ring " + ring
            + " iopl " + iopl;
        final Label there = k.label("there");
        k.scenario(name, () -> {
            k.enterRing(ring, 0x202 | iopl << 12);
            if (wide) {
                k.push(image);
                k.push(BareKernel.code(ring));
                k.push(there);
                k.iretd();
            } else {
                k.pushImage16(image, BareKernel.code(ring), BareKernel.LOW_TARGET);
                k.iretw();
            }
            k.bind(there);
        });
    }

    /** Gates of every type, level and presence, by INT n from each ring, and code selectors of every kind. */
    static void interruptGates(final BareKernel k) {
        for (final int ring : RINGS) {
            for (int type = 0; type < 32; type++) {
                for (final int rights : new int[] {0x80, 0xE0, 0xA0, 0x60}) {
                    gate(k, ring, rights | type, BareKernel.CODE0);
                }
            }
            for (final int selector : SegmentScenarios.selectors()) {
                gate(k, ring, 0xEE, selector);
                gate(k, ring, 0xEF, selector | 3);
                // for a task in the LDT the manual says #GP, QEMU #TS
                if ((selector & 4) == 0) {
                    gate(k, ring, 0xE5, selector);
                }
            }
        }
    }

    private static void gate(final BareKernel k, final int ring, final int rights, final int selector) {
        final String name = "int through gate " + Integer.toHexString(rights) + " to " + Integer.toHexString(selector)
            + " in ring " + ring;
        final boolean narrow = (rights & 0x1F) == 6 || (rights & 0x1F) == 7 || (selector & ~3) == BareKernel.CODE16;
        k.scenario(name, () -> {
            k.mov(Reg.AX, BareKernel.LDT_GOOD);
            k.lldt(Reg.AX);
            // 16-bit gates reach only the start of the segment, where code must be found: CODE16 begins at the image
            k.gate(0x70, narrow ? BareKernel.CODE16 : selector, k.handler(0x70), rights);
            if (narrow) {
                k.gateTarget16(0x70);
            }
            k.enterRing(ring, 0x202);
            k.int_(0x70);
        });
    }

    /** INT3, INTO, INT1 and BOUND from ring 3, whose gates may or may not be open to it. */
    static void softwareInterrupts(final BareKernel k) {
        for (final int ring : RINGS) {
            for (int vector = 0; vector < 8; vector++) {
                final int v = vector;
                k.scenario("int " + v + " in ring " + ring, () -> {
                    k.enterRing(ring, 2);
                    k.int_(v);
                });
            }
            k.scenario("int3 in ring " + ring, () -> {
                k.enterRing(ring, 2);
                k.int3();
            });
            k.scenario("int3 through open gate in ring " + ring, () -> {
                k.gate(3, BareKernel.CODE0, k.handler(3), 0xEF);
                k.enterRing(ring, 2);
                k.int3();
            });
            k.scenario("into in ring " + ring, () -> {
                k.gate(4, BareKernel.CODE0, k.handler(4), 0xEE);
                k.enterRing(ring, 0x802);
                k.into();
            });
        }
    }
}
