package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.StartInfo;
import io.xenolith.shm.abi.XenstoreInterface;
import io.xenolith.shm.abi.XsMessage;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * A client of xenstore over its ring: one request at a time, built in a buffer, answered into another.
 *
 * <p>Parts use {@link #read} and {@link #write}; a path or value is a row of pieces, each a Java string or the label of
 * a text in memory. Afterwards EAX is the length of the reply, or -1 for an error, and {@link #reply} holds its text
 * with a zero byte behind it.
 */
final class Xenstore {
    private static final int MASK = XenstoreInterface.RING_SIZE - 1;
    private static final int WAIT_MS = 20;
    /** Waits of {@link #WAIT_MS} before an answer is given up: a restart of dom0 fits in. */
    private static final int TRIES = 1500;

    private final Kernel k;
    private final Label ring;
    private final Label request;
    private final Label cursor;
    /** Where a request is interrupted; 0 = nowhere. */
    private final Label rest;
    private final Label answer;
    /** Payload of the last reply. */
    final Label reply;
    private final Label append;
    private final Label call;
    private final Label sendByte;
    private final Label receive;
    private final Label number;

    Xenstore(final Kernel k) {
        this.k = k;
        ring = k.variable("storeRing", 4);
        request = k.variable("storeRequest", XsMessage.LENGTH + XenstoreInterface.PAYLOAD_MAX);
        cursor = k.variable("storeCursor", 4);
        rest = k.variable("storeRest", 4);
        answer = k.variable("storeAnswer", XsMessage.LENGTH);
        reply = k.variable("storeReply", XenstoreInterface.PAYLOAD_MAX + 4);
        append = k.label("storeAppend");
        call = k.label("storeCall");
        sendByte = k.label("storeSendByte");
        receive = k.label("storeReceive");
        number = k.label("parseNumber");
    }

    void emitInit() {
        k.startInfo(EAX, StartInfo.X32.storeMfn);
        k.mov(EAX, mem(null, EAX, 4, Kernel.M2P));
        k.shl(EAX, 12);
        k.add(EAX, Kernel.VIRT_BASE);
        k.mov(at(ring), EAX);
    }

    /** The routines alone. */
    void emitRoutines() {
        append();
        sendByte();
        receive();
        call();
        number();
    }

    /** Routines and part. */
    void emit(final Label part) {
        emitRoutines();
        k.part(part, () -> {
            read("domid");
            k.test(EAX, EAX);
            k.check(Cond.G);
            k.say("     xenstore: this is domain ");
            k.mov(EAX, reply);
            k.call(k.puts);
            read("name");
            k.test(EAX, EAX);
            k.check(Cond.G);
            k.say(", called ");
            k.mov(EAX, reply);
            k.call(k.puts);
            k.say("\n");
            read("no-such-node");
            k.checkResult(-1);
            k.mov(EAX, at(reply));
            // the error's name: "ENOE(NT)"
            k.checkResult(0x454F4E45);
            write("data", "from the embedded guest");
            k.checkNoError();
            read("data");
            k.checkResult("from the embedded guest".length());
        });
    }

    /** Emits a READ. */
    void read(final Object... path) {
        begin(XsMessage.READ);
        pieces(path);
        k.call(call);
    }

    /** Emits a WRITE of a value, a string or label, to a path of one or more pieces. */
    void write(final Object path, final Object value) {
        begin(XsMessage.WRITE);
        pieces(path instanceof Object[] row ? row : new Object[] {path});
        piece(value);
        k.call(call);
    }

    /** Emits a READ whose request reaches the ring in two pieces, some time between them. */
    void emitReadInPieces(final String path) {
        k.mov(EAX, request);
        k.add(EAX, XsMessage.LENGTH / 2);
        k.mov(at(rest), EAX);
        read(path);
        k.mov(at(rest).dword(), 0);
    }

    /** Number in decimal at {@link #reply}, into EAX. */
    void parseReply() {
        k.mov(EAX, reply);
        k.call(number);
    }

    private void begin(final int type) {
        k.mov(at(request, XsMessage.TYPE).dword(), type);
        k.inc(at(request, XsMessage.REQ_ID).dword());
        k.mov(EAX, request);
        k.add(EAX, XsMessage.LENGTH);
        k.mov(at(cursor), EAX);
    }

    /** A path and the zero byte behind it. */
    private void pieces(final Object... row) {
        for (final Object p : row) {
            piece(p);
        }
        k.mov(EAX, at(cursor));
        k.mov(mem(EAX).byte_(), 0);
        k.inc(at(cursor).dword());
    }

    private void piece(final Object p) {
        k.mov(EAX, p instanceof Label l ? l : k.text((String) p));
        k.call(append);
    }

    private void append() {
        k.function(append, () -> {
            final Label end = k.label();
            k.mov(ESI, EAX);
            k.mov(EDI, at(cursor));
            final Label next = k.mark("appendNext");
            k.lodsb();
            k.test(AL, AL);
            k.jcc(Cond.Z, end);
            k.stosb();
            k.jmp(next);
            k.bind(end);
            k.mov(at(cursor), EDI);
        });
    }

    private void waitForStore() {
        k.startInfo(EAX, StartInfo.X32.storeEvtchn);
        k.mov(EDX, WAIT_MS);
        k.call(k.waitPort);
    }

    /** The store has taken all that is in the ring: it holds an incomplete request now. */
    private void waitUntilTaken() {
        final Label again = k.mark("waitUntilTaken");
        k.pause();
        k.mov(EBP, at(ring));
        k.mov(ECX, mem(EBP, XenstoreInterface.REQ_PROD));
        k.cmp(ECX, mem(EBP, XenstoreInterface.REQ_CONS));
        k.jcc(Cond.NE, again);
    }

    private void notifyStore() {
        k.startInfo(EAX, StartInfo.X32.storeEvtchn);
        k.call(k.send);
    }

    /** AL into the ring. */
    private void sendByte() {
        k.function(sendByte, () -> {
            final Label room = k.label();
            k.mov(EBX, EAX);
            k.mov(EBP, at(ring));
            final Label again = k.mark("sendByteAgain");
            k.mov(ECX, mem(EBP, XenstoreInterface.REQ_PROD));
            k.mov(EDX, ECX);
            k.sub(EDX, mem(EBP, XenstoreInterface.REQ_CONS));
            k.cmp(EDX, XenstoreInterface.RING_SIZE);
            k.jcc(Cond.B, room);
            notifyStore();
            waitForStore();
            k.jmp(again);
            k.bind(room);
            k.mov(EDX, ECX);
            k.and(EDX, MASK);
            k.mov(mem(EBP, EDX, 1, XenstoreInterface.REQ), BL);
            k.inc(ECX);
            k.mov(mem(EBP, XenstoreInterface.REQ_PROD), ECX);
        });
    }

    /** ECX bytes from the ring to EDX; EAX is -1 when they do not come, else 0. */
    private void receive() {
        k.function(receive, () -> {
            final Label done = k.label();
            final Label some = k.label();
            final Label next = k.label();
            k.mov(EDI, EDX);
            k.mov(ESI, ECX);
            k.mov(EBX, TRIES);
            k.mov(EBP, at(ring));
            k.bind(next);
            k.xor(EAX, EAX);
            k.test(ESI, ESI);
            k.jcc(Cond.Z, done);
            final Label wait = k.mark("receiveWait");
            k.mov(ECX, mem(EBP, XenstoreInterface.RSP_CONS));
            k.cmp(ECX, mem(EBP, XenstoreInterface.RSP_PROD));
            k.jcc(Cond.NE, some);
            waitForStore();
            k.dec(EBX);
            k.jcc(Cond.NZ, wait);
            k.mov(EAX, -1);
            k.jmp(done);
            k.bind(some);
            k.mov(EDX, ECX);
            k.and(EDX, MASK);
            k.mov(AL, mem(EBP, EDX, 1, XenstoreInterface.RSP));
            k.mov(mem(EDI), AL);
            k.inc(EDI);
            k.inc(ECX);
            k.mov(mem(EBP, XenstoreInterface.RSP_CONS), ECX);
            k.dec(ESI);
            k.jmp(next);
            k.bind(done);
        });
    }

    /** Sends what {@link #begin} and {@link #piece} built and takes the reply. */
    private void call() {
        k.function(call, () -> {
            final Label out = k.label();
            final Label end = k.label();
            k.mov(ESI, request);
            k.mov(EDI, at(cursor));
            k.mov(EAX, EDI);
            k.sub(EAX, ESI);
            k.sub(EAX, XsMessage.LENGTH);
            k.mov(mem(ESI, XsMessage.LEN), EAX);
            final Label whole = k.label();
            k.bind(out);
            k.cmp(ESI, at(rest));
            k.jcc(Cond.NE, whole);
            notifyStore();
            waitUntilTaken();
            k.bind(whole);
            k.mov(AL, mem(ESI));
            k.call(sendByte);
            k.inc(ESI);
            k.cmp(ESI, EDI);
            k.jcc(Cond.NE, out);
            notifyStore();
            k.mov(EDX, answer);
            k.mov(ECX, XsMessage.LENGTH);
            k.call(receive);
            k.test(EAX, EAX);
            k.jcc(Cond.NZ, end);
            k.mov(ECX, at(answer, XsMessage.LEN));
            k.mov(EDX, reply);
            k.cmp(ECX, XenstoreInterface.PAYLOAD_MAX);
            k.mov(EAX, -1);
            k.jcc(Cond.A, end);
            k.call(receive);
            k.test(EAX, EAX);
            k.jcc(Cond.NZ, end);
            k.mov(EAX, at(answer, XsMessage.LEN));
            k.mov(ECX, reply);
            k.mov(mem(ECX, EAX, 1, 0).byte_(), 0);
            k.mov(ECX, at(answer, XsMessage.TYPE));
            k.cmp(ECX, at(request, XsMessage.TYPE));
            k.jcc(Cond.E, end);
            k.mov(EAX, -1);
            k.bind(end);
        });
    }

    private void number() {
        k.function(number, () -> {
            final Label end = k.label();
            k.mov(ESI, EAX);
            k.xor(EBX, EBX);
            final Label next = k.mark("numberNext");
            k.movzx(EAX, mem(ESI).byte_());
            k.sub(EAX, '0');
            k.cmp(EAX, 9);
            k.jcc(Cond.A, end);
            k.imul(EBX, EBX, 10);
            k.add(EBX, EAX);
            k.inc(ESI);
            k.jmp(next);
            k.bind(end);
            k.mov(EAX, EBX);
        });
    }
}
