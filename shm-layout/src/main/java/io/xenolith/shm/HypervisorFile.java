package io.xenolith.shm;

import io.xenolith.shm.hv.ActiveGrant;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.FrameRecord;
import io.xenolith.shm.hv.MaptrackEntry;
import io.xenolith.shm.hv.PcpuSlot;
import io.xenolith.shm.hv.Regions;
import io.xenolith.shm.hv.SystemCounter;
import io.xenolith.shm.hv.ToolstackSlot;
import io.xenolith.shm.hv.VcpuRecord;
import io.xenolith.shm.hv.DomainPage;

/**
 * Addresses of the hypervisor's structures in this process, and the backing of those that grow.
 *
 * <p>Every index is checked, since one beyond the file or beyond what is backed would kill the JVM instead of
 * failing. The per-domain tables are backed in pages as the domain grows into them; how far is a word in the
 * domain record, which the address methods compare with.
 */
public final class HypervisorFile {
    private static final long PAGE = PhysicalMemory.FRAME_SIZE;

    private final MappedFile file;
    private final long base;
    private final long frames;

    HypervisorFile(final MappedFile file, final long frames) {
        this.file = file;
        this.base = file.address();
        this.frames = frames;
    }

    // ---- fixed structures ----

    /** Address of the {@link io.xenolith.shm.hv.Header}. */
    public long header() {
        return base + Regions.HEADER;
    }

    /** Address of the {@link io.xenolith.shm.hv.IntentRecord}. */
    public long intent() {
        return base + Regions.INTENT;
    }

    /** Address of the {@link io.xenolith.shm.hv.ConsoleRing}. */
    public long consoleRing() {
        return base + Regions.CONSOLE;
    }

    /** Address of the counters: one long per id. */
    public long counters() {
        return base + Regions.COUNTERS;
    }

    /** Address of one counter. */
    public long counter(final SystemCounter c) {
        return base + Regions.COUNTERS + (long) c.id() * Long.BYTES;
    }

    /** Adds to a counter. */
    public void count(final SystemCounter c, final long delta) {
        Raw.getAndAddLong(counter(c), delta);
    }

    /** Address of a {@link PcpuSlot}. */
    public long pcpu(final int i) {
        return base + Regions.PCPUS + (long) checked(i, PcpuSlot.MAX_PCPUS) * PcpuSlot.LENGTH;
    }

    /** Address of the {@link FrameRecord} of a frame. */
    public long frame(final long mfn) {
        if (mfn < 0 || mfn >= frames) {
            throw BadFrameException.INSTANCE;
        }
        return base + Regions.FRAMES + mfn * FrameRecord.LENGTH;
    }

    /** Number of frame records. */
    public long frames() {
        return frames;
    }

    /** Address of the {@link DomainRecord} in a slot. */
    public long domain(final int slot) {
        return base + Regions.DOMAINS + (long) checked(slot, DomainRecord.SLOTS) * DomainRecord.LENGTH;
    }

    /** Address of a {@link ToolstackSlot}. */
    public long toolstack(final int i) {
        return base + Regions.TOOLSTACK + (long) checked(i, ToolstackSlot.SLOTS) * ToolstackSlot.LENGTH;
    }

    /**
     * Address of the request of a toolstack slot.
     *
     * @throws IndexOutOfBoundsException when {@link #backToolstackText} has not been called
     */
    public long toolstackText(final int i) {
        if (Raw.getInt(toolstack(i) + ToolstackSlot.BACKED) == 0) {
            throw new IndexOutOfBoundsException("toolstack slot " + i + " has no text area yet");
        }
        return base + Regions.TOOLSTACK_TEXTS + (long) i * ToolstackSlot.AREA_LENGTH;
    }

    /** Address of the answer of a toolstack slot; like {@link #toolstackText}. */
    public long toolstackAnswer(final int i) {
        return toolstackText(i) + ToolstackSlot.TEXT_LENGTH;
    }

    /** Backs the text of a toolstack slot; harmless when it is backed already. */
    public void backToolstackText(final int i) {
        final long slot = toolstack(i);
        if (Raw.getInt(slot + ToolstackSlot.BACKED) == 0) {
            file.reserve(Regions.TOOLSTACK_TEXTS + (long) i * ToolstackSlot.AREA_LENGTH, ToolstackSlot.AREA_LENGTH);
            Raw.putInt(slot + ToolstackSlot.BACKED, 1);
        }
    }

    // ---- structures of a domain ----

    /**
     * Address of the {@link DomainPage}s of a slot.
     *
     * @throws IndexOutOfBoundsException when the slot has no backing
     */
    public long domainPage(final int slot) {
        checked(0, backed(slot, DomainRecord.BACKED_VCPUS));
        return area(slot) + Regions.AREA_PAGES;
    }

    /**
     * Address of a {@link VcpuRecord}.
     *
     * @throws IndexOutOfBoundsException when it has no backing
     */
    public long vcpu(final int slot, final int vcpu) {
        checked(vcpu, backed(slot, DomainRecord.BACKED_VCPUS));
        return area(slot) + Regions.AREA_VCPUS + (long) vcpu * VcpuRecord.LENGTH;
    }

    /** Address of the {@link io.xenolith.shm.hv.Mailbox} of a vCPU. */
    public long mailbox(final int slot, final int vcpu) {
        return vcpu(slot, vcpu) + VcpuRecord.MAILBOX;
    }

    /**
     * Address of an {@link EvtchnRecord}.
     *
     * @throws IndexOutOfBoundsException when it has no backing, that is, when the port was never usable
     */
    public long evtchn(final int slot, final int port) {
        checked(port, backed(slot, DomainRecord.BACKED_PORTS));
        return area(slot) + Regions.AREA_PORTS + (long) port * EvtchnRecord.LENGTH;
    }

    /**
     * Address of an {@link ActiveGrant}.
     *
     * @throws IndexOutOfBoundsException when it has no backing, that is, beyond the granter's table
     */
    public long active(final int slot, final int gref) {
        checked(gref, backed(slot, DomainRecord.BACKED_GRANTS));
        return area(slot) + Regions.AREA_GRANTS + (long) gref * ActiveGrant.LENGTH;
    }

    /**
     * Address of a {@link MaptrackEntry}.
     *
     * @throws IndexOutOfBoundsException when it has no backing
     */
    public long maptrack(final int slot, final int handle) {
        checked(handle, backed(slot, DomainRecord.BACKED_MAPTRACK));
        return area(slot) + Regions.AREA_MAPTRACK + (long) handle * MaptrackEntry.LENGTH;
    }

    /** True when port {@code port} of the slot has a record. */
    public boolean hasPort(final int slot, final int port) {
        return port >= 0 && port < backed(slot, DomainRecord.BACKED_PORTS);
    }

    /** True when grant reference {@code gref} of the slot has an entry. */
    public boolean hasGrant(final int slot, final int gref) {
        return gref >= 0 && gref < backed(slot, DomainRecord.BACKED_GRANTS);
    }

    // ---- structures of a domain that may be released at any moment ----

    /**
     * As {@link #vcpu}, for who must not fall over a domain that is released meanwhile.
     *
     * @return 0 when it has no backing
     */
    public long vcpuIfBacked(final int slot, final int vcpu) {
        final boolean there = vcpu >= 0 && vcpu < backed(slot, DomainRecord.BACKED_VCPUS);
        return there ? area(slot) + Regions.AREA_VCPUS + (long) vcpu * VcpuRecord.LENGTH : 0;
    }

    /**
     * As {@link #evtchn}, for who must not fall over a domain that is released meanwhile.
     *
     * @return 0 when it has no backing
     */
    public long evtchnIfBacked(final int slot, final int port) {
        return hasPort(slot, port) ? area(slot) + Regions.AREA_PORTS + (long) port * EvtchnRecord.LENGTH : 0;
    }

    /**
     * As {@link #active}, for who must not fall over a domain that is released meanwhile.
     *
     * @return 0 when it has no backing
     */
    public long activeIfBacked(final int slot, final int gref) {
        return hasGrant(slot, gref) ? area(slot) + Regions.AREA_GRANTS + (long) gref * ActiveGrant.LENGTH : 0;
    }

    // ---- backing ----

    /**
     * Backs the domain pages and the records of vCPUs 0 to {@code vcpus - 1}.
     *
     * @throws MachineFullException when the host has no room
     */
    public void backDomain(final int slot, final int vcpus) {
        if (vcpus < 1 || vcpus > DomainRecord.MAX_VCPUS) {
            throw new IndexOutOfBoundsException("vcpus " + vcpus);
        }
        file.reserve(offset(slot) + Regions.AREA_PAGES, DomainPage.LENGTH);
        back(slot, DomainRecord.BACKED_VCPUS, Regions.AREA_VCPUS, VcpuRecord.LENGTH, DomainRecord.MAX_VCPUS, vcpus);
    }

    /**
     * Backs the event-channel records below {@code ports}, in whole pages.
     *
     * @throws MachineFullException when the host has no room
     */
    public void backPorts(final int slot, final int ports) {
        back(slot, DomainRecord.BACKED_PORTS, Regions.AREA_PORTS, EvtchnRecord.LENGTH, EvtchnRecord.MAX_PORTS, ports);
    }

    /**
     * Backs the active-grant entries below {@code grants}, in whole pages.
     *
     * @throws MachineFullException when the host has no room
     */
    public void backGrants(final int slot, final int grants) {
        back(slot, DomainRecord.BACKED_GRANTS, Regions.AREA_GRANTS, ActiveGrant.LENGTH, ActiveGrant.MAX_GRANTS,
                grants);
    }

    /**
     * Backs the map-tracking entries below {@code handles}, in whole pages.
     *
     * @throws MachineFullException when the host has no room
     */
    public void backMaptrack(final int slot, final int handles) {
        back(slot, DomainRecord.BACKED_MAPTRACK, Regions.AREA_MAPTRACK, MaptrackEntry.LENGTH,
                MaptrackEntry.MAX_HANDLES, handles);
    }

    /**
     * Takes the backing of everything that belongs to a slot away; it reads as zero when it is backed again.
     * Only when no process can look at the domain any more.
     */
    public void releaseDomain(final int slot) {
        final long record = domain(slot);
        Raw.putInt(record + DomainRecord.BACKED_MAPTRACK, 0);
        Raw.putInt(record + DomainRecord.BACKED_GRANTS, 0);
        Raw.putInt(record + DomainRecord.BACKED_PORTS, 0);
        Raw.putIntVolatile(record + DomainRecord.BACKED_VCPUS, 0);
        file.release(offset(slot), Regions.AREA_LENGTH);
    }

    private void back(final int slot, final int word, final long region, final int entry, final int max,
                      final int wanted) {
        if (wanted < 0 || wanted > max) {
            throw new IndexOutOfBoundsException(wanted + " entries, at most " + max);
        }
        final long counter = domain(slot) + word;
        if (wanted <= Raw.getInt(counter)) {
            return;
        }
        final long bytes = (long) wanted * entry + PAGE - 1 & -PAGE;
        file.reserve(offset(slot) + region, bytes);
        final int now = (int) Math.min(max, entry > PAGE ? wanted : bytes / entry);
        int old;
        do {
            old = Raw.getInt(counter);
        } while (old < now && !Raw.casInt(counter, old, now));
    }

    private int backed(final int slot, final int word) {
        return Raw.getInt(domain(slot) + word);
    }

    private static long offset(final int slot) {
        return Regions.DOMAIN_AREAS + checked(slot, DomainRecord.SLOTS) * Regions.AREA_LENGTH;
    }

    private long area(final int slot) {
        return base + Regions.DOMAIN_AREAS + slot * Regions.AREA_LENGTH;
    }

    private static int checked(final int index, final int limit) {
        if (index < 0 || index >= limit) {
            throw new IndexOutOfBoundsException("index " + index + ", limit " + limit);
        }
        return index;
    }
}
