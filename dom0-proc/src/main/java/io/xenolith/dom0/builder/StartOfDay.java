package io.xenolith.dom0.builder;

import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.Abi;
import io.xenolith.shm.abi.StartInfo;
import io.xenolith.shm.abi.UserRegs32;
import io.xenolith.shm.abi.UserRegs64;
import io.xenolith.shm.abi.VcpuGuestContext;
import io.xenolith.shm.abi.VmAssist;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes what a domain finds when it starts: the kernel, its module, the p2m list, page tables, start_info, the
 * hypercall page, and the state of its first vCPU. Frames are zero before.
 */
final class StartOfDay {
    /** What the hypervisor has given the domain. */
    record Given(long sharedInfoMfn, int storePort, int consolePort) { }

    private static final int HYPERCALL_STUBS = 128;
    private static final int STUB_BYTES = 32;
    private static final int IRET = 23;
    private static final int EFLAGS_IF = 0x202;
    private static final int RING1_CS = 0xe019;
    private static final int RING1_DS = 0xe021;
    private static final int KERNEL_CS64 = 0xe033;
    private static final int KERNEL_SS64 = 0xe02b;

    private final KernelImage kernel;
    private final DomainLayout layout;
    private final GuestFrames frames;
    private final Abi abi;

    StartOfDay(final KernelImage kernel, final DomainLayout layout, final GuestFrames frames) {
        this.kernel = kernel;
        this.layout = layout;
        this.frames = frames;
        this.abi = kernel.is64Bit() ? Abi.X64 : Abi.X32;
    }

    /** Writes all of memory. */
    void write(final Given given, final byte[] module, final String commandLine) {
        for (final KernelImage.Piece p : kernel.pieces()) {
            copy(kernel.bytes(), p.offset(), p.vaddr() - layout.virtBase(), p.length());
        }
        if (kernel.notes().hypercallPage() != -1) {
            writeHypercallPage(frames.address(kernel.notes().hypercallPage() - layout.virtBase() >>> 12));
        }
        copy(module, 0, layout.modulePfn() << 12, module.length);
        writeP2m();
        writeStartInfo(frames.address(layout.startInfoPfn()), given, module.length, commandLine);
        new PageTables(layout, frames).write();
    }

    private void copy(final byte[] from, final int offset, final long phys, final int length) {
        int done = 0;
        while (done < length) {
            final long at = phys + done;
            final int inPage = (int) (at & DomainLayout.PAGE - 1);
            final int n = Math.min(length - done, (int) DomainLayout.PAGE - inPage);
            Raw.copyIn(from, offset + done, frames.address(at >>> 12) + inPage, n);
            done += n;
        }
    }

    private void writeP2m() {
        final int word = abi.wordBytes();
        final int perPage = (int) DomainLayout.PAGE / word;
        for (long page = 0; page < layout.p2mPages(); page++) {
            final long at = frames.address(layout.p2mPfn() + page);
            for (int i = 0; i < perPage; i++) {
                final long pfn = page * perPage + i;
                abi.putWord(at + (long) i * word, pfn < layout.pages() ? frames.mfn(pfn) : -1L);
            }
        }
    }

    private void writeStartInfo(final long at, final Given given, final int moduleBytes, final String commandLine) {
        final StartInfo s = StartInfo.of(abi);
        putText(at + s.magic, kernel.guestType(), 32);
        abi.putWord(at + s.nrPages, layout.pages());
        abi.putWord(at + s.sharedInfo, given.sharedInfoMfn() << 12);
        abi.putWord(at + s.storeMfn, frames.mfn(layout.storePfn()));
        Raw.putInt(at + s.storeEvtchn, given.storePort());
        abi.putWord(at + s.consoleMfn, frames.mfn(layout.consolePfn()));
        Raw.putInt(at + s.consoleEvtchn, given.consolePort());
        abi.putWord(at + s.ptBase, layout.virtOf(layout.tablePfn()));
        abi.putWord(at + s.nrPtFrames, layout.tablePages());
        abi.putWord(at + s.mfnList, layout.p2mVirt());
        writeModule(at, s, moduleBytes);
        putText(at + s.cmdLine, commandLine, 1024);
        if (layout.isP2mApart()) {
            abi.putWord(at + s.firstP2mPfn, layout.p2mPfn());
            abi.putWord(at + s.nrP2mFrames, layout.p2mPages() + layout.p2mTablePages());
        }
    }

    private void writeModule(final long at, final StartInfo s, final int bytes) {
        if (bytes == 0) {
            return;
        }
        final boolean mapped = layout.isModuleMapped();
        Raw.putInt(at + s.flags, mapped ? 0 : StartInfo.SIF_MOD_START_PFN);
        abi.putWord(at + s.modStart, mapped ? layout.virtOf(layout.modulePfn()) : layout.modulePfn());
        abi.putWord(at + s.modLen, bytes);
    }

    private static void putText(final long at, final String text, final int room) {
        final byte[] b = Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), room);
        b[room - 1] = 0;
        Raw.copyIn(b, 0, at, room);
    }

    // ---- hypercall page ----

    /** 128 stubs of 32 bytes; what lies behind a stub traps. */
    private void writeHypercallPage(final long at) {
        Raw.fill(at, DomainLayout.PAGE, (byte) 0xcc);
        for (int n = 0; n < HYPERCALL_STUBS; n++) {
            final byte[] stub = abi.is64() ? stub64(n) : stub32(n);
            Raw.copyIn(stub, 0, at + (long) n * STUB_BYTES, stub.length);
        }
    }

    /** mov $n,%eax; int $0x82; ret. For iret: push %eax first, and it never returns. */
    private static byte[] stub32(final int n) {
        return n == IRET
                ? new byte[]{0x50, (byte) 0xb8, IRET, 0, 0, 0, (byte) 0xcd, (byte) 0x82}
                : new byte[]{(byte) 0xb8, (byte) n, 0, 0, 0, (byte) 0xcd, (byte) 0x82, (byte) 0xc3};
    }

    /** push %rcx; push %r11; mov $n,%eax; syscall; pop %r11; pop %rcx; ret. For iret: push %rax too. */
    private static byte[] stub64(final int n) {
        return n == IRET
                ? new byte[]{0x51, 0x41, 0x53, 0x50, (byte) 0xb8, IRET, 0, 0, 0, 0x0f, 0x05}
                : new byte[]{0x51, 0x41, 0x53, (byte) 0xb8, (byte) n, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, (byte) 0xc3};
    }

    // ---- first vCPU ----

    /** The vcpu_guest_context in which vCPU 0 starts. */
    byte[] context() {
        final VcpuGuestContext c = VcpuGuestContext.of(abi);
        final java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined();
        try (arena) {
            final long at = arena.allocate(c.length, 16).address();
            final long stack = layout.virtOf(layout.stackPfn()) + DomainLayout.PAGE;
            abi.putWord(at + c.flags, VcpuGuestContext.VGCF_IN_KERNEL | VcpuGuestContext.VGCF_ONLINE);
            if (abi.is64()) {
                registers64(at + c.userRegs, stack);
            } else {
                registers32(at + c.userRegs, stack);
                abi.putWord(at + c.vmAssist, 1L << VmAssist.PAE_EXTENDED_CR3);
            }
            abi.putWord(at + c.kernelSs, abi.is64() ? KERNEL_SS64 : RING1_DS);
            abi.putWord(at + c.kernelSp, stack);
            abi.putWord(at + c.ctrlreg + 3L * abi.wordBytes(), cr3(frames.mfn(layout.tablePfn())));
            final byte[] bytes = new byte[c.length];
            Raw.copyOut(at, bytes, 0, bytes.length);
            return bytes;
        }
    }

    /** In 32-bit contexts the frame number is folded, so that it fits above 4 GiB. */
    private long cr3(final long mfn) {
        return abi.is64() ? mfn << 12 : (mfn << 12 | mfn >>> 20) & 0xffff_ffffL;
    }

    private void registers32(final long r, final long stack) {
        Raw.putInt(r + UserRegs32.EIP, (int) kernel.entry());
        Raw.putInt(r + UserRegs32.ESP, (int) stack);
        Raw.putInt(r + UserRegs32.ESI, (int) layout.virtOf(layout.startInfoPfn()));
        Raw.putInt(r + UserRegs32.EFLAGS, EFLAGS_IF);
        Raw.putShort(r + UserRegs32.CS, (short) RING1_CS);
        for (final int selector : new int[]{UserRegs32.SS, UserRegs32.DS, UserRegs32.ES, UserRegs32.FS, UserRegs32.GS}) {
            Raw.putShort(r + selector, (short) RING1_DS);
        }
    }

    private void registers64(final long r, final long stack) {
        Raw.putLong(r + UserRegs64.RIP, kernel.entry());
        Raw.putLong(r + UserRegs64.RSP, stack);
        Raw.putLong(r + UserRegs64.RSI, layout.virtOf(layout.startInfoPfn()));
        Raw.putLong(r + UserRegs64.RFLAGS, EFLAGS_IF);
        Raw.putShort(r + UserRegs64.CS, (short) KERNEL_CS64);
        Raw.putShort(r + UserRegs64.SS, (short) KERNEL_SS64);
    }
}
