package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.BlkifRequest;
import io.xenolith.shm.abi.BlkifResponse;
import io.xenolith.shm.abi.BlkifSegment;
import io.xenolith.shm.abi.EventChannelOp;
import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.RingHeader;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * A block front-end: connects through xenbus, reads the whole disk through the ring in requests of eight pages and
 * compares every word with the pattern of {@link PatternDisk}.
 */
final class BlockDevice {
    /** Data pages of our own, granted behind the ring. */
    static final int PAGES = 8;
    private static final int SECTORS = PAGES * 8;
    static final int RING_SLOTS = 32;
    private static final int WAIT_MS = 20;
    private static final int TRIES = 1500;
    private static final int FIRST_DISK = 51712;
    private static final int DISK_STEP = 16;
    private static final int WORDS_PER_SECTOR = 128;

    private static final int RET = 0xC3;

    private final Kernel k;
    private final Xenstore store;
    private final Grants grants;
    private final Label data;
    private final Label device;
    private final Label backend;
    private final Label portText;
    private final Label argument;
    private final Label position;
    private final Label requests;
    private final Label badWords;
    private final Label checksum;
    private final Label produced;
    private final Label operation;
    private final Label flushes;
    private final Label waitState;
    private final Label transfer;
    /** The ring page. */
    final Label ring;
    /** Event channel of the ring. */
    final Label port;
    /** Size of the disk. */
    final Label sectors;
    /** Non-zero once connected. */
    final Label connected;
    /** Reads and compares the sectors from {@link #position}; EAX is their number, or negative. */
    final Label readNext;

    BlockDevice(final Kernel k, final Xenstore store, final Grants grants) {
        this.k = k;
        this.store = store;
        this.grants = grants;
        ring = k.page("blockRing");
        data = k.pages("blockData", PAGES);
        device = k.variable("blockDevice", 16);
        backend = k.variable("blockBackend", 256);
        port = k.variable("blockPort", 4);
        portText = k.variable("blockPortText", 16);
        argument = k.variable("blockArgument", EventChannelOp.AllocUnbound.LENGTH);
        sectors = k.variable("blockSectors", 4);
        position = k.variable("blockPosition", 4);
        requests = k.variable("blockRequests", 4);
        badWords = k.variable("blockBadWords", 4);
        checksum = k.variable("blockChecksum", 4);
        produced = k.variable("blockProduced", 4);
        operation = k.variable("blockOperation", 4);
        flushes = k.variable("blockFlushes", 4);
        connected = k.variable("blockConnected", 4);
        waitState = k.label("blockWaitState");
        transfer = k.label("blockTransfer");
        readNext = k.label("blockReadNext");
    }

    /** A part that only connects. */
    void emitConnect(final Label part, final Label diskName) {
        waitState();
        k.part(part, () -> {
            name(diskName);
            connect();
        });
    }

    /** The part; ECX points to the disk's name, xvda to xvdp. */
    void emit(final Label part, final Label diskName) {
        waitState();
        transfer();
        readNext();
        k.part(part, () -> {
            name(diskName);
            connect();
            readAll();
            report();
            writeBack();
        });
    }

    // ---- connecting ----

    /** Device number as text, from the last letter of the name. */
    private void name(final Label diskName) {
        k.mov(ECX, at(diskName));
        k.mov(EAX, mem(ECX));
        k.and(EAX, 0xFFFFFF);
        k.checkResult('x' | 'v' << 8 | 'd' << 16);
        k.movzx(EAX, mem(ECX, 3).byte_());
        k.sub(EAX, 'a');
        k.cmp(EAX, 15);
        k.check(Cond.BE);
        k.imul(EAX, EAX, DISK_STEP);
        k.add(EAX, FIRST_DISK);
        decimal(device);
    }

    /** EAX as five or fewer decimal digits. */
    private void decimal(final Label to) {
        k.mov(EDI, to);
        k.add(EDI, 14);
        k.mov(mem(EDI).byte_(), 0);
        k.mov(ECX, 10);
        final Label digit = k.label();
        k.bind(digit);
        k.xor(EDX, EDX);
        k.div(ECX);
        k.add(EDX, '0');
        k.dec(EDI);
        k.mov(mem(EDI), DL);
        k.test(EAX, EAX);
        k.jcc(Cond.NZ, digit);
        // to the front of the buffer
        k.mov(ESI, EDI);
        k.mov(EDI, to);
        k.mov(ECX, 15);
        k.rep();
        k.movsb();
    }

    private Object[] frontend(final String node) {
        return new Object[] {"device/vbd/", device, "/" + node};
    }

    private void connect() {
        store.read(frontend("backend"));
        k.test(EAX, EAX);
        k.check(Cond.G);
        k.mov(ESI, store.reply);
        k.mov(EDI, backend);
        k.mov(ECX, 63);
        k.rep();
        k.movsd();
        k.mov(EAX, '2');
        k.call(waitState);
        k.checkResult(0);
        ring();
        k.mov(at(argument, EventChannelOp.AllocUnbound.DOM).word(), Kernel.DOMID_SELF);
        k.mov(at(argument, EventChannelOp.AllocUnbound.REMOTE_DOM).word(), 0);
        k.hypercall(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.ALLOC_UNBOUND, argument);
        k.checkResult(0);
        k.mov(EAX, at(argument, EventChannelOp.AllocUnbound.PORT));
        k.mov(at(port), EAX);
        decimal(portText);
        writeNode("ring-ref", "" + Grants.BLOCK_RING);
        writeNode("event-channel", portText);
        writeNode("protocol", "x86_32-abi");
        writeNode("state", "3");
        k.mov(EAX, '4');
        k.call(waitState);
        k.checkResult(0);
        writeNode("state", "4");
        store.read(backend, "/sectors");
        k.test(EAX, EAX);
        k.check(Cond.G);
        store.parseReply();
        k.mov(at(sectors), EAX);
        k.mov(at(connected).dword(), 1);
    }

    private void writeNode(final String node, final Object value) {
        store.write(frontend(node), value);
        k.checkNoError();
    }

    /** Ring header as the front-end initialises it, and the grants of ring and data pages. */
    private void ring() {
        k.mov(at(ring, RingHeader.REQ_EVENT).dword(), 1);
        k.mov(at(ring, RingHeader.RSP_EVENT).dword(), 1);
        k.mov(EAX, ring);
        grants.give(Grants.BLOCK_RING);
        for (int i = 0; i < PAGES; i++) {
            k.mov(EAX, data);
            k.add(EAX, (long) i * Kernel.PAGE);
            grants.give(Grants.BLOCK_RING + 1 + i);
        }
    }

    /** Waits until the back-end's state is the digit AL or a higher one; EAX is 0, or -1 when it does not come. */
    private void waitState() {
        k.function(waitState, () -> {
            final Label found = k.label();
            final Label done = k.label();
            k.mov(EDI, EAX);
            k.mov(EBX, TRIES);
            final Label again = k.mark("waitStateAgain");
            store.read(backend, "/state");
            k.test(EAX, EAX);
            final Label wait = k.label();
            k.jcc(Cond.LE, wait);
            k.movzx(EAX, at(store.reply).byte_());
            k.cmp(EAX, EDI);
            k.jcc(Cond.AE, found);
            k.bind(wait);
            k.mov(EAX, at(port));
            k.mov(EDX, WAIT_MS);
            final Label sleep = k.label();
            k.test(EAX, EAX);
            k.jcc(Cond.NZ, sleep);
            k.startInfo(EAX, io.xenolith.shm.abi.StartInfo.X32.storeEvtchn);
            k.bind(sleep);
            k.call(k.waitPort);
            k.dec(EBX);
            k.jcc(Cond.NZ, again);
            k.mov(EAX, -1);
            k.jmp(done);
            k.bind(found);
            k.xor(EAX, EAX);
            k.bind(done);
        });
    }

    // ---- reading ----

    private void readAll() {
        final Label end = k.label();
        k.mov(at(position).dword(), 0);
        final Label next = k.mark("readAllNext");
        k.mov(EAX, at(position));
        k.cmp(EAX, at(sectors));
        k.jcc(Cond.AE, end);
        k.call(readNext);
        k.test(EAX, EAX);
        k.check(Cond.G);
        k.jmp(next);
        k.bind(end);
        for (int i = 0; i < PAGES; i++) {
            grants.checkReleased(Grants.BLOCK_RING + 1 + i);
        }
        k.cmp(at(badWords).dword(), 0);
        k.check(Cond.E);
    }

    /** One request at {@link #position}, at most to the disk's end; compares and sums the words. */
    private void readNext() {
        k.function(readNext, () -> {
            final Label whole = k.label();
            final Label failed = k.label();
            final Label next = k.label();
            final Label same = k.label();
            k.mov(ECX, at(sectors));
            k.sub(ECX, at(position));
            k.cmp(ECX, SECTORS);
            k.jcc(Cond.BE, whole);
            k.mov(ECX, SECTORS);
            k.bind(whole);
            k.mov(EBP, ECX);
            k.mov(EAX, ECX);
            k.call(transfer);
            k.test(EAX, EAX);
            k.jcc(Cond.S, failed);
            k.inc(at(requests).dword());
            k.mov(ESI, data);
            k.imul(EBX, at(position), WORDS_PER_SECTOR);
            k.imul(EBX, EBX, PatternDisk.FACTOR);
            k.add(EBX, PatternDisk.OFFSET);
            k.imul(EDI, EBP, WORDS_PER_SECTOR);
            k.bind(next);
            k.lodsd();
            k.add(at(checksum), EAX);
            k.cmp(EAX, EBX);
            k.jcc(Cond.E, same);
            k.inc(at(badWords).dword());
            k.bind(same);
            k.add(EBX, PatternDisk.FACTOR);
            k.dec(EDI);
            k.jcc(Cond.NZ, next);
            k.add(at(position), EBP);
            k.mov(EAX, EBP);
            k.bind(failed);
        });
    }

    /** Puts {@link #operation} on EAX sectors at {@link #position} on the ring and waits for its status. */
    private void transfer() {
        final BlkifRequest r = BlkifRequest.X32;
        k.function(transfer, () -> {
            final Label segments = k.label();
            final Label full = k.label();
            final Label none = k.label();
            k.mov(ESI, EAX);
            slot();
            k.mov(EAX, at(operation));
            k.mov(mem(EBP, r.operation), AL);
            k.mov(mem(EBP, r.handle).word(), 0);
            k.mov(EAX, at(produced));
            k.mov(mem(EBP, r.id), EAX);
            k.mov(mem(EBP, r.id + 4).dword(), 0);
            k.mov(EAX, at(position));
            k.mov(mem(EBP, r.sectorNumber), EAX);
            k.mov(mem(EBP, r.sectorNumber + 4).dword(), 0);
            k.lea(EDI, mem(EBP, r.seg));
            k.mov(EDX, Grants.BLOCK_RING + 1);
            k.test(ESI, ESI);
            k.jcc(Cond.Z, none);
            k.bind(segments);
            k.mov(mem(EDI, BlkifSegment.GREF), EDX);
            k.mov(mem(EDI, BlkifSegment.FIRST_SECT).byte_(), 0);
            k.mov(EAX, ESI);
            k.cmp(EAX, 8);
            k.jcc(Cond.BE, full);
            k.mov(EAX, 8);
            k.bind(full);
            k.dec(EAX);
            k.mov(mem(EDI, BlkifSegment.LAST_SECT), AL);
            k.add(EDI, BlkifSegment.LENGTH);
            k.inc(EDX);
            k.sub(ESI, 8);
            k.jcc(Cond.A, segments);
            k.bind(none);
            k.sub(EDX, Grants.BLOCK_RING + 1);
            k.mov(mem(EBP, r.nrSegments), DL);
            publish();
            awaitResponse();
        });
    }

    /** EBP: the slot of the next request, which is also where its response will be. */
    private void slot() {
        k.mov(EAX, at(produced));
        k.and(EAX, RING_SLOTS - 1);
        k.imul(EAX, EAX, BlkifRequest.X32.length);
        k.mov(EBP, ring);
        k.lea(EBP, mem(EBP, EAX, 1, RingHeader.RING));
    }

    /** Makes the request visible; notifies when the back-end asked for it: req_event lies in (old, new]. */
    private void publish() {
        final Label quiet = k.label();
        k.mov(EAX, at(produced));
        k.inc(EAX);
        k.mov(at(produced), EAX);
        k.mov(at(ring, RingHeader.RSP_EVENT), EAX);
        k.mov(at(ring, RingHeader.REQ_PROD), EAX);
        k.mfence();
        k.sub(EAX, at(ring, RingHeader.REQ_EVENT));
        k.cmp(EAX, 1);
        k.jcc(Cond.AE, quiet);
        k.mov(EAX, at(port));
        k.call(k.send);
        k.bind(quiet);
    }

    /** EAX: status of the response, or -1 when none comes or it answers something else. */
    private void awaitResponse() {
        final BlkifResponse r = BlkifResponse.X32;
        final Label here = k.label();
        final Label done = k.label();
        final Label wait = k.label();
        k.mov(EBX, TRIES);
        k.bind(wait);
        k.mov(EAX, at(ring, RingHeader.RSP_PROD));
        k.cmp(EAX, at(produced));
        k.jcc(Cond.E, here);
        k.mov(EAX, at(port));
        k.mov(EDX, WAIT_MS);
        k.call(k.waitPort);
        k.dec(EBX);
        k.jcc(Cond.NZ, wait);
        k.mov(EAX, -1);
        k.jmp(done);
        k.bind(here);
        k.movsx(EAX, mem(EBP, r.status).word());
        k.mov(EDX, at(produced));
        k.dec(EDX);
        k.cmp(EDX, mem(EBP, r.id));
        k.jcc(Cond.E, done);
        k.mov(EAX, -1);
        k.bind(done);
    }

    private void report() {
        k.say("     block device: ");
        k.sayDecimal(at(sectors));
        k.say(" sectors read in ");
        k.sayDecimal(at(requests));
        k.say(" requests, checksum ");
        k.sayHex(at(checksum));
        k.say(", wrong words ");
        k.sayDecimal(at(badWords));
        k.say("\n");
    }

    /** On a writable disk: the first page is read, written as it is and, where the back-end offers it, flushed. */
    private void writeBack() {
        final Label readOnly = k.label();
        store.read(backend, "/mode");
        k.test(EAX, EAX);
        k.check(Cond.G);
        k.cmp(at(store.reply).byte_(), 'w');
        k.jcc(Cond.NE, readOnly);
        store.read(backend, "/feature-flush-cache");
        store.parseReply();
        k.mov(at(flushes), EAX);
        k.mov(at(position).dword(), 0);
        request(BlkifRequest.OP_READ, 8);
        request(BlkifRequest.OP_WRITE, 8);
        final Label written = k.label();
        k.cmp(at(flushes).dword(), 1);
        k.jcc(Cond.NE, written);
        request(BlkifRequest.OP_FLUSH_DISKCACHE, 0);
        k.bind(written);
        k.mov(at(operation).dword(), BlkifRequest.OP_READ);
        k.say("     block device: first page written back, flushed ");
        k.sayDecimal(at(flushes));
        k.say(" time(s)\n");
        k.bind(readOnly);
    }

    private void request(final int what, final int count) {
        k.mov(at(operation).dword(), what);
        k.mov(EAX, count);
        k.call(transfer);
        k.checkResult(0);
    }

    // ---- later ----

    /** Reads one more piece, from the start again after the end; prints whether it is right. For the heartbeat. */
    void emitReadAgain() {
        final Label none = k.label();
        final Label inside = k.label();
        final Label wrong = k.label();
        k.cmp(at(connected).dword(), 0);
        k.jcc(Cond.E, none);
        k.mov(EAX, at(position));
        k.cmp(EAX, at(sectors));
        k.jcc(Cond.B, inside);
        k.mov(at(position).dword(), 0);
        k.bind(inside);
        k.call(readNext);
        k.test(EAX, EAX);
        k.jcc(Cond.LE, wrong);
        k.cmp(at(badWords).dword(), 0);
        k.jcc(Cond.NE, wrong);
        k.say(", disk right");
        k.jmp(none);
        k.bind(wrong);
        k.say(", DISK WRONG");
        k.bind(none);
    }

    /** Runs code on the first data page and has the disk overwrite it: whoever cached that code has to notice. */
    void emitReadOverCode() {
        final Label none = k.label();
        k.cmp(at(connected).dword(), 0);
        k.jcc(Cond.E, none);
        k.mov(at(data).byte_(), RET);
        k.call(data);
        k.mov(at(position).dword(), 0);
        k.call(readNext);
        k.test(EAX, EAX);
        k.check(Cond.G);
        k.cmp(at(badWords).dword(), 0);
        k.check(Cond.E);
        k.bind(none);
    }

    /** Leaves the device as a later user of it expects: Closing, Closed, with the back-end following. */
    void emitClose() {
        final Label none = k.label();
        k.cmp(at(connected).dword(), 0);
        k.jcc(Cond.E, none);
        store.write(frontend("state"), "5");
        k.mov(EAX, '5');
        k.call(waitState);
        store.write(frontend("state"), "6");
        k.mov(EAX, '6');
        k.call(waitState);
        k.mov(at(connected).dword(), 0);
        k.bind(none);
    }
}
