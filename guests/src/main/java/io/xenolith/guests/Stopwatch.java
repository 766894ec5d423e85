package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.x86.asm.Label;

/** Times a stretch of code with the time-stamp counter, which runs at one count per nanosecond on our machines. */
final class Stopwatch {
    private final Kernel k;
    private final Label begin;
    private final Label elapsed;

    Stopwatch(final Kernel k) {
        this.k = k;
        begin = k.variable("stopwatchBegin", 8);
        elapsed = k.variable("stopwatchElapsed", 8);
    }

    /** EAX, EDX lost. */
    void emitStart() {
        k.rdtsc();
        k.mov(at(begin), EAX);
        k.mov(at(begin, 4), EDX);
    }

    /** EAX, EDX lost. */
    void emitStop() {
        k.rdtsc();
        k.sub(EAX, at(begin));
        k.sbb(EDX, at(begin, 4));
        k.mov(at(elapsed), EAX);
        k.mov(at(elapsed, 4), EDX);
    }

    /** Prints {@code  ns=} and sixteen hexadecimal digits. EAX, ECX, EDX lost. */
    void emitSay() {
        k.say(" ns=");
        k.sayHex(at(elapsed, 4));
        k.sayHex(at(elapsed));
    }
}
