package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.ElfNote;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.MmuextOp;
import io.xenolith.shm.abi.StartInfo;
import io.xenolith.shm.abi.UvmFlags;
import io.xenolith.x86.asm.Assembler;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.ElfImage;
import io.xenolith.x86.asm.Label;
import io.xenolith.x86.asm.Mem;
import io.xenolith.x86.asm.Mode;
import io.xenolith.x86.asm.Reg;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An assembler with what the parts of the kernel have in common: hypercalls, functions, texts, variables, pages, and
 * checks that end a part with the number of the check that failed.
 *
 * <pre>
 * VIRT_BASE + LOAD_OFFSET   hypercall page (filled by the builder)
 *                           code, texts, variables
 *                           pages without contents (bss)
 * </pre>
 */
final class Kernel extends Assembler {
    /** Virtual address of pseudo-physical 0. */
    static final long VIRT_BASE = 0xC000_0000L;
    /** Where the image begins in pseudo-physical memory. */
    static final long LOAD_OFFSET = 0x10_0000L;
    static final int PAGE = 4096;
    /** Ring 1 code and data, ring 3 code and data: flat segments the hypervisor supplies. */
    static final int KERNEL_CS = 0xE019;
    static final int KERNEL_DS = 0xE021;
    static final int USER_CS = 0xE02B;
    static final int USER_DS = 0xE033;
    static final int DOMID_SELF = 0x7FF0;
    /** Machine-to-physical table, 4 bytes a frame. */
    static final long M2P = 0xF580_0000L;
    /** Page-table entry bits. */
    static final int PTE_P = 1;
    static final int PTE_RW = 2;
    static final int PTE_US = 4;
    static final int PTE_A = 0x20;
    static final int PTE_D = 0x40;

    private static final int STUB_BYTES = 32;
    private static final int STACK_PAGES = 4;
    private static final Reg[] ARGUMENTS = {EBX, ECX, EDX, ESI, EDI};

    private record Reserved(Label label, int bytes, int alignment) {
    }

    private final Label hypercallPage;
    private final Map<String, Label> texts = new LinkedHashMap<>();
    private final List<Reserved> variables = new ArrayList<>();
    private final List<Reserved> pages = new ArrayList<>();
    private final Map<Integer, Label> stubs = new LinkedHashMap<>();
    private Label partFailed;
    private int checks;

    // Routines that parts use; bound by the class named.
    /** {@link Console}: prints the text at EAX. */
    final Label puts = label("puts");
    /** {@link Console}: prints EAX in eight hexadecimal digits. */
    final Label putHex = label("putHex");
    /** {@link Console}: prints EAX in decimal. */
    final Label putDecimal = label("putDecimal");
    /** {@link Console}: prints the character AL. */
    final Label putChar = label("putChar");
    /** {@link PageTables}: machine frame of the page at virtual address EAX. */
    final Label frameOf = label("frameOf");
    /** {@link PageTables}: maps machine frame EDX with flags ECX at virtual address EAX; hypervisor's result. */
    final Label mapFrame = label("mapFrame");
    /** {@link PageTables}: virtual address of the leaf entry for virtual address EAX. */
    final Label entryOf = label("entryOf");
    /** {@link Clock}: nanoseconds since boot in EDX:EAX. */
    final Label now = label("now");
    /** {@link Events}: waits until port EAX is pending, at most EDX ms, and clears it. */
    final Label waitPort = label("waitPort");
    /** {@link Events}: notifies port EAX. */
    final Label send = label("send");
    /** Variables of the start. */
    final Label startInfo = variable("startInfo", 4);
    /** Virtual address of the physical-to-machine list. */
    final Label p2m = variable("p2m", 4);
    private final Label mmuextOp = variable("mmuextOp", MmuextOp.X32.length);
    /** Page at which shared_info is mapped. */
    final Label sharedInfo = page("sharedInfo");

    Kernel() {
        super(Mode.BITS32, VIRT_BASE + LOAD_OFFSET);
        hypercallPage = mark("hypercallPage");
        for (int n = 0; n < PAGE / STUB_BYTES; n++) {
            stubs.put(n, mark("hypercall" + n));
            fill(STUB_BYTES, 0xCC);
        }
    }

    /** The page that the builder fills with call stubs. */
    long hypercallPage() {
        return address(hypercallPage);
    }

    // ---- data ----

    /** A text with a zero byte behind it. */
    Label text(final String s) {
        return texts.computeIfAbsent(s, k -> label("text " + k));
    }

    /** Zeroed bytes, aligned to four. */
    Label variable(final String name, final int bytes) {
        final Label l = label(name);
        variables.add(new Reserved(l, bytes, 8));
        return l;
    }

    /** A zeroed page. */
    Label page(final String name) {
        return pages(name, 1);
    }

    /** Zeroed pages in a row. */
    Label pages(final String name, final int count) {
        final Label l = label(name);
        pages.add(new Reserved(l, count * PAGE, PAGE));
        return l;
    }

    /** Places texts and variables; returns the bytes of the file part. */
    byte[] finish() {
        texts.forEach((s, l) -> {
            bind(l);
            asciz(s);
        });
        place(variables);
        align(PAGE);
        final int filePart = position();
        place(pages);
        return java.util.Arrays.copyOf(toBytes(), filePart);
    }

    /**
     * Finishes the kernel and wraps it in an ELF image with the notes that the domain builder needs.
     *
     * @param start entry point.
     * @param name  GUEST_OS note.
     * @return the image.
     */
    byte[] image(final Label start, final String name) {
        final byte[] text = finish();
        return new ElfImage(false, address(start))
            .load(origin(), LOAD_OFFSET, text, position(), ElfImage.READ | ElfImage.WRITE | ElfImage.EXECUTE)
            .xenNote(ElfNote.GUEST_OS, name)
            .xenNote(ElfNote.LOADER, "generic")
            .xenNote(ElfNote.XEN_VERSION, "xen-3.0")
            .xenNote(ElfNote.ENTRY, address(start))
            .xenNote(ElfNote.VIRT_BASE, VIRT_BASE)
            .xenNote(ElfNote.PADDR_OFFSET, 0)
            .xenNote(ElfNote.HYPERCALL_PAGE, hypercallPage())
            .xenNote(ElfNote.PAE_MODE, "yes")
            .xenNote(ElfNote.FEATURES, "pae_pgdir_above_4gb")
            .toBytes();
    }

    private void place(final List<Reserved> list) {
        for (final Reserved r : list) {
            align(r.alignment);
            bind(r.label);
            fill(r.bytes, 0);
        }
    }

    // ---- start ----

    /** First code of a kernel: ESI is start_info. Sets up a stack and what {@link #startInfo} and {@link #p2m} say. */
    void emitStart() {
        final Label stack = pages("stack", STACK_PAGES);
        cld();
        mov(at(startInfo), ESI);
        mov(ESP, stack);
        add(ESP, STACK_PAGES * PAGE);
        mov(EAX, mem(ESI, StartInfo.X32.mfnList));
        mov(at(p2m), EAX);
    }

    /** Maps shared_info at {@link #sharedInfo}. */
    void emitMapSharedInfo() {
        startInfo(ECX, StartInfo.X32.sharedInfo);
        or(ECX, PTE_P | PTE_RW | PTE_A | PTE_D);
        hypercall(Hypercall.UPDATE_VA_MAPPING, sharedInfo, ECX, 0, UvmFlags.INVLPG);
    }

    // ---- code ----

    /** A function: keeps EBX, ESI, EDI, EBP around the body. */
    void function(final Label name, final Runnable body) {
        bind(name);
        push(EBX);
        push(ESI);
        push(EDI);
        push(EBP);
        body.run();
        pop(EBP);
        pop(EDI);
        pop(ESI);
        pop(EBX);
        ret();
    }

    /**
     * A part: a function that returns 0, or the number of the first {@link #check} that failed.
     *
     * @param name its label.
     * @param body emits the code.
     */
    void part(final Label name, final Runnable body) {
        partFailed = label("failed " + name.name());
        checks = 0;
        function(name, () -> {
            body.run();
            xor(EAX, EAX);
            bind(partFailed);
        });
    }

    /** Goes on when the flags say {@code cond}, ends the part as failed otherwise. */
    void check(final Cond cond) {
        final Label good = label();
        jcc(cond, good);
        mov(EAX, ++checks);
        jmp(partFailed);
        bind(good);
    }

    /** Checks that EAX holds a value. */
    void checkResult(final long expected) {
        cmp(EAX, expected);
        check(Cond.E);
    }

    /** Checks that EAX is not an error number. */
    void checkNoError() {
        test(EAX, EAX);
        check(Cond.NS);
    }

    /**
     * A hypercall; result in EAX, EBX to EDI lost.
     *
     * @param number    its number.
     * @param arguments up to five of: number, label (its address), memory operand, register not yet overwritten.
     */
    void hypercall(final int number, final Object... arguments) {
        for (int i = 0; i < arguments.length; i++) {
            load(ARGUMENTS[i], arguments[i]);
        }
        call(stubs.get(number));
    }

    private void load(final Reg to, final Object value) {
        switch (value) {
            case Integer n -> mov(to, n & 0xFFFF_FFFFL);
            case Long n -> mov(to, n);
            case Label l -> mov(to, l);
            case Mem m -> mov(to, m);
            case Reg r when r == to -> {
            }
            case Reg r -> mov(to, r);
            default -> throw new IllegalArgumentException("argument: " + value);
        }
    }

    /** One extended MMU operation on a linear address or frame in a register; result in EAX. */
    void mmuext(final int command, final Reg operand) {
        mov(at(mmuextOp, MmuextOp.X32.arg1), operand);
        mov(at(mmuextOp, MmuextOp.X32.cmd).dword(), command);
        hypercall(Hypercall.MMUEXT_OP, mmuextOp, 1, 0, DOMID_SELF);
    }

    /** Leaves through the iret stub; the stack holds eip, cs, eflags and, for ring 3, esp and ss. */
    void hypercallIret() {
        jmp(stubs.get(Hypercall.IRET));
    }

    /** Prints a text; EAX, ECX, EDX lost. */
    void say(final String s) {
        mov(EAX, text(s));
        call(puts);
    }

    /** Prints a register or variable in hexadecimal. */
    void sayHex(final io.xenolith.x86.asm.RegMem value) {
        mov(EAX, value);
        call(putHex);
    }

    /** Prints a register or variable in decimal. */
    void sayDecimal(final io.xenolith.x86.asm.RegMem value) {
        mov(EAX, value);
        call(putDecimal);
    }

    /** A word of start_info: loads it. */
    void startInfo(final Reg to, final int offset) {
        mov(to, at(startInfo));
        mov(to, mem(to, offset));
    }
}
