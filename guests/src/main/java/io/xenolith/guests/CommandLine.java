package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.StartInfo;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/** The command line in start_info: texts looked for, numbers read. */
final class CommandLine {
    private static final int TEXT = StartInfo.X32.cmdLine;

    private final Kernel k;
    private final Label find;
    private final Label number;

    CommandLine(final Kernel k) {
        this.k = k;
        find = k.label("findOption");
        number = k.label("optionNumber");
    }

    /** EAX: where the whole line is. */
    void emitAddress() {
        k.mov(EAX, at(k.startInfo));
        k.add(EAX, TEXT);
    }

    /** EAX: what follows a text in the line, or 0; flags as after a test of it. ECX, EDX lost. */
    void emitFind(final String option) {
        k.mov(EAX, k.text(option));
        k.call(find);
        k.test(EAX, EAX);
    }

    /** A decimal number behind {@code option=} into a variable; 0 when the line has none. EAX, ECX, EDX lost. */
    void emitNumber(final String option, final Label variable) {
        k.mov(EAX, k.text(option + "="));
        k.call(find);
        k.call(number);
        k.mov(at(variable), EAX);
    }

    void emit() {
        find();
        number();
    }

    /** EAX: the text to look for; then what follows it in the line, or 0. */
    private void find() {
        k.function(find, () -> {
            final Label here = k.label();
            final Label found = k.label();
            final Label none = k.label();
            final Label done = k.label();
            final Label compare = k.label();
            k.mov(EBX, EAX);
            k.mov(ESI, at(k.startInfo));
            k.add(ESI, TEXT);
            k.bind(here);
            k.cmp(mem(ESI).byte_(), 0);
            k.jcc(Cond.E, none);
            k.mov(ECX, EBX);
            k.mov(EDI, ESI);
            k.inc(ESI);
            k.bind(compare);
            k.mov(AL, mem(ECX));
            k.test(AL, AL);
            k.jcc(Cond.Z, found);
            k.cmp(AL, mem(EDI));
            k.jcc(Cond.NE, here);
            k.inc(ECX);
            k.inc(EDI);
            k.jmp(compare);
            k.bind(found);
            k.mov(EAX, EDI);
            k.jmp(done);
            k.bind(none);
            k.xor(EAX, EAX);
            k.bind(done);
        });
    }

    /** EAX: address of a decimal text or 0; then its value. */
    private void number() {
        k.function(number, () -> {
            final Label next = k.label();
            final Label done = k.label();
            k.xor(EBX, EBX);
            k.mov(ESI, EAX);
            k.test(ESI, ESI);
            k.jcc(Cond.Z, done);
            k.bind(next);
            k.movzx(EAX, mem(ESI).byte_());
            k.sub(EAX, '0');
            k.cmp(EAX, 9);
            k.jcc(Cond.A, done);
            k.imul(EBX, EBX, 10);
            k.add(EBX, EAX);
            k.inc(ESI);
            k.jmp(next);
            k.bind(done);
            k.mov(EAX, EBX);
        });
    }
}
