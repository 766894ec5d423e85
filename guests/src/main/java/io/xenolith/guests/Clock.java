package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.VcpuInfo;
import io.xenolith.shm.abi.VcpuTimeInfo;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/** System time from vcpu_time_info and the time-stamp counter. */
final class Clock {
    private static final int TIME = VcpuInfo.X32.time;

    private Clock() {
    }

    /**
     * {@code ns = system_time + (((tsc - tsc_timestamp) << shift) * mul >> 32)}, read again when the version changed
     * meanwhile or is odd.
     */
    static void emit(final Kernel k) {
        k.function(k.now, () -> {
            final Label right = k.label();
            final Label scale = k.label();
            k.mov(EBP, k.sharedInfo);
            k.add(EBP, TIME);
            final Label again = k.mark("nowAgain");
            k.mov(EBX, mem(EBP, VcpuTimeInfo.VERSION));
            k.test(EBX, 1);
            k.jcc(Cond.NZ, again);
            k.push(EBX);
            k.rdtsc();
            k.sub(EAX, mem(EBP, VcpuTimeInfo.TSC_TIMESTAMP));
            k.sbb(EDX, mem(EBP, VcpuTimeInfo.TSC_TIMESTAMP + 4));
            k.mov(CL, mem(EBP, VcpuTimeInfo.TSC_SHIFT));
            k.test(CL, CL);
            k.jcc(Cond.S, right);
            k.shldCl(EDX, EAX);
            k.shlCl(EAX);
            k.jmp(scale);
            k.bind(right);
            k.neg(CL);
            k.shrdCl(EAX, EDX);
            k.shrCl(EDX);
            k.bind(scale);
            k.mov(ECX, EDX);
            k.mul(mem(EBP, VcpuTimeInfo.TSC_TO_SYSTEM_MUL).dword());
            k.mov(ESI, EDX);
            k.mov(EAX, ECX);
            k.mul(mem(EBP, VcpuTimeInfo.TSC_TO_SYSTEM_MUL).dword());
            k.add(EAX, ESI);
            k.adc(EDX, 0);
            k.add(EAX, mem(EBP, VcpuTimeInfo.SYSTEM_TIME));
            k.adc(EDX, mem(EBP, VcpuTimeInfo.SYSTEM_TIME + 4));
            k.pop(EBX);
            k.cmp(EBX, mem(EBP, VcpuTimeInfo.VERSION));
            k.jcc(Cond.NE, again);
        });
    }

    /** Puts now + milliseconds into an eight-byte variable. EAX, ECX, EDX lost. */
    static void deadline(final Kernel k, final Label variable, final int milliseconds) {
        k.call(k.now);
        k.add(EAX, milliseconds * 1_000_000L);
        k.adc(EDX, 0);
        k.mov(at(variable), EAX);
        k.mov(at(variable, 4), EDX);
    }
}
