package io.xenolith.x86.bare;

import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;

import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mem;
import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.asm.Reg;

/**
 * A bare image under construction: a multiboot kernel that runs scenarios one after the other.
 *
 * <p>A scenario is some code between a heading and {@code int 0x81}. Whatever exception or interrupt ends it, the one
 * handler prints its frame, the registers, and every word of the descriptor tables and task state segments that
 * differs from a pristine copy; then it restores the copy and everything else and goes on with the next scenario, in
 * ring 0. So a scenario may wreck all it likes.
 *
 * <pre>
 *   0x100000  header, code, strings        0x300000  GDT, LDT, TSSs, IDT ("state")   0x310000  pristine copy
 *   0x340000  scratch                      0x360000  ring stacks, tops at 0x361000 + ring * 0x1000
 *   0x380000  page tables
 * </pre>
 */
class BareKernel extends Assembler {
    static final long ORIGIN = 0x100000;
    static final long STATE = 0x300000;
    static final long GDT = STATE;
    static final int GDT_SIZE = 0x200;
    static final long LDT = GDT + GDT_SIZE;
    static final int LDT_SIZE = 0x40;
    static final long TSS_MAIN = STATE + 0x400;
    static final long TSS_WIDE = STATE + 0x500;
    static final long TSS_NARROW = STATE + 0x600;
    static final long TSS_FAULT = STATE + 0x700;
    static final long IDT = STATE + 0x800;
    static final int STATE_SIZE = 0x1000;
    static final long PRISTINE = 0x310000;
    static final long SCRATCH = 0x340000;
    static final long TABLES = 0x380000;

    // Selectors, without privilege level.
    static final int CODE0 = 0x08;
    static final int DATA0 = 0x10;
    static final int CODE1 = 0x18;
    static final int DATA1 = 0x20;
    static final int CODE3 = 0x28;
    static final int DATA3 = 0x30;
    static final int CONFORMING0 = 0x38;
    static final int CONFORMING3 = 0x40;
    static final int EXECUTE_ONLY = 0x48;
    static final int READ_ONLY = 0x50;
    static final int DATA_ABSENT = 0x58;
    static final int CODE_ABSENT = 0x60;
    static final int EXPAND_DOWN = 0x68;
    static final int CODE16 = 0x70;
    static final int DATA16 = 0x78;
    static final int MAIN = 0x80;
    static final int WIDE = 0x88;
    static final int NARROW = 0x90;
    static final int TSS_ABSENT = 0x98;
    static final int TSS_SHORT = 0xA0;
    static final int LDT_GOOD = 0xA8;
    static final int LDT_ABSENT = 0xB0;
    static final int GATE_USER = 0xB8;
    static final int GATE_KERNEL = 0xC0;
    static final int GATE_ABSENT = 0xC8;
    static final int GATE_RING1 = 0xD0;
    static final int GATE_NARROW = 0xD8;
    static final int GATE_NULL = 0xE0;
    static final int GATE_DATA = 0xE8;
    static final int GATE_CONFORMING = 0xF0;
    static final int GATE_CODE_ABSENT = 0xF8;
    static final int TASK_GATE = 0x100;
    static final int TASK_GATE_ABSENT = 0x108;
    static final int TASK_GATE_BAD = 0x110;
    static final int INVALID0 = 0x118;
    static final int INVALID8 = 0x120;
    static final int INVALID_A = 0x128;
    static final int INT_GATE_IN_GDT = 0x130;
    static final int READ_ONLY3 = 0x138;
    static final int FAULT_TASK = 0x140;
    static final int GATE_BEYOND = 0x148;
    static final int DATA_FRESH = 0x150;
    static final int EXECUTE_ONLY3 = 0x158;
    static final int LAST = EXECUTE_ONLY3;
    /** Tasks that print like the handlers of vectors 10 to 13, at these selectors. */
    static final int HANDLER_TASKS = 0x160;
    static final int BEYOND = GDT_SIZE + 8;
    static final int LDT_DATA = 4;
    static final int LDT_CODE = 0xC;
    static final int LDT_ABSENT_DATA = 0x14;
    static final int LDT_BEYOND = 0x44;

    private static final int MULTIBOOT_MAGIC = 0x1BADB002;
    private static final int MULTIBOOT_ADDRESSES = 1 << 16;
    /** PE, ET and NE: the boot loader leaves NE open. */
    static final int CR0 = 0x31;
    /** Address below 64 KiB of an {@code int 0x81}. */
    static final int LOW_TARGET = 0x9000;
    private static final int DONE = 0x81;

    private final Label end = label("end");
    private final Label resume = label("resume");
    private final Label resumeAt = label("resumeAt");
    private final Label putc = label("putc");
    private final Label puts = label("puts");
    private final Label hex = label("hex");
    private final Label common = label("common");
    private final Label gdtPointer = label("gdtPointer");
    private final Label idtPointer = label("idtPointer");
    private final Label watch = label("watch");
    private final Label[] handlers = new Label[256];
    /** Where call gates, tasks and far transfers land: {@code int 0x81} after noting a mark in EAX. */
    final Label target = label("target");
    private int number;

    BareKernel() {
        super(Mode.BITS32, ORIGIN);
        header();
        boot();
        runtime();
        bind(target);
        mov(Reg.EAX, 0x7A46E7);
        int_(DONE);
    }

    private void header() {
        final Label start = label("start");
        final Label header = mark("header");
        final int flags = MULTIBOOT_ADDRESSES;
        dd(MULTIBOOT_MAGIC, flags, -(MULTIBOOT_MAGIC + flags));
        address(header, 4);
        dd(ORIGIN);
        address(end, 4);
        dd(0);
        address(start, 4);
        align(16);
        bind(start);
    }

    private void boot() {
        final Label flat = label("flat");
        cli();
        cld();
        mov(Reg.ESP, 0x361000);
        mov(Reg.EAX, CR0);
        mov(Reg.CR0, Reg.EAX);
        // no interrupt from the board's timer: both controllers masked
        mov(Reg.AL, 0xFF);
        out(0x21, Reg.AL);
        out(0xA1, Reg.AL);
        call(tablesLabel);
        // int 0x81, where 16-bit offsets reach
        mov(abs(LOW_TARGET).word(), 0x81CD);
        lgdt(at(gdtPointer));
        jmpFar(CODE0, flat, 4);
        bind(flat);
        lidt(at(idtPointer));
        mov(at(resumeAt).dword(), firstLabel);
        jmp(resume);
    }

    private final Label tablesLabel = label("tables");
    private final Label firstLabel = label("first");

    private void runtime() {
        bind(gdtPointer);
        dw(GDT_SIZE - 1);
        dd(GDT);
        bind(idtPointer);
        dw(0x7FF);
        dd(IDT);
        align(4);
        bind(resumeAt);
        dd(0);
        bind(watch);
        dd(0, 0, 0, 0);
        output();
        handlerStubs();
        handler();
        resume();
    }

    private void output() {
        bind(putc);
        out(0xE9, Reg.AL);
        ret();
        bind(puts);
        final Label more = mark("more");
        final Label done = label("done");
        mov(Reg.AL, mem(Reg.ESI));
        inc(Reg.ESI);
        test(Reg.AL, Reg.AL);
        jcc(Cond.E, done);
        out(0xE9, Reg.AL);
        jmp(more);
        bind(done);
        ret();
        // EAX in hexadecimal without leading zeros, and a space; EAX, ECX, EDX are lost
        bind(hex);
        final Label digit = label("digit");
        final Label skip = label("skip");
        final Label put = label("put");
        final Label letter = label("letter");
        push(Reg.EBX);
        mov(Reg.EDX, Reg.EAX);
        mov(Reg.ECX, 8);
        xor(Reg.EBX, Reg.EBX);
        bind(digit);
        rol(Reg.EDX, 4);
        mov(Reg.EAX, Reg.EDX);
        and(Reg.EAX, 15);
        or(Reg.EBX, Reg.EAX);
        jcc(Cond.NE, put);
        cmp(Reg.ECX, 1);
        jcc(Cond.NE, skip);
        bind(put);
        cmp(Reg.AL, 10);
        jcc(Cond.AE, letter);
        add(Reg.AL, '0' - ('a' - 10));
        bind(letter);
        add(Reg.AL, 'a' - 10);
        out(0xE9, Reg.AL);
        bind(skip);
        dec(Reg.ECX);
        jcc(Cond.NE, digit);
        mov(Reg.AL, ' ');
        out(0xE9, Reg.AL);
        pop(Reg.EBX);
        ret();
    }

    private void handlerStubs() {
        for (int v = 0; v < 256; v++) {
            handlers[v] = mark("handler" + v);
            final boolean hasCode = v == 8 || v >= 10 && v <= 14 || v == 17;
            if (!hasCode) {
                push(0);
            }
            push(v);
            jmp(common);
        }
    }

    /** Frame: [esp] vector, error, eip, cs, eflags, and esp, ss from an outer ring. */
    private void handler() {
        bind(common);
        pusha();
        push(Reg.DS);
        push(Reg.ES);
        push(Reg.FS);
        push(Reg.GS);
        mov(Reg.EBP, Reg.ESP);
        mov(Reg.AX, DATA0);
        mov(Reg.DS, Reg.AX);
        mov(Reg.ES, Reg.AX);
        cld();
        // a 16-bit stack segment has base 0 here, but only the low half of ESP counts
        final Label bigStack = label("bigStack");
        mov(Reg.EAX, Reg.SS);
        lar(Reg.EAX, Reg.EAX);
        bt(Reg.EAX, 22);
        jcc(Cond.B, bigStack);
        and(Reg.EBP, 0xFFFF);
        bind(bigStack);
        // 16 bytes of segment registers and 32 of general ones lie below the vector
        field("v", 48);
        normaliseError();
        field("err", 52);
        field("eip", 56);
        field("cs", 60, 0xFFFF);
        // QEMU does not push RF for faults; the manual and this machine do (InterruptDeliveryTest)
        field("fl", 64, ~(1 << 16));
        final Label inner = label("inner");
        test(frame(60).byte_(), 3);
        jcc(Cond.E, inner);
        field("esp", 68);
        field("ss", 72, 0xFFFF);
        bind(inner);
        specialRegisters();
        nextLine();
        final String[] names = {"edi", "esi", "ebp", "esp", "ebx", "edx", "ecx", "eax"};
        for (int n = 7; n >= 0; n--) {
            // the handler's own ESP shows which stack it was given
            field(names[n], 16 + 4 * n);
        }
        nextLine();
        field("gs", 0, 0xFFFF);
        field("fs", 4, 0xFFFF);
        field("es", 8, 0xFFFF);
        field("ds", 12, 0xFFFF);
        printChanges();
        printWatched();
        nextLine();
        jmp(resume);
    }

    /** What QEMU is known to leave out of error codes: "external event", and "present" beside "reserved bit". */
    private void normaliseError() {
        final Label notSelector = label("notSelector");
        final Label done = label("done");
        cmp(frame(48).byte_(), 10);
        jcc(Cond.B, done);
        cmp(frame(48).byte_(), 14);
        jcc(Cond.A, done);
        jcc(Cond.E, notSelector);
        and(frame(52).byte_(), 0xFE);
        jmp(done);
        bind(notSelector);
        test(frame(52).byte_(), 8);
        jcc(Cond.E, done);
        or(frame(52).byte_(), 1);
        bind(done);
    }

    private void specialRegisters() {
        final Label notFault = label("notFault");
        cmp(frame(48).byte_(), 14);
        jcc(Cond.NE, notFault);
        text("cr2=");
        mov(Reg.EAX, Reg.CR2);
        call(hex);
        bind(notFault);
        final Label notDebug = label("notDebug");
        cmp(frame(48).byte_(), 1);
        jcc(Cond.NE, notDebug);
        text("dr6=");
        mov(Reg.EAX, Reg.DR6);
        call(hex);
        text("dr7=");
        mov(Reg.EAX, Reg.DR7);
        call(hex);
        bind(notDebug);
        text("hcs=");
        movSegment(Reg.CS);
        text("hss=");
        movSegment(Reg.SS);
        text("tr=");
        str(Reg.EAX);
        and(Reg.EAX, 0xFFFF);
        call(hex);
        text("ldt=");
        sldt(Reg.EAX);
        and(Reg.EAX, 0xFFFF);
        call(hex);
        text("cr0=");
        mov(Reg.EAX, Reg.CR0);
        call(hex);
    }

    private void movSegment(final Reg segment) {
        mov(Reg.EAX, segment);
        and(Reg.EAX, 0xFFFF);
        call(hex);
    }

    private void printChanges() {
        final Label loop = label("loop");
        final Label same = label("same");
        and(abs(TSS_MAIN + 0x24).dword(), ~(1 << 16));
        and(abs(TSS_WIDE + 0x24).dword(), ~(1 << 16));
        xor(Reg.EDI, Reg.EDI);
        bind(loop);
        mov(Reg.EAX, mem(Reg.EDI, STATE));
        cmp(Reg.EAX, mem(Reg.EDI, PRISTINE));
        jcc(Cond.E, same);
        text("[");
        mov(Reg.EAX, Reg.EDI);
        call(hex);
        text("]=");
        mov(Reg.EAX, mem(Reg.EDI, STATE));
        call(hex);
        bind(same);
        add(Reg.EDI, 4);
        cmp(Reg.EDI, STATE_SIZE);
        jcc(Cond.NE, loop);
    }

    /** Words that a scenario asked to see: up to four addresses, zero for none. */
    private void printWatched() {
        for (int n = 0; n < 4; n++) {
            final Label none = label("none");
            mov(Reg.EDI, at(watch, 4 * n));
            test(Reg.EDI, Reg.EDI);
            jcc(Cond.E, none);
            text("w=");
            mov(Reg.EAX, mem(Reg.EDI));
            call(hex);
            bind(none);
        }
    }

    private void resume() {
        bind(resume);
        cli();
        mov(Reg.EAX, CR0);
        mov(Reg.CR0, Reg.EAX);
        xor(Reg.EAX, Reg.EAX);
        mov(Reg.CR4, Reg.EAX);
        mov(Reg.AX, DATA0);
        mov(Reg.SS, Reg.AX);
        mov(Reg.ESP, 0x361000);
        mov(Reg.DS, Reg.AX);
        mov(Reg.ES, Reg.AX);
        mov(Reg.FS, Reg.AX);
        mov(Reg.GS, Reg.AX);
        push(2);
        popfd();
        xor(Reg.EAX, Reg.EAX);
        for (int n = 0; n < 4; n++) {
            mov(at(watch, 4L * n).dword(), Reg.EAX);
        }
        mov(Reg.ESI, PRISTINE);
        mov(Reg.EDI, STATE);
        mov(Reg.ECX, STATE_SIZE / 4);
        rep();
        movsd();
        xor(Reg.EAX, Reg.EAX);
        mov(Reg.DR7, Reg.EAX);
        mov(Reg.DR6, Reg.EAX);
        lldt(Reg.AX);
        mov(Reg.AX, MAIN);
        ltr(Reg.AX);
        mov(Reg.EDI, SCRATCH);
        mov(Reg.ECX, 0x400);
        xor(Reg.EAX, Reg.EAX);
        rep();
        stosd();
        registers();
        jmp(at(resumeAt).dword());
    }

    /** Restores the recognisable values after a scenario's own preparations. */
    void registersAgain() {
        registers();
    }

    /** Recognisable values, so that what a switch saves or leaks can be seen. */
    private void registers() {
        mov(Reg.EAX, 0xA0A0A0A0L);
        mov(Reg.EBX, 0xB0B0B0B0L);
        mov(Reg.ECX, 0xC0C0C0C0L);
        mov(Reg.EDX, 0xD0D0D0D0L);
        mov(Reg.ESI, 0x51515151);
        mov(Reg.EDI, 0xD1D1D1D1L);
        mov(Reg.EBP, 0xB5B5B5B5L);
    }

    // ---- for scenarios ----

    /** Adds a scenario. */
    void scenario(final String name, final Runnable body) {
        if (number == 0) {
            bind(firstLabel);
        }
        final Label next = label("next");
        text("\n" + number++ + " " + name + "\n");
        mov(at(resumeAt).dword(), next);
        registers();
        body.run();
        int_(DONE);
        bind(next);
    }

    /** Prints; changes only ESI and AL. */
    final void text(final String s) {
        final Label after = label("after");
        call(after);
        asciz(s);
        bind(after);
        pop(Reg.ESI);
        call(puts);
    }

    private void nextLine() {
        text("\n  ");
    }

    private static Mem frame(final int distance) {
        return mem(Reg.EBP, distance).seg(Reg.DS);
    }

    private void field(final String name, final int distance) {
        text(name + "=");
        mov(Reg.EAX, frame(distance));
        call(hex);
    }

    private void field(final String name, final int distance, final int mask) {
        text(name + "=");
        mov(Reg.EAX, frame(distance));
        and(Reg.EAX, mask);
        call(hex);
    }

    /** Enters a ring by IRET with its flat segments and own stack; EAX is lost. */
    void enterRing(final int ring, final int flags) {
        final Label there = label("there");
        if (ring == 0) {
            push(flags);
            popfd();
            return;
        }
        push(data(ring));
        push(stackTop(ring));
        push(flags);
        push(code(ring));
        push(there);
        mov(Reg.EAX, data(ring));
        mov(Reg.DS, Reg.AX);
        mov(Reg.ES, Reg.AX);
        mov(Reg.FS, Reg.AX);
        mov(Reg.GS, Reg.AX);
        iretd();
        bind(there);
    }

    static int code(final int ring) {
        return ring == 0 ? CODE0 : ring == 1 ? CODE1 | 1 : CODE3 | 3;
    }

    static int data(final int ring) {
        return ring == 0 ? DATA0 : ring == 1 ? DATA1 | 1 : DATA3 | 3;
    }

    static long stackTop(final int ring) {
        return 0x361000 + ring * 0x1000L;
    }

    /** Makes tasks of the handlers of vectors 10 to 13, so that they run whatever state the fault left. */
    void handlersAsTasks() {
        for (int n = 0; n < 4; n++) {
            poke(IDT + (10 + n) * 8L, (long) (HANDLER_TASKS + 8 * n) << 16 | 0x85L << 40);
        }
    }

    /** Stores eight bytes at an absolute address. */
    void poke(final long address, final long value) {
        mov(abs(address).dword(), value & 0xFFFF_FFFFL);
        mov(abs(address + 4).dword(), value >>> 32);
    }

    /** Shows a word after each scenario. */
    void watch(final int slot, final long address) {
        mov(at(watch, 4L * slot).dword(), address);
    }

    /** The handler that prints a frame, for gates that scenarios build. */
    Label handler(final int vector) {
        return handlers[vector];
    }

    /** Points an IDT entry at code whose address is not known yet; {@code rights} is byte 5 of the gate. */
    void gate(final int vector, final int selector, final Label to, final int rights) {
        mov(Reg.EAX, to);
        mov(abs(IDT + vector * 8L).word(), Reg.AX);
        mov(abs(IDT + vector * 8L + 2).word(), selector);
        mov(abs(IDT + vector * 8L + 4).word(), rights << 8);
        shr(Reg.EAX, 16);
        mov(abs(IDT + vector * 8L + 6).word(), Reg.AX);
        mov(Reg.EAX, 0xA0A0A0A0L);
    }

    /** Pushes a 16-bit interrupt frame. */
    void pushImage16(final int flags, final int selector, final int offset) {
        sub(Reg.ESP, 6);
        mov(mem(Reg.ESP).word(), offset);
        mov(mem(Reg.ESP, 2).word(), selector);
        mov(mem(Reg.ESP, 4).word(), flags);
    }

    /** Gives a 16-bit gate to {@link #CODE16} the offset of {@link #target} there. */
    void gateTarget16(final int vector) {
        mov(Reg.EAX, target);
        sub(Reg.EAX, ORIGIN);
        mov(abs(IDT + vector * 8L).word(), Reg.AX);
        mov(abs(IDT + vector * 8L + 6).word(), 0);
        mov(Reg.EAX, 0xA0A0A0A0L);
    }

    /** Ends the image: exit, the set-up of tables, and padding. */
    byte[] image() {
        if (number == 0) {
            bind(firstLabel);
        }
        text("\nend\n");
        mov(Reg.EAX, 0x21);
        out(0xF4, Reg.EAX);
        final Label forever = mark("forever");
        hlt();
        jmp(forever);
        bind(tablesLabel);
        buildTables();
        align(16);
        bind(end);
        return toBytes();
    }

    private void buildTables() {
        mov(Reg.EDI, STATE);
        mov(Reg.ECX, STATE_SIZE / 4);
        xor(Reg.EAX, Reg.EAX);
        rep();
        stosd();
        segments();
        systemSegments();
        gates();
        taskStates();
        interruptTable();
        mov(Reg.ESI, STATE);
        mov(Reg.EDI, PRISTINE);
        mov(Reg.ECX, STATE_SIZE / 4);
        rep();
        movsd();
        ret();
    }

    private void descriptor(final int selector, final long base, final long limit, final int rights, final int flags) {
        poke(GDT + selector, encode(base, limit, rights, flags));
    }

    static long encode(final long base, final long limit, final int rights, final int flags) {
        return limit & 0xFFFF | (base & 0xFFFFFF) << 16 | (long) rights << 40 | (limit >> 16 & 15) << 48
            | (long) flags << 52 | (base >>> 24) << 56;
    }

    private void segments() {
        descriptor(CODE0, 0, 0xFFFFF, 0x9B, 0xC);
        descriptor(DATA0, 0, 0xFFFFF, 0x93, 0xC);
        descriptor(CODE1, 0, 0xFFFFF, 0xBB, 0xC);
        descriptor(DATA1, 0, 0xFFFFF, 0xB3, 0xC);
        descriptor(CODE3, 0, 0xFFFFF, 0xFB, 0xC);
        descriptor(DATA3, 0, 0xFFFFF, 0xF3, 0xC);
        descriptor(CONFORMING0, 0, 0xFFFFF, 0x9F, 0xC);
        descriptor(CONFORMING3, 0, 0xFFFFF, 0xFF, 0xC);
        descriptor(EXECUTE_ONLY, 0, 0xFFFFF, 0x99, 0xC);
        descriptor(EXECUTE_ONLY3, 0, 0xFFFFF, 0xF9, 0xC);
        descriptor(READ_ONLY, 0, 0xFFFFF, 0x91, 0xC);
        descriptor(READ_ONLY3, 0, 0xFFFFF, 0xF1, 0xC);
        descriptor(DATA_ABSENT, 0, 0xFFFFF, 0x13, 0xC);
        descriptor(CODE_ABSENT, 0, 0xFFFFF, 0x1B, 0xC);
        descriptor(EXPAND_DOWN, 0, 0, 0x97, 0xC);
        descriptor(CODE16, ORIGIN, 0xFFFF, 0x9B, 0);
        descriptor(DATA16, 0, 0xFFFF, 0x93, 0);
        descriptor(DATA_FRESH, 0, 0xFFFFF, 0xF2, 0xC);
        poke(LDT + (LDT_DATA & ~7), encode(0, 0xFFFFF, 0xF3, 0xC));
        poke(LDT + (LDT_CODE & ~7), encode(0, 0xFFFFF, 0xFB, 0xC));
        poke(LDT + (LDT_ABSENT_DATA & ~7), encode(0, 0xFFFFF, 0x73, 0xC));
    }

    private void systemSegments() {
        descriptor(MAIN, TSS_MAIN, 0xFF, 0x89, 0);
        descriptor(WIDE, TSS_WIDE, 0x67, 0x89, 0);
        descriptor(NARROW, TSS_NARROW, 0x2B, 0x81, 0);
        descriptor(FAULT_TASK, TSS_FAULT, 0x67, 0x89, 0);
        for (int n = 0; n < 4; n++) {
            descriptor(HANDLER_TASKS + 8 * n, handlerTask(n), 0x67, 0x89, 0);
        }
        descriptor(TSS_ABSENT, TSS_WIDE, 0x67, 0x09, 0);
        descriptor(TSS_SHORT, TSS_WIDE, 0x66, 0x89, 0);
        descriptor(LDT_GOOD, LDT, LDT_SIZE - 1, 0x82, 0);
        descriptor(LDT_ABSENT, LDT, LDT_SIZE - 1, 0x02, 0);
        descriptor(INVALID0, 0, 0xFFFF, 0xE0, 0);
        descriptor(INVALID8, 0, 0xFFFF, 0xE8, 0);
        descriptor(INVALID_A, 0, 0xFFFF, 0xEA, 0);
    }

    private void gates() {
        callGate(GATE_USER, CODE0, 0xEC, 2);
        callGate(GATE_KERNEL, CODE0, 0x8C, 0);
        callGate(GATE_ABSENT, CODE0, 0x6C, 0);
        callGate(GATE_RING1, CODE1, 0xEC, 1);
        callGate(GATE_NULL, 0, 0xEC, 0);
        callGate(GATE_DATA, DATA0, 0xEC, 0);
        callGate(GATE_CONFORMING, CONFORMING0, 0xEC, 3);
        callGate(GATE_CODE_ABSENT, CODE_ABSENT, 0xEC, 0);
        callGate(GATE_BEYOND, BEYOND, 0xEC, 0);
        callGate(INT_GATE_IN_GDT, CODE0, 0xEE, 0);
        // a 16-bit gate reaches only the first 64 KiB of its segment: CODE16 starts at the image
        callGate(GATE_NARROW, CODE16, 0xE4, 2);
        taskGate(TASK_GATE, WIDE, 0xE5);
        taskGate(TASK_GATE_ABSENT, WIDE, 0x65);
        taskGate(TASK_GATE_BAD, CODE0, 0xE5);
    }

    private void callGate(final int selector, final int code, final int rights, final int parameters) {
        mov(Reg.EAX, target);
        if (code == CODE16) {
            sub(Reg.EAX, ORIGIN);
        }
        mov(abs(GDT + selector).word(), Reg.AX);
        mov(abs(GDT + selector + 2).word(), code);
        mov(abs(GDT + selector + 4).word(), rights << 8 | parameters);
        shr(Reg.EAX, 16);
        mov(abs(GDT + selector + 6).word(), Reg.AX);
    }

    private void taskGate(final int selector, final int tss, final int rights) {
        poke(GDT + selector, (long) tss << 16 | (long) rights << 40);
    }

    private void taskStates() {
        for (int ring = 0; ring < 3; ring++) {
            mov(abs(TSS_MAIN + 4 + 8 * ring).dword(), stackTop(ring));
            mov(abs(TSS_MAIN + 8 + 8 * ring).dword(), ring == 0 ? DATA0 : ring == 1 ? DATA1 | 1 : 0);
        }
        // an I/O map that allows ports 0x80 to 0x8F, and ends with a byte of ones
        mov(abs(TSS_MAIN + 0x66).word(), 0x88);
        mov(abs(TSS_MAIN + 0x88).dword(), 0xFFFF_FFFFL);
        mov(abs(TSS_MAIN + 0x8C).dword(), 0xFFFF_FFFFL);
        mov(abs(TSS_MAIN + 0x90).dword(), 0xFFFF_FFFFL);
        mov(abs(TSS_MAIN + 0x94).dword(), 0xFFFF_FFFFL);
        mov(abs(TSS_MAIN + 0x98).dword(), 0xFF00_0000L);
        mov(abs(TSS_MAIN + 0x9C).dword(), 0xFFFF_FFFFL);
        task32(TSS_WIDE, target, 0x5000);
        task32(TSS_FAULT, handlers[8], 0x6000);
        for (int n = 0; n < 4; n++) {
            task32(handlerTask(n), handlers[10 + n], 0x8000 + 0x10 * n);
        }
        task16();
    }

    /** In the gaps between the other task state segments. */
    private static long handlerTask(final int n) {
        return STATE + new int[] {0x570, 0x630, 0x698, 0x770}[n];
    }

    /** A ring-0 task that starts at a label with its own stack. */
    private void task32(final long tss, final Label at, final long seed) {
        mov(abs(tss + 4).dword(), stackTop(0));
        mov(abs(tss + 8).dword(), DATA0);
        mov(abs(tss + 0x20).dword(), at);
        mov(abs(tss + 0x24).dword(), 0x2);
        for (int n = 0; n < 8; n++) {
            mov(abs(tss + 0x28 + 4 * n).dword(), n == 4 ? 0x36F000 : seed + n);
        }
        final int[] selectors = {DATA0, CODE0, DATA0, DATA0, DATA3 | 3, 0};
        for (int n = 0; n < 6; n++) {
            mov(abs(tss + 0x48 + 4 * n).dword(), selectors[n]);
        }
        mov(abs(tss + 0x60).dword(), LDT_GOOD);
        mov(abs(tss + 0x64).dword(), 0x680000);
    }

    private void task16() {
        mov(Reg.EAX, target);
        sub(Reg.EAX, ORIGIN);
        mov(abs(TSS_NARROW + 0x0E).word(), Reg.AX);
        mov(abs(TSS_NARROW + 2).word(), 0xF000);
        mov(abs(TSS_NARROW + 4).word(), DATA16);
        mov(abs(TSS_NARROW + 0x10).word(), 2);
        for (int n = 0; n < 8; n++) {
            mov(abs(TSS_NARROW + 0x12 + 2 * n).word(), n == 4 ? 0xF000 : 0x7000 + n);
        }
        final int[] selectors = {DATA0, CODE16, DATA16, DATA0};
        for (int n = 0; n < 4; n++) {
            mov(abs(TSS_NARROW + 0x22 + 2 * n).word(), selectors[n]);
        }
        mov(abs(TSS_NARROW + 0x2A).word(), 0);
    }

    private void interruptTable() {
        for (int v = 0; v < 256; v++) {
            mov(Reg.EAX, handlers[v]);
            mov(abs(IDT + v * 8L).word(), Reg.AX);
            mov(abs(IDT + v * 8L + 2).word(), CODE0);
            mov(abs(IDT + v * 8L + 4).word(), v >= 0x80 ? 0xEE00 : 0x8E00);
            shr(Reg.EAX, 16);
            mov(abs(IDT + v * 8L + 6).word(), Reg.AX);
        }
        // a task switch as interrupt 0x90; the double-fault task is installed by the scenario that wants it
        poke(IDT + 0x90 * 8L, (long) WIDE << 16 | 0xE5L << 40);
        poke(IDT + 0x91 * 8L, (long) NARROW << 16 | 0xE5L << 40);
    }
}
