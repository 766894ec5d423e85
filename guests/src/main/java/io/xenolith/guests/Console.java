package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.ConsoleInterface;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.SchedOp;
import io.xenolith.shm.abi.StartInfo;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/** The console ring: bytes, texts and numbers. The backend is told at the end of each line and when the ring is full. */
final class Console {
    private static final int OUT_MASK = 2047;

    private final Kernel k;
    private final Label ring;
    private final Label digits;

    Console(final Kernel k) {
        this.k = k;
        this.ring = k.variable("consoleRing", 4);
        this.digits = k.variable("digits", 16);
    }

    /** Finds the ring's virtual address: its frame, through the machine-to-physical table. */
    void emitInit() {
        k.startInfo(EAX, StartInfo.X32.consoleMfn);
        k.mov(EAX, mem(null, EAX, 4, Kernel.M2P));
        k.shl(EAX, 12);
        k.add(EAX, Kernel.VIRT_BASE);
        k.mov(at(ring), EAX);
    }

    void emit() {
        putChar();
        puts();
        putHex();
        putDecimal();
    }

    private void putChar() {
        final Label notify = k.label("consoleNotify");
        final Label done = k.label();
        k.function(k.putChar, () -> {
            final Label room = k.label();
            final Label full = k.label();
            k.mov(EBP, at(ring));
            k.movzx(ESI, AL);
            final Label again = k.mark("putAgain");
            k.mov(ECX, mem(EBP, ConsoleInterface.OUT_PROD));
            k.mov(EDX, ECX);
            k.sub(EDX, mem(EBP, ConsoleInterface.OUT_CONS));
            k.cmp(EDX, OUT_MASK + 1);
            k.jcc(Cond.B, room);
            k.bind(full);
            k.push(ESI);
            k.call(notify);
            k.hypercall(Hypercall.SCHED_OP, SchedOp.YIELD, 0);
            k.pop(ESI);
            k.jmp(again);
            k.bind(room);
            k.mov(EDX, ECX);
            k.and(EDX, OUT_MASK);
            k.mov(EAX, ESI);
            k.mov(mem(EBP, EDX, 1, ConsoleInterface.OUT), AL);
            k.inc(ECX);
            k.mov(mem(EBP, ConsoleInterface.OUT_PROD), ECX);
            k.cmp(AL, '\n');
            k.jcc(Cond.NE, done);
            k.call(notify);
            k.bind(done);
        });
        k.bind(notify);
        k.startInfo(EAX, StartInfo.X32.consoleEvtchn);
        k.jmp(k.send);
    }

    /** A newline goes out as carriage return and newline, for terminals. */
    private void puts() {
        k.function(k.puts, () -> {
            final Label end = k.label();
            final Label plain = k.label();
            k.mov(ESI, EAX);
            final Label next = k.mark("putsNext");
            k.lodsb();
            k.test(AL, AL);
            k.jcc(Cond.Z, end);
            k.cmp(AL, '\n');
            k.jcc(Cond.NE, plain);
            k.mov(AL, '\r');
            k.call(k.putChar);
            k.mov(AL, '\n');
            k.bind(plain);
            k.call(k.putChar);
            k.jmp(next);
            k.bind(end);
        });
    }

    private void putHex() {
        k.function(k.putHex, () -> {
            k.mov(ESI, EAX);
            k.mov(EBX, 8);
            final Label next = k.mark("hexNext");
            k.rol(ESI, 4);
            k.mov(EAX, ESI);
            k.and(EAX, 15);
            k.mov(ECX, k.text("0123456789abcdef"));
            k.mov(AL, mem(ECX, EAX, 1, 0));
            k.call(k.putChar);
            k.dec(EBX);
            k.jcc(Cond.NZ, next);
        });
    }

    private void putDecimal() {
        k.function(k.putDecimal, () -> {
            k.mov(ESI, digits);
            k.add(ESI, 15);
            k.mov(mem(ESI).byte_(), 0);
            k.mov(ECX, 10);
            final Label next = k.mark("decimalNext");
            k.xor(EDX, EDX);
            k.div(ECX);
            k.add(DL, '0');
            k.dec(ESI);
            k.mov(mem(ESI), DL);
            k.test(EAX, EAX);
            k.jcc(Cond.NZ, next);
            k.mov(EAX, ESI);
            k.call(k.puts);
        });
    }
}
