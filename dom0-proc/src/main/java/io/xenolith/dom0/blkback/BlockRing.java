package io.xenolith.dom0.blkback;

import io.xenolith.dom0.EventPorts;
import io.xenolith.dom0.GrantedPages;
import io.xenolith.dom0.durable.RingRecord;
import io.xenolith.shm.KillPoint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A connected block ring: takes requests, pins their pages, has them done, answers.
 *
 * <p>Everything read from the ring is hostile. An index that no honest front-end could have written breaks the ring
 * for good ({@link #isBroken}); a request that makes no sense is answered with an error.
 *
 * <p>The order of stores is that of {@link RingRecord}. All methods belong to the main loop except
 * {@link #failed}.
 */
final class BlockRing {
    /** Requests taken in one turn, so that no device starves the others. */
    private static final int TURN = 32;

    private final int domid;
    private final BlockDevice device;
    private final BlockFile file;
    private final boolean readOnly;
    private final boolean discard;
    private final RingPages ring;
    private final RingRecord record;
    private final GrantedPages granted;
    private final EventPorts ports;
    private final BlockWorkers workers;
    private final BlockStatistics statistics;
    private final int port;

    private final BlockJob[] jobs;
    private final Deque<BlockJob> free = new ArrayDeque<>();
    private final Deque<BlockJob> answered = new ArrayDeque<>();
    /** A barrier that waits until everything before it is answered; nothing is taken meanwhile. */
    private BlockJob waitingBarrier;
    private int reqCons;
    private int rspProd;
    private int published;
    private int inFlight;
    private boolean barrier;
    private boolean broken;
    private boolean closing;
    private String lastFailure;

    BlockRing(final int domid, final BlockDevice device, final RingPages ring, final RingRecord record, final int port,
              final BlockBackend.Services services) {
        this.domid = domid;
        this.device = device;
        this.file = device.file();
        this.readOnly = !device.isWritable();
        this.discard = device.canDiscard();
        this.ring = ring;
        this.record = record;
        this.port = port;
        this.granted = services.pages();
        this.ports = services.ports();
        this.workers = services.workers();
        this.statistics = device.statistics();
        this.jobs = new BlockJob[ring.slots()];
        for (int i = 0; i < jobs.length; i++) {
            jobs[i] = new BlockJob(this, i);
        }
    }

    /** Starts on a new ring. */
    void start() {
        for (final BlockJob j : jobs) {
            free.add(j);
        }
    }

    /**
     * Takes up where a predecessor was killed: publishes what it had answered, issues again what it had taken.
     */
    void recover() {
        reqCons = record.reqCons();
        rspProd = record.rspProd();
        for (final BlockJob j : jobs) {
            if (record.state(j.entry) == RingRecord.ANSWERED && record.index(j.entry) - rspProd >= 0) {
                rspProd = record.index(j.entry) + 1;
            } else if (record.state(j.entry) == RingRecord.IN_FLIGHT && record.index(j.entry) - reqCons >= 0) {
                reqCons = record.index(j.entry) + 1;
            }
        }
        record.setReqCons(reqCons);
        record.setRspProd(rspProd);
        KillPoint.hit(KillPoint.DOM0_RING_PUBLISH);
        ring.publishRspProd(rspProd);
        published = rspProd;
        final List<BlockJob> again = new ArrayList<>();
        for (final BlockJob j : jobs) {
            if (record.state(j.entry) == RingRecord.IN_FLIGHT) {
                again.add(j);
            } else {
                record.clear(j.entry);
                free.add(j);
            }
        }
        inFlight = again.size();
        // In the order in which they were taken: a barrier, if there is one, is the last.
        again.sort((a, b) -> record.index(a.entry) - record.index(b.entry));
        for (final BlockJob j : again) {
            statistics.reissued();
            issue(j);
        }
        publish();
        ports.send(port);
    }

    /**
     * Takes and starts requests.
     *
     * @return how many
     */
    int consume() {
        int work = 0;
        while (work < TURN && !broken && !closing && !barrier && !free.isEmpty()) {
            if (!available()) {
                ring.setReqEvent(reqCons + 1);
                if (!available()) {
                    return work;
                }
            }
            if (!broken) {
                take();
                work++;
            }
        }
        return work;
    }

    /** True when {@link #consume} stopped before the ring was empty and nothing will ring for it. */
    boolean wantsTurn() {
        return !broken && !closing && !barrier && !free.isEmpty() && available();
    }

    private boolean available() {
        final int reqProd = ring.reqProd();
        final int n = reqProd - reqCons;
        // An honest front-end never has more requests open than there are slots.
        if (n < 0 || n > ring.slots() || reqProd - rspProd > ring.slots()) {
            broken = true;
            statistics.overflow();
            return true;
        }
        return n > 0;
    }

    private void take() {
        final BlockJob j = free.poll();
        ring.copyRequest(reqCons, record.descriptor(j.entry));
        record.markInFlight(j.entry, reqCons);
        reqCons++;
        record.setReqCons(reqCons);
        inFlight++;
        issue(j);
    }

    // ---- one request ----

    private void issue(final BlockJob j) {
        final BlockRequest r = j.request;
        r.read(record.descriptor(j.entry), ring.isWide());
        j.operation = r.operation;
        final int refusal = refusal(j);
        if (refusal != BlockRequest.OKAY) {
            statistics.refused();
            j.unpin();
            answer(j, refusal);
            return;
        }
        statistics.request(r);
        if (r.operation == BlockRequest.BARRIER) {
            barrier = true;
            if (inFlight > 1) {
                waitingBarrier = j;
                return;
            }
        }
        start(j);
    }

    private void start(final BlockJob j) {
        if (j.request.operation == BlockRequest.READ && file.readCached(j.vector, j.request.sector)) {
            j.unpin();
            answer(j, BlockRequest.OKAY);
            return;
        }
        workers.submit(j, file);
    }

    /** Checks a request and pins its pages; what is pinned when it is refused stays in the job. */
    private int refusal(final BlockJob j) {
        final BlockRequest r = j.request;
        if (!r.hasPossibleSegments()) {
            return BlockRequest.ERROR;
        }
        final int lacking = unsupported(r);
        if (lacking != BlockRequest.OKAY) {
            return lacking;
        }
        if (r.indirect && !readIndirect(r)) {
            return BlockRequest.ERROR;
        }
        final boolean empty = r.segments == 0 && r.operation != BlockRequest.DISCARD;
        if (!empty && !r.isInBounds(file.sectors())) {
            return BlockRequest.ERROR;
        }
        j.vector.clear();
        return !r.isData() || pin(j) ? BlockRequest.OKAY : BlockRequest.ERROR;
    }

    private int unsupported(final BlockRequest r) {
        return switch (r.operation) {
            case BlockRequest.READ, BlockRequest.FLUSH -> BlockRequest.OKAY;
            case BlockRequest.WRITE, BlockRequest.BARRIER -> readOnly ? BlockRequest.ERROR : BlockRequest.OKAY;
            case BlockRequest.DISCARD -> discard ? BlockRequest.OKAY : BlockRequest.UNSUPPORTED;
            default -> BlockRequest.UNSUPPORTED;
        };
    }

    private boolean readIndirect(final BlockRequest r) {
        try {
            final GrantedPages.Page page = granted.pin(domid, r.indirectGref, false);
            r.readIndirect(page.address());
            page.release();
            return true;
        } catch (final GrantedPages.RefusedException e) {
            return false;
        }
    }

    private boolean pin(final BlockJob j) {
        final BlockRequest r = j.request;
        for (int i = 0; i < r.segments; i++) {
            try {
                final GrantedPages.Page page = granted.pin(domid, r.gref[i], !r.isWrite());
                j.pages[j.pinned++] = page;
                j.vector.add(page.address() + BlockRequest.offset(r.first[i]), r.length(i));
            } catch (final GrantedPages.RefusedException e) {
                return false;
            }
        }
        return true;
    }

    /** A worker has finished. */
    void completed(final BlockJob j) {
        j.unpin();
        if (j.status != BlockRequest.OKAY) {
            statistics.failed();
        }
        if (j.request.operation == BlockRequest.BARRIER) {
            barrier = false;
        }
        answer(j, j.status);
    }

    // ---- answers ----

    private void answer(final BlockJob j, final int status) {
        ring.putResponse(rspProd, j.request.id, j.operation, status);
        record.markAnswered(j.entry, rspProd);
        rspProd++;
        answered.add(j);
    }

    /** Publishes all answers written since the last call, with one notification at most. */
    void publish() {
        if (answered.isEmpty()) {
            return;
        }
        record.setRspProd(rspProd);
        KillPoint.hit(KillPoint.DOM0_RING_PUBLISH);
        ring.publishRspProd(rspProd);
        final int fresh = rspProd - published;
        final boolean wanted = Integer.compareUnsigned(rspProd - ring.rspEvent(), fresh) < 0;
        published = rspProd;
        for (BlockJob j = answered.poll(); j != null; j = answered.poll()) {
            record.clear(j.entry);
            inFlight--;
            free.add(j);
        }
        if (wanted) {
            ports.send(port);
        }
        if (waitingBarrier != null && inFlight == 1) {
            final BlockJob b = waitingBarrier;
            waitingBarrier = null;
            start(b);
        }
    }

    // ---- the end ----

    /** Takes no more requests; what is in flight goes on. */
    void beginClose() {
        closing = true;
    }

    /** True when nothing is in flight. */
    boolean isIdle() {
        return inFlight == 0;
    }

    boolean isBroken() {
        return broken;
    }

    /** After {@link #isIdle}: gives ring pages and port back. */
    void release() {
        ports.close(port);
        ring.release();
    }

    BlockDevice device() {
        return device;
    }

    RingRecord record() {
        return record;
    }

    /** From a worker: remembers why the disk failed. */
    synchronized void failed(final String sentence) {
        lastFailure = sentence;
    }

    synchronized String lastFailure() {
        return lastFailure;
    }
}
