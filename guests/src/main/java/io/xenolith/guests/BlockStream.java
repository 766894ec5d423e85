package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Reg.*;

import io.xenolith.shm.abi.BlkifRequest;
import io.xenolith.shm.abi.BlkifResponse;
import io.xenolith.shm.abi.BlkifSegment;
import io.xenolith.shm.abi.RingHeader;
import io.xenolith.x86.asm.Cond;
import io.xenolith.x86.asm.Label;

/**
 * Reads a whole disk in order through the block ring with many requests in flight, each of eleven pages. A pass checks
 * every status; the first and the last pass also compare every word with the pattern of {@link PatternDisk}, outside
 * of what is timed as reading.
 *
 * <p>Command line: {@code disk=xvdX}, {@code rounds=} plain passes.
 */
final class BlockStream {
    private static final int DEPTH = 16;
    private static final int SEGMENTS = BlkifRequest.MAX_SEGMENTS;
    private static final int SECTORS = SEGMENTS * 8;
    private static final int FIRST_GRANT = Grants.BLOCK_RING + 1 + BlockDevice.PAGES;
    private static final int WORDS_PER_SECTOR = 128;
    private static final int WAIT_MS = 1000;
    private static final BlkifRequest REQUEST = BlkifRequest.X32;
    private static final BlkifResponse RESPONSE = BlkifResponse.X32;

    private final Kernel k;
    private final Grants grants;
    private final BlockDevice device;
    private final Stopwatch stopwatch;
    private final Label pages;
    private final Label next;
    private final Label done;
    private final Label produced;
    private final Label consumed;
    private final Label free;
    private final Label freeCount;
    private final Label firstSector;
    private final Label sectorCount;
    private final Label wrong;
    private final Label verify;
    private final Label rounds;
    private final Label pass;
    private final Label issue;
    private final Label complete;
    private final Label compare;

    BlockStream(final Kernel k, final Grants grants, final BlockDevice device, final Stopwatch stopwatch) {
        this.k = k;
        this.grants = grants;
        this.device = device;
        this.stopwatch = stopwatch;
        pages = k.pages("streamPages", DEPTH * SEGMENTS);
        next = k.variable("streamNext", 4);
        done = k.variable("streamDone", 4);
        produced = k.variable("streamProduced", 4);
        consumed = k.variable("streamConsumed", 4);
        free = k.variable("streamFree", 4 * DEPTH);
        freeCount = k.variable("streamFreeCount", 4);
        firstSector = k.variable("streamFirstSector", 4 * DEPTH);
        sectorCount = k.variable("streamSectorCount", 4 * DEPTH);
        wrong = k.variable("streamWrong", 4);
        verify = k.variable("streamVerify", 4);
        rounds = k.variable("streamRounds", 4);
        pass = k.label("streamPass");
        issue = k.label("streamIssue");
        complete = k.label("streamComplete");
        compare = k.label("streamCompare");
    }

    void emit(final Label part, final CommandLine commandLine) {
        pass();
        issue();
        complete();
        compare();
        k.part(part, () -> {
            commandLine.emitNumber("rounds", rounds);
            grants.giveAll(FIRST_GRANT, pages, DEPTH * SEGMENTS);
            buffers();
            pass(1);
            final Label round = k.label();
            k.bind(round);
            pass(0);
            k.dec(at(rounds).dword());
            k.jcc(Cond.NZ, round);
            pass(1);
        });
    }

    /** All buffers free. */
    private void buffers() {
        k.mov(at(freeCount).dword(), DEPTH);
        for (int i = 0; i < DEPTH; i++) {
            k.mov(at(free, 4L * i).dword(), i);
        }
    }

    private void pass(final int verified) {
        k.mov(at(verify).dword(), verified);
        stopwatch.emitStart();
        k.call(pass);
        stopwatch.emitStop();
        k.say("bench pass verified=");
        k.sayHex(at(verify));
        k.say(" sectors=");
        k.sayHex(at(done));
        k.say(" requests=");
        k.sayHex(at(produced));
        k.say(" wrong=");
        k.sayHex(at(wrong));
        stopwatch.emitSay();
        k.say("\n");
        k.cmp(at(wrong).dword(), 0);
        k.check(Cond.E);
        k.mov(EAX, at(done));
        k.cmp(EAX, at(device.sectors));
        k.check(Cond.E);
    }

    /** The disk once: fills the ring, takes what is answered, sleeps when there is neither. */
    private void pass() {
        k.function(pass, () -> {
            final Label fill = k.label();
            final Label filled = k.label();
            final Label take = k.label();
            final Label end = k.label();
            k.mov(at(next).dword(), 0);
            k.mov(at(done).dword(), 0);
            k.bind(fill);
            k.cmp(at(freeCount).dword(), 0);
            k.jcc(Cond.E, filled);
            k.mov(EAX, at(next));
            k.cmp(EAX, at(device.sectors));
            k.jcc(Cond.AE, filled);
            k.call(issue);
            k.jmp(fill);
            k.bind(filled);
            publish();
            k.mov(EAX, at(done));
            k.cmp(EAX, at(device.sectors));
            k.jcc(Cond.AE, end);
            k.mov(EAX, at(consumed));
            k.cmp(EAX, at(device.ring, RingHeader.RSP_PROD));
            k.jcc(Cond.NE, take);
            sleep();
            k.jmp(fill);
            k.bind(take);
            k.call(complete);
            k.mov(EAX, at(consumed));
            k.cmp(EAX, at(device.ring, RingHeader.RSP_PROD));
            k.jcc(Cond.NE, take);
            k.jmp(fill);
            k.bind(end);
        });
    }

    /** Makes the requests visible; notifies when the back-end asked for it: req_event lies in (old, new]. */
    private void publish() {
        final Label quiet = k.label();
        k.mov(EAX, at(produced));
        k.mov(EBX, EAX);
        k.sub(EBX, at(device.ring, RingHeader.REQ_PROD));
        k.jcc(Cond.Z, quiet);
        k.mov(at(device.ring, RingHeader.REQ_PROD), EAX);
        k.mfence();
        k.sub(EAX, at(device.ring, RingHeader.REQ_EVENT));
        k.cmp(EAX, EBX);
        k.jcc(Cond.AE, quiet);
        k.mov(EAX, at(device.port));
        k.call(k.send);
        k.bind(quiet);
    }

    /** Asks to be told of the next response, looks once more, and waits for the event. */
    private void sleep() {
        final Label some = k.label();
        k.mov(EAX, at(consumed));
        k.inc(EAX);
        k.mov(at(device.ring, RingHeader.RSP_EVENT), EAX);
        k.mfence();
        k.dec(EAX);
        k.cmp(EAX, at(device.ring, RingHeader.RSP_PROD));
        k.jcc(Cond.NE, some);
        k.mov(EAX, at(device.port));
        k.mov(EDX, WAIT_MS);
        k.call(k.waitPort);
        k.bind(some);
    }

    /** EBP: slot number EAX of the ring. */
    private void slot() {
        k.and(EAX, BlockDevice.RING_SLOTS - 1);
        k.imul(EAX, EAX, REQUEST.length);
        k.mov(EBP, device.ring);
        k.lea(EBP, mem(EBP, EAX, 1, RingHeader.RING));
    }

    /** One more read, of eleven pages or up to the disk's end, into a free buffer. */
    private void issue() {
        k.function(issue, () -> {
            final Label whole = k.label();
            k.mov(EAX, at(produced));
            slot();
            k.dec(at(freeCount).dword());
            k.mov(EAX, at(freeCount));
            k.mov(EBX, at(free, EAX, 4));
            k.mov(ESI, at(device.sectors));
            k.sub(ESI, at(next));
            k.cmp(ESI, SECTORS);
            k.jcc(Cond.BE, whole);
            k.mov(ESI, SECTORS);
            k.bind(whole);
            k.mov(EAX, at(next));
            k.mov(at(firstSector, EBX, 4), EAX);
            k.mov(at(sectorCount, EBX, 4), ESI);
            k.mov(mem(EBP, REQUEST.operation).byte_(), BlkifRequest.OP_READ);
            k.mov(mem(EBP, REQUEST.handle).word(), 0);
            k.mov(mem(EBP, REQUEST.id), EBX);
            k.mov(mem(EBP, REQUEST.id + 4).dword(), 0);
            k.mov(mem(EBP, REQUEST.sectorNumber), EAX);
            k.mov(mem(EBP, REQUEST.sectorNumber + 4).dword(), 0);
            k.add(at(next), ESI);
            k.inc(at(produced).dword());
            segments();
        });
    }

    /** EBP: request, EBX: buffer, ESI: sectors. */
    private void segments() {
        final Label segment = k.label();
        final Label full = k.label();
        k.imul(EDX, EBX, SEGMENTS);
        k.add(EDX, FIRST_GRANT);
        k.lea(EDI, mem(EBP, REQUEST.seg));
        k.xor(ECX, ECX);
        k.bind(segment);
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
        k.inc(ECX);
        k.sub(ESI, 8);
        k.jcc(Cond.A, segment);
        k.mov(mem(EBP, REQUEST.nrSegments), CL);
    }

    /** Takes one response, in whatever order they come: the id is the buffer. */
    private void complete() {
        k.function(complete, () -> {
            final Label right = k.label();
            final Label known = k.label();
            final Label end = k.label();
            k.mov(EAX, at(consumed));
            slot();
            k.inc(at(consumed).dword());
            k.mov(EBX, mem(EBP, RESPONSE.id));
            k.cmp(EBX, DEPTH);
            k.jcc(Cond.B, known);
            // nothing of ours: end the pass, which is then short of sectors or wrong
            k.inc(at(wrong).dword());
            k.mov(EAX, at(device.sectors));
            k.mov(at(done), EAX);
            k.jmp(end);
            k.bind(known);
            k.cmp(mem(EBP, RESPONSE.status).word(), 0);
            k.jcc(Cond.E, right);
            k.inc(at(wrong).dword());
            k.bind(right);
            k.mov(EAX, at(sectorCount, EBX, 4));
            k.add(at(done), EAX);
            k.cmp(at(verify).dword(), 0);
            final Label freed = k.label();
            k.jcc(Cond.E, freed);
            k.call(compare);
            k.bind(freed);
            k.mov(EAX, at(freeCount));
            k.mov(at(free, EAX, 4), EBX);
            k.inc(at(freeCount).dword());
            k.bind(end);
        });
    }

    /** Compares buffer EBX with the pattern; counts words that differ. */
    private void compare() {
        k.function(compare, () -> {
            final Label word = k.label();
            final Label same = k.label();
            k.imul(ESI, EBX, SEGMENTS * Kernel.PAGE);
            k.mov(EAX, pages);
            k.add(ESI, EAX);
            k.imul(EDI, at(sectorCount, EBX, 4), WORDS_PER_SECTOR);
            k.imul(EBX, at(firstSector, EBX, 4), WORDS_PER_SECTOR);
            k.imul(EBX, EBX, PatternDisk.FACTOR);
            k.add(EBX, PatternDisk.OFFSET);
            k.bind(word);
            k.lodsd();
            k.cmp(EAX, EBX);
            k.jcc(Cond.E, same);
            k.inc(at(wrong).dword());
            k.bind(same);
            k.add(EBX, PatternDisk.FACTOR);
            k.dec(EDI);
            k.jcc(Cond.NZ, word);
        });
    }
}
