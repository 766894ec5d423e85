package io.xenolith.hv.pv;

import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.RegisterDump;
import io.xenolith.shm.hv.VcpuRecord;
import io.xenolith.x86.Cpu;
import java.nio.charset.StandardCharsets;

/** Why a domain ended: registers, last faults and stack words, in its pages and on the machine's console. */
public final class CrashReport {
    /** SHUTDOWN_crash of the public {@code sched.h}. */
    public static final int SHUTDOWN_CRASH = 3;

    private static final String[] NAMES = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8 ", "r9 ", "r10",
        "r11", "r12", "r13", "r14", "r15"};
    private static final int STACK_WORDS = 16;

    private CrashReport() {
    }

    /**
     * Writes the register dump, the report and a line on the machine's console.
     *
     * @param v      vCPU that ended the domain.
     * @param reason one line.
     */
    static void write(final PvVcpu v, final String reason) {
        dumpRegisters(v);
        final byte[] text = text(v, reason).getBytes(StandardCharsets.US_ASCII);
        final long page = v.domain().machine().hv().domainPage(v.domain().slot());
        final int length = Math.min(text.length, DomainPage.CRASH_TEXT_LENGTH);
        Raw.copyIn(text, 0, page + DomainPage.CRASH_TEXT, length);
        Raw.putInt(page + DomainPage.CRASH_VCPU, v.vcpu());
        Raw.putInt(page + DomainPage.CRASH_REASON, 1);
        KillPoint.hit(KillPoint.DOMAIN_BEFORE_CRASH_REPORT);
        Raw.putInt(page + DomainPage.CRASH_LENGTH, length);
        v.domain().console().log("domain crashed on vcpu " + v.vcpu() + ": " + reason);
    }

    private static String text(final PvVcpu v, final String reason) {
        final StringBuilder out = new StringBuilder(2048);
        final Cpu c = v.cpu();
        out.append(reason).append('\n');
        for (int i = 0; i < (v.is64Bit() ? 16 : 8); i++) {
            out.append(String.format("%s %016x%s", NAMES[i], c.gpr[i], i % 4 == 3 ? "\n" : "  "));
        }
        out.append(String.format("ip  %016x  flags %08x  cpl %d%n", c.ip, c.eflags(), c.cpl()));
        out.append(String.format("es %04x cs %04x ss %04x ds %04x fs %04x gs %04x%n", selector(c, 0), selector(c, 1),
            selector(c, 2), selector(c, 3), selector(c, 4), selector(c, 5)));
        out.append(String.format("cr0 %08x cr2 %x cr3 %x%n", c.cr0, v.info().cr2(), c.cr3));
        stack(v, out);
        out.append("last faults:\n");
        FaultLog.print(v.record(), out);
        return out.toString();
    }

    private static int selector(final Cpu c, final int number) {
        return c.seg[number].selector();
    }

    private static void stack(final PvVcpu v, final StringBuilder out) {
        final Cpu c = v.cpu();
        final long sp = (c.long64 ? 0 : c.seg[Cpu.SS].base()) + c.gpr[Cpu.RSP];
        out.append("stack:");
        try {
            for (int i = 0; i < STACK_WORDS; i++) {
                out.append(' ').append(Long.toHexString(v.readWord(sp + (long)i * v.wordSize())));
            }
        }
        catch (final GuestFault fault) {
            out.append(" (not readable)");
        }
        out.append('\n');
    }

    /** Writes a vCPU's registers to its record. @param v the vCPU, called by its own thread. */
    public static void dumpRegisters(final PvVcpu v) {
        final long dump = v.record() + VcpuRecord.REGISTER_DUMP;
        final Cpu c = v.cpu();
        final int sequence = Raw.getInt(dump + RegisterDump.SEQUENCE) | 1;
        Raw.putIntVolatile(dump + RegisterDump.SEQUENCE, sequence);
        Raw.putInt(dump + RegisterDump.WIDTH, v.is64Bit() ? 64 : 32);
        for (int i = 0; i < 16; i++) {
            Raw.putLong(dump + RegisterDump.GPR + i * 8L, c.gpr[i]);
        }
        Raw.putLong(dump + RegisterDump.IP, c.ip);
        Raw.putLong(dump + RegisterDump.FLAGS, c.eflags());
        for (int i = 0; i < 6; i++) {
            Raw.putInt(dump + RegisterDump.SELECTORS + i * 4L, selector(c, i));
        }
        Raw.putLong(dump + RegisterDump.CR, c.cr0);
        Raw.putLong(dump + RegisterDump.CR + 8, v.info().cr2());
        Raw.putLong(dump + RegisterDump.CR + 16, c.cr3);
        Raw.putLong(dump + RegisterDump.CR + 24, c.cr4);
        Raw.putLong(dump + RegisterDump.BASES, c.seg[Cpu.FS].base());
        Raw.putLong(dump + RegisterDump.BASES + 8, c.seg[Cpu.GS].base());
        Raw.putLong(dump + RegisterDump.BASES + 16, c.kernelGsBase);
        Raw.putLong(dump + RegisterDump.DR, c.dr[6]);
        Raw.putLong(dump + RegisterDump.DR + 8, c.dr[7]);
        Raw.putLong(dump + RegisterDump.TIME, v.domain().services().systemTimeNs());
        Raw.putLong(dump + RegisterDump.KERNEL_SP, v.kernelSp());
        Raw.putInt(dump + RegisterDump.KERNEL_SS, v.kernelSs());
        Raw.putInt(dump + RegisterDump.CPL, c.cpl());
        Raw.putIntVolatile(dump + RegisterDump.SEQUENCE, sequence + 1);
    }
}
