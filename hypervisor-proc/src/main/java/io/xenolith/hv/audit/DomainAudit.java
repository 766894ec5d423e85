package io.xenolith.hv.audit;

import io.xenolith.hv.control.Domains;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.FrameRecord;
import org.agrona.collections.IntHashSet;

/** Domain records: possible states, and totals that are the number of what there is. After {@link FrameScan}. */
final class DomainAudit {
    /** Bit of the page total that an operation under way sets, see {@code PageTotals}. */
    private static final int TOTAL_MARK = 1 << 31;

    private final View view;

    DomainAudit(final View view) {
        this.view = view;
    }

    void run() {
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++) {
            freeSlot(slot);
        }
        for (final DomainView d : view.domains) {
            record(d);
            process(d);
            if (d.isAlive()) {
                totals(d);
                sharedFrames(d);
                magazine(d);
            }
        }
    }

    private void freeSlot(final int slot) {
        final long record = view.hv.domain(slot);
        if (Domains.state(record) == DomainRecord.STATE_FREE && Raw.getInt(record + DomainRecord.BACKED_VCPUS) != 0) {
            view.findings.add(FindingKind.DOMAIN_AREA, "domain slot " + slot,
                "no domain has it, and its tables still have backing");
        }
    }

    private void record(final DomainView d) {
        final int vcpus = d.number(DomainRecord.VCPUS);
        final int width = d.number(DomainRecord.WIDTH);
        check(d, d.state <= DomainRecord.STATE_DYING, "its state is %d, which is none", d.state);
        check(d, DomainRecord.slot(d.domid) == d.slot && d.domid < Domains.FIRST_RESERVED, "it lies in slot %d", d.slot);
        check(d, d.incarnation != 0, "its incarnation is 0");
        check(d, width == 32 || width == 64, "its width is %d bits", width);
        check(d, vcpus >= 1 && vcpus <= d.vcpus(), "it may have %d vCPUs and has records for %d", vcpus, d.vcpus());
        check(d, vcpus < 1 || vcpus >= 32 || d.number(DomainRecord.ONLINE_VCPUS) >>> vcpus == 0,
            "its online vCPUs are %x, and it may have %d", d.number(DomainRecord.ONLINE_VCPUS), vcpus);
        check(d, d.number(DomainRecord.PAUSE_COUNT) >= 0, "its pause count is %d", d.number(DomainRecord.PAUSE_COUNT));
        final int version = d.number(DomainRecord.GRANT_VERSION);
        check(d, version == 1 || version == 2, "its grant table is of version %d", version);
        check(d, d.number(DomainRecord.GRANT_FRAMES) == d.grantFrames()
            && d.grantFrames() <= d.number(DomainRecord.GRANT_MAX_FRAMES), "it has %d grant frames of at most %d",
            d.number(DomainRecord.GRANT_FRAMES), d.number(DomainRecord.GRANT_MAX_FRAMES));
        check(d, d.state != DomainRecord.STATE_SHUTDOWN || d.number(DomainRecord.SHUTDOWN_CODE) >= 0,
            "it is shut down without a reason");
        check(d, d.state != DomainRecord.STATE_LIVE || d.number(DomainRecord.SHUTDOWN_CODE) == -1,
            "it has shutdown reason %d and is alive", d.number(DomainRecord.SHUTDOWN_CODE));
    }

    private void check(final DomainView d, final boolean holds, final String format, final Object... args) {
        if (!holds) {
            view.findings.add(FindingKind.DOMAIN_RECORD, d.name(), format, args);
        }
    }

    private void process(final DomainView d) {
        if (d.isAlive() && d.processIsGone()) {
            view.findings.add(FindingKind.DOMAIN_PROCESS, d.name(), "it is alive, and its process %d is gone",
                d.process().pid());
        }
        if (d.state == DomainRecord.STATE_DYING && d.dyingFrames == 0 && !PinIndex.any(view, d)
            && !MachineAudit.hypervisorWorks(view)) {
            view.findings.add(FindingKind.DOMAIN_DYING, d.name(),
                "it is dying, nobody pins its frames, and %d of its frames were not taken back",
                d.ownedFrames + d.sharedFrames);
        }
    }

    private void totals(final DomainView d) {
        final int word = d.number(DomainRecord.TOTAL_PAGES);
        final int total = word & ~TOTAL_MARK;
        if (total < d.ownedFrames || total > d.ownedFrames + d.oddFrames) {
            view.findings.add(FindingKind.DOMAIN_PAGES, d.name(), "its count of frames is %d, and it owns %d", total,
                d.ownedFrames);
        }
        else if (word != total && !MachineAudit.hypervisorWorks(view)) {
            view.findings.add(FindingKind.DOMAIN_PAGES, d.name(),
                "its count of frames is marked by an operation that is over");
        }
        final int shared = d.number(DomainRecord.XENHEAP_PAGES);
        if (shared < d.sharedFrames || shared > d.sharedFrames + d.oddFrames) {
            view.findings.add(FindingKind.DOMAIN_XENHEAP, d.name(), "its count of shared frames is %d, and it has %d",
                shared, d.sharedFrames);
        }
    }

    private void sharedFrames(final DomainView d) {
        final IntHashSet.IntIterator i = d.sharedMfns().iterator();
        while (i.hasNext()) {
            final int mfn = i.nextValue();
            final boolean shared = view.isFrame(mfn) && d.uses(mfn)
                && FrameRecord.state(view.owner(mfn)) == FrameRecord.STATE_SHARED;
            if (!shared && !d.hasOdd(mfn)) {
                view.findings.add(FindingKind.FRAME_SHARED, FrameScan.subject(mfn),
                    "%s has it as shared_info, grant or status frame, and it is not shared with that domain", d.name());
            }
        }
    }

    private void magazine(final DomainView d) {
        if (d.vcpus() == 0) {
            return;
        }
        final long list = view.hv.domainPage(d.slot) + DomainPage.MAGAZINE;
        final IntHashSet seen = new IntHashSet();
        final int n = d.magazineCount();
        for (int i = 0; i < n; i++) {
            final int mfn = Raw.getInt(list + i * 4L);
            final boolean kept = view.isFrame(mfn) && (int)view.owner(mfn) == d.ownerKey
                && FrameRecord.state(view.owner(mfn)) == FrameRecord.STATE_MAGAZINE;
            if (!seen.add(mfn)) {
                view.findings.add(FindingKind.FRAME_MAGAZINE, FrameScan.subject(mfn),
                    "the magazine of %s lists it twice", d.name());
            }
            else if (!kept && !d.hasOdd(mfn)) {
                view.findings.add(FindingKind.FRAME_MAGAZINE, FrameScan.subject(mfn),
                    "the magazine of %s lists it, and it is not kept for that domain", d.name());
            }
        }
    }
}
