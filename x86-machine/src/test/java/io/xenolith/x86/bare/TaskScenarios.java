package io.xenolith.x86.bare;

import static io.xenolith.x86.asm.Mem.abs;

import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Reg;

/** Task switches by JMP, CALL, INT, exceptions and IRET, to 16- and 32-bit tasks, good ones and broken ones. */
final class TaskScenarios {
    private static final int[] RINGS = {0, 3};

    private TaskScenarios() {
    }

    static void switches(final BareKernel k) {
        for (final int ring : RINGS) {
            for (final int selector : new int[] {BareKernel.WIDE, BareKernel.NARROW, BareKernel.TASK_GATE}) {
                final int named = selector | ring;
                k.scenario("jmp to task " + Integer.toHexString(named) + " in ring " + ring, () -> {
                    openTasks(k, ring);
                    k.enterRing(ring, 0x8D7 | 2);
                    k.jmpFar(named, 0, 4);
                });
                k.scenario("call task " + Integer.toHexString(named) + " in ring " + ring, () -> {
                    openTasks(k, ring);
                    k.enterRing(ring, 0x8D7 | 2);
                    k.callFar(named, 0, 4);
                });
                k.scenario("call task " + Integer.toHexString(named) + " and return in ring " + ring, () -> {
                    openTasks(k, ring);
                    returningTask(k);
                    k.enterRing(ring, 2);
                    k.callFar(named, 0, 4);
                    k.mov(Reg.EBX, 0xBACC);
                });
            }
            k.scenario("int to wide task in ring " + ring, () -> {
                k.enterRing(ring, 2);
                k.int_(0x90);
            });
            k.scenario("int to narrow task in ring " + ring, () -> {
                k.enterRing(ring, 2);
                k.int_(0x91);
            });
            k.scenario("fault to task with error code in ring " + ring, () -> {
                taskGate(k, 13, BareKernel.WIDE);
                k.enterRing(ring, 2);
                k.mov(Reg.EAX, BareKernel.INVALID8);
                k.mov(Reg.DS, Reg.AX);
            });
            k.scenario("fault to task without error code in ring " + ring, () -> {
                taskGate(k, 6, BareKernel.WIDE);
                k.enterRing(ring, 2);
                k.ud2();
            });
        }
    }

    /** Lets ring 3 name the tasks. */
    private static void openTasks(final BareKernel k, final int ring) {
        if (ring == 3) {
            k.or(abs(BareKernel.GDT + BareKernel.WIDE + 5).byte_(), 0x60);
            k.or(abs(BareKernel.GDT + BareKernel.NARROW + 5).byte_(), 0x60);
        }
    }

    /** The tasks start at an IRET instead of reporting. */
    private static void returningTask(final BareKernel k) {
        final Label body = k.label("body");
        final Label after = k.label("after");
        k.jmp(after);
        k.bind(body);
        k.iretd();
        k.bind(after);
        k.mov(Reg.EAX, body);
        k.mov(abs(BareKernel.TSS_WIDE + 0x20).dword(), Reg.EAX);
        k.sub(Reg.EAX, BareKernel.ORIGIN);
        k.mov(abs(BareKernel.TSS_NARROW + 0x0E).word(), Reg.AX);
    }

    private static void taskGate(final BareKernel k, final int vector, final int tss) {
        k.poke(BareKernel.IDT + vector * 8L, (long) tss << 16 | 0x85L << 40);
    }

    /** New tasks with a field that cannot be loaded: the fault is delivered in the new task. */
    static void brokenTasks(final BareKernel k) {
        final int[] fields = {0x48, 0x4C, 0x50, 0x54, 0x60};
        final int[] selectors = {0, BareKernel.CODE0, BareKernel.DATA0, BareKernel.DATA0 | 3, BareKernel.CODE3 | 3,
            BareKernel.DATA3 | 3, BareKernel.READ_ONLY, BareKernel.EXECUTE_ONLY, BareKernel.CONFORMING0,
            BareKernel.DATA_ABSENT, BareKernel.CODE_ABSENT, BareKernel.MAIN, BareKernel.LDT_GOOD, BareKernel.LDT_ABSENT,
            BareKernel.LDT_DATA | 3, BareKernel.LDT_ABSENT_DATA | 3, BareKernel.GATE_USER, BareKernel.BEYOND};
        for (final int field : fields) {
            for (final int selector : selectors) {
                // an absent stack segment is #SS by the manual; QEMU says #NP
                if (field == 0x50 && selector == BareKernel.DATA_ABSENT) {
                    continue;
                }
                k.scenario("task with field " + Integer.toHexString(field) + " = " + Integer.toHexString(selector),
                    () -> {
                        final Label jump = k.label("jump");
                        k.mov(abs(BareKernel.TSS_WIDE + field).word(), selector);
                        // QEMU reports the old task's EIP for faults of the new one: let them be the same
                        k.mov(abs(BareKernel.TSS_WIDE + 0x20).dword(), jump);
                        k.handlersAsTasks();
                        k.bind(jump);
                        k.jmpFar(BareKernel.WIDE, 0, 4);
                    });
            }
        }
    }

    static void returns(final BareKernel k) {
        final int[] links = {0, BareKernel.WIDE, BareKernel.CODE0, BareKernel.LDT_DATA, BareKernel.BEYOND,
            BareKernel.TSS_ABSENT, BareKernel.FAULT_TASK};
        for (final int link : links) {
            for (final boolean busy : new boolean[] {false, true}) {
                k.scenario("iret with NT to " + Integer.toHexString(link) + (busy ? " busy" : ""), () -> {
                    k.mov(abs(BareKernel.TSS_MAIN).word(), link);
                    if (busy && link >= BareKernel.MAIN && link < BareKernel.BEYOND) {
                        k.or(abs(BareKernel.GDT + link + 5).byte_(), 2);
                    }
                    k.push(0x4002);
                    k.popfd();
                    k.iretd();
                });
            }
        }
    }

    /** A fault while delivering a fault, with a task or an ordinary handler for the double fault. */
    static void doubleFaults(final BareKernel k) {
        final int[] first = {0, 5, 6, 10, 11, 12, 13};
        for (final int vector : first) {
            for (final boolean task : new boolean[] {false, true}) {
                k.scenario("absent gate for vector " + vector + (task ? ", task for the double fault" : ""), () -> {
                    k.and(abs(BareKernel.IDT + vector * 8 + 5).byte_(), 0x7F);
                    k.and(abs(BareKernel.IDT + 11 * 8 + 5).byte_(), vector == 11 ? 0x7F : 0xFF);
                    if (task) {
                        taskGate(k, 8, BareKernel.FAULT_TASK);
                    }
                    provoke(k, vector);
                });
            }
        }
        for (final int ring : RINGS) {
            k.scenario("no inner stack in ring " + ring, () -> {
                k.mov(abs(BareKernel.TSS_MAIN + 8).word(), 0);
                taskGate(k, 8, BareKernel.FAULT_TASK);
                k.mov(abs(BareKernel.IDT + 10 * 8 + 5).byte_(), 0);
                k.enterRing(ring, 2);
                k.ud2();
            });
        }
    }

    private static void provoke(final BareKernel k, final int vector) {
        switch (vector) {
            case 0 -> {
                k.xor(Reg.ECX, Reg.ECX);
                k.div(Reg.ECX);
            }
            case 5 -> {
                k.mov(abs(BareKernel.SCRATCH).dword(), 5);
                k.mov(abs(BareKernel.SCRATCH + 4).dword(), 6);
                k.mov(Reg.EAX, 7);
                k.bound(Reg.EAX, abs(BareKernel.SCRATCH));
            }
            case 6 -> k.ud2();
            case 10 -> {
                k.mov(abs(BareKernel.TSS_WIDE + 0x50).word(), BareKernel.INVALID8);
                k.jmpFar(BareKernel.TSS_SHORT, 0, 4);
            }
            case 11 -> {
                k.mov(Reg.EAX, BareKernel.DATA_ABSENT);
                k.mov(Reg.DS, Reg.AX);
            }
            case 12 -> {
                k.and(abs(BareKernel.GDT + BareKernel.DATA16 + 5).byte_(), 0x7F);
                k.mov(Reg.EAX, BareKernel.DATA16);
                k.mov(Reg.SS, Reg.AX);
            }
            default -> {
                k.mov(Reg.EAX, BareKernel.INVALID8);
                k.mov(Reg.DS, Reg.AX);
            }
        }
    }

    /** Inner stacks that cannot be loaded. */
    static void innerStacks(final BareKernel k) {
        for (final int selector : SegmentScenarios.selectors()) {
            for (int rpl = 0; rpl < 4; rpl += 3) {
                final int stack = selector | rpl;
                // QEMU neither marks the inner stack segment accessed nor tells #SS from #TS when it is absent
                if ((selector & ~7) == BareKernel.DATA_ABSENT) {
                    continue;
                }
                k.scenario("int to ring 0 with stack " + Integer.toHexString(stack), () -> {
                    k.mov(Reg.AX, BareKernel.LDT_GOOD);
                    k.lldt(Reg.AX);
                    k.mov(abs(BareKernel.TSS_MAIN + 8).word(), stack);
                    k.handlersAsTasks();
                    k.enterRing(3, 2);
                    k.int_(0x82);
                });
            }
        }
        for (int limit = 0; limit < 16; limit++) {
            final int l = limit;
            // the manual reads six bytes at offset 4; QEMU wants eight within the limit
            if (l == 9 || l == 10) {
                continue;
            }
            k.scenario("task state limit " + limit, () -> {
                k.handlersAsTasks();
                k.mov(abs(BareKernel.GDT + BareKernel.MAIN).word(), l);
                k.and(abs(BareKernel.GDT + BareKernel.MAIN + 5).byte_(), 0xFD);
                k.mov(Reg.EAX, BareKernel.MAIN);
                k.ltr(Reg.AX);
                k.enterRing(3, 2);
                k.int_(0x82);
            });
        }
    }

    static void tableLoads(final BareKernel k) {
        for (final int selector : SegmentScenarios.selectors()) {
            k.scenario("lldt " + Integer.toHexString(selector), () -> {
                k.mov(Reg.EAX, selector);
                k.lldt(Reg.AX);
            });
            // QEMU takes a null selector; the manual says #GP(0)
            if (selector == 0) {
                continue;
            }
            k.scenario("ltr " + Integer.toHexString(selector), () -> {
                k.mov(Reg.EAX, selector);
                k.ltr(Reg.AX);
            });
        }
        for (final int ring : new int[] {1, 3}) {
            k.scenario("sgdt, sidt, sldt, str, smsw in ring " + ring, () -> {
                k.enterRing(ring, 2);
                k.sgdt(abs(BareKernel.SCRATCH));
                k.sidt(abs(BareKernel.SCRATCH + 8));
                k.mov(Reg.EAX, abs(BareKernel.SCRATCH));
                k.mov(Reg.EBX, abs(BareKernel.SCRATCH + 4));
                k.mov(Reg.ECX, abs(BareKernel.SCRATCH + 8));
                k.mov(Reg.EDX, abs(BareKernel.SCRATCH + 12));
                k.sldt(Reg.SI);
                k.str(Reg.DI);
                k.smsw(Reg.BP);
            });
        }
    }
}
