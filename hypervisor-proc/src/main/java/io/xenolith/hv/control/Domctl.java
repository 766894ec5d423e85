package io.xenolith.hv.control;

import io.xenolith.hv.grant.GrantTables;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.hv.sched.VcpuWaker;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainPage;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What domain 0 can do to domains. Operations that change several words between domains go to the hypervisor process; those
 * that are one word of the domain's record, or concern a domain that does not run yet, are done in place.
 *
 * <p>A domain under construction belongs to its builder: until the first {@link #unpause} nothing of it runs, although its
 * process has been started and waits.
 */
public final class Domctl
{
    /** Mailbox of domain 0 that this class uses. */
    static final int MAILBOX = 0;

    private final Machine machine;
    private final HypervisorFile hv;
    private final Domains domains;
    private final MailboxClient mailbox;
    private final VcpuWaker waker;
    private final GrantTables grants;

    /**
     * @param machine the machine.
     * @param mailbox domain 0's mailboxes.
     */
    public Domctl(final Machine machine, final MailboxClient mailbox)
    {
        this.machine = machine;
        this.hv = machine.hv();
        this.domains = new Domains(machine);
        this.mailbox = mailbox;
        this.waker = new VcpuWaker(machine);
        this.grants = new GrantTables(machine);
    }

    /**
     * Creates an empty, paused domain and starts its process.
     *
     * @param bits64   whether it uses the 64-bit ABI.
     * @param maxPages most frames it may own.
     * @param vcpus    vCPUs it may have, 1 to 32.
     * @param handle   its UUID.
     * @return its domid.
     * @throws DomctlException when the machine is full or the host has no room.
     */
    public int create(final boolean bits64, final long maxPages, final int vcpus, final UUID handle)
        throws DomctlException
    {
        final long[] args = {
            bits64 ? 64 : 32, maxPages, vcpus, handle.getMostSignificantBits(), handle.getLeastSignificantBits()};
        final long result = mailbox.callWithList(MAILBOX, GlobalOp.DOMAIN_CREATE, args, new long[0]).result();
        return (int)checked(result, "The domain cannot be created");
    }

    /**
     * Gives frames to a domain under construction. They are backed by the host and read as zero.
     *
     * @param domid  the domain.
     * @param frames how many.
     * @return their machine frame numbers, in the order of the domain's pseudo-physical memory.
     * @throws DomctlException when there are not as many; those handed out before stay with the domain.
     */
    public long[] populate(final int domid, final long frames) throws DomctlException
    {
        final long[] mfns = new long[Math.toIntExact(frames)];
        int have = 0;
        while (have < mfns.length)
        {
            final long[] args = {domid, mfns.length - have};
            final MailboxClient.Answer answer =
                mailbox.callWithList(MAILBOX, GlobalOp.DOMAIN_POPULATE, args, new long[0]);
            checked(answer.result(), "Domain " + domid + " cannot be given " + frames + " frames of memory");
            for (final long extent : answer.list())
            {
                for (int i = 0; i < Extent.frames(extent) && have < mfns.length; i++)
                {
                    mfns[have++] = Extent.mfn(extent) + i;
                }
            }
        }
        return mfns;
    }

    /**
     * Makes an event-channel port of a domain that another may bind.
     *
     * @param domid  the domain that gets the port.
     * @param remote the domain that may bind it.
     * @return the port.
     * @throws DomctlException when there is none left or no such domain.
     */
    public int allocUnbound(final int domid, final int remote) throws DomctlException
    {
        final long result = mailbox.call(MAILBOX, GlobalOp.DOMAIN_ALLOC_UNBOUND, domid, remote, 0, 0);
        return (int)checked(result, "Domain " + domid + " cannot be given an event channel");
    }

    /**
     * Fills in an entry of a domain's grant table before the domain runs (console and xenstore pages).
     *
     * @param domid    the granting domain, under construction.
     * @param gref     grant reference, below 512.
     * @param to       domain that gets the right.
     * @param mfn      frame of the granting domain.
     * @param readOnly whether it may only read.
     * @throws DomctlException when there is no such domain.
     */
    public void seedGrant(final int domid, final int gref, final int to, final long mfn, final boolean readOnly)
        throws DomctlException
    {
        final long record = existing(domid);
        grants.seed(record, gref, to, mfn, readOnly);
    }

    /**
     * Gives a vCPU the state that it starts with.
     *
     * @param domid   domain under construction.
     * @param vcpu    its vCPU.
     * @param context vcpu_guest_context in the domain's width.
     * @throws DomctlException when there is no such domain or vCPU.
     */
    public void setContext(final int domid, final int vcpu, final byte[] context) throws DomctlException
    {
        final long record = existing(domid);
        if (vcpu < 0 || vcpu >= Raw.getInt(record + DomainRecord.BACKED_VCPUS))
        {
            throw new DomctlException(Errno.ENOENT, "Domain " + domid + " has no vCPU " + vcpu + ".");
        }
        if (context.length > VcpuRecord.CONTEXT_LENGTH)
        {
            throw new DomctlException(Errno.EINVAL, "A vCPU context of " + context.length + " bytes is too long.");
        }
        final long v = hv.vcpu(DomainRecord.slot(domid), vcpu);
        Raw.copyIn(context, 0, v + VcpuRecord.CONTEXT, context.length);
        Raw.putInt(v + VcpuRecord.CONTEXT_WIDTH, Raw.getInt(record + DomainRecord.WIDTH));
        Raw.putInt(v + VcpuRecord.STATE, VcpuRecord.STATE_UP);
        Raw.getAndOrInt(record + DomainRecord.ONLINE_VCPUS, 1 << vcpu);
    }

    /**
     * Records where the builder put the console and xenstore pages and ports.
     *
     * @param domid       domain under construction.
     * @param consoleMfn  console ring.
     * @param consolePort its port in the domain.
     * @param storeMfn    xenstore ring.
     * @param storePort   its port in the domain.
     * @throws DomctlException when there is no such domain.
     */
    public void setupRings(
        final int domid, final long consoleMfn, final int consolePort, final long storeMfn, final int storePort)
        throws DomctlException
    {
        final long record = existing(domid);
        Raw.putLong(record + DomainRecord.CONSOLE_MFN, consoleMfn);
        Raw.putInt(record + DomainRecord.CONSOLE_PORT, consolePort);
        Raw.putLong(record + DomainRecord.STORE_MFN, storeMfn);
        Raw.putInt(record + DomainRecord.STORE_PORT, storePort);
    }

    /**
     * Sets the machine-to-physical entry of a frame under construction, in both tables.
     *
     * @param mfn a frame of a domain under construction.
     * @param pfn its pseudo-physical number.
     */
    public void setPhysical(final long mfn, final long pfn)
    {
        MachineToPhysical.set(machine, mfn, pfn);
    }

    /**
     * Sets the memory map that memory_op(memory_map) shows.
     *
     * @param domid   domain under construction.
     * @param entries {address, size, type} triples, in bytes.
     * @throws DomctlException when there is no such domain.
     */
    public void setMemoryMap(final int domid, final List<long[]> entries) throws DomctlException
    {
        existing(domid);
        if (entries.size() > DomainPage.E820_SIZE)
        {
            throw new DomctlException(Errno.E2BIG, "A memory map of " + entries.size() + " entries is too long.");
        }
        final long page = hv.domainPage(DomainRecord.slot(domid));
        long at = page + DomainPage.E820;
        for (final long[] e : entries)
        {
            Raw.putLong(at, e[0]);
            Raw.putLong(at + 8, e[1]);
            Raw.putInt(at + 16, (int)e[2]);
            at += 24;
        }
        Raw.putInt(page + DomainPage.E820_COUNT, entries.size());
    }

    /**
     * Puts a name beside the domain's record, for messages of the hypervisor.
     *
     * @param domid the domain.
     * @param name  its name in xenstore.
     * @throws DomctlException when there is no such domain.
     */
    public void setNameHint(final int domid, final String name) throws DomctlException
    {
        final long record = existing(domid);
        final byte[] text = new byte[DomainRecord.NAME_HINT_LENGTH];
        final byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, text, 0, Math.min(bytes.length, text.length - 1));
        Raw.copyIn(text, 0, record + DomainRecord.NAME_HINT, text.length);
    }

    /**
     * Asks for the validation of a page table before the domain runs: the domain's own process does it, first thing, and
     * pins the table; a table that does not pass crashes the domain.
     *
     * @param domid domain under construction.
     * @param mfn   root table.
     * @throws DomctlException when there is no such domain.
     */
    public void pinTable(final int domid, final long mfn) throws DomctlException
    {
        existing(domid);
        Raw.putLong(hv.vcpu(DomainRecord.slot(domid), 0) + VcpuRecord.KERNEL_TABLE_MFN, mfn);
    }

    /**
     * Takes one pause off a domain; at zero it runs. The first time ends its construction.
     *
     * @param domid the domain.
     * @throws DomctlException when there is none or it is not paused.
     */
    public void unpause(final int domid) throws DomctlException
    {
        final long record = existing(domid);
        final boolean counted = takePause(record);
        KillPoint.hit(KillPoint.UNPAUSE_BEFORE_LIVE);
        // After the count: a domain under construction without a pause is one whose unpausing was cut short.
        final boolean finished = Domains.changeState(record, DomainRecord.STATE_BUILDING, DomainRecord.STATE_LIVE);
        if (!counted && !finished)
        {
            throw new DomctlException(Errno.EINVAL, "Domain " + domid + " is not paused.");
        }
        KillPoint.hit(KillPoint.PAUSE_BEFORE_ATTENTION);
        attendAll(record, VcpuRecord.ATTENTION_PAUSE);
    }

    private static boolean takePause(final long record)
    {
        for (;;)
        {
            final int count = Raw.getInt(record + DomainRecord.PAUSE_COUNT);
            if (count <= 0 || Raw.casInt(record + DomainRecord.PAUSE_COUNT, count, count - 1))
            {
                return count > 0;
            }
        }
    }

    /**
     * Has every domain look at its pause count: a predecessor of this process may have changed one and died before it could
     * tell the vCPUs.
     */
    public void repeatPauses()
    {
        for (final DomainInfo d : list())
        {
            if (d.domid() != 0)
            {
                attendAll(hv.domain(DomainRecord.slot(d.domid())), VcpuRecord.ATTENTION_PAUSE);
            }
        }
    }

    /**
     * Adds one pause to a domain. Its vCPUs stop at their next attention; {@link #info} tells when none runs.
     *
     * @param domid the domain.
     * @throws DomctlException when there is none.
     */
    public void pause(final int domid) throws DomctlException
    {
        final long record = existing(domid);
        Raw.getAndAddInt(record + DomainRecord.PAUSE_COUNT, 1);
        KillPoint.hit(KillPoint.PAUSE_BEFORE_ATTENTION);
        attendAll(record, VcpuRecord.ATTENTION_PAUSE);
    }

    /**
     * Ends a domain and takes back what it has. Returns when the domain is marked; {@link #info} tells when it is gone.
     * A domain whose process is stopped dies too.
     *
     * @param domid the domain.
     * @throws DomctlException when there is none.
     */
    public void destroy(final int domid) throws DomctlException
    {
        checked(mailbox.call(MAILBOX, GlobalOp.DOMAIN_DESTROY, domid, 0, 0, 0), "Domain " + domid + " cannot be destroyed");
    }

    /**
     * Raises VIRQ_DEBUG on every vCPU and asks for register dumps.
     *
     * @param domid the domain.
     * @throws DomctlException when there is none.
     */
    public void dumpRegisters(final int domid) throws DomctlException
    {
        attendAll(existing(domid), VcpuRecord.ATTENTION_DUMP);
    }

    /**
     * @param domid any value.
     * @return what is known of the domain; null when there is none.
     */
    public DomainInfo info(final int domid)
    {
        final long record = domains.record(domid);
        return record == 0 ? null : DomainReader.read(hv, record);
    }

    /** @return all domains, by domid. */
    public List<DomainInfo> list()
    {
        final List<DomainInfo> all = new ArrayList<>();
        for (int slot = 0; slot < DomainRecord.SLOTS; slot++)
        {
            final long record = hv.domain(slot);
            if (Domains.state(record) != DomainRecord.STATE_FREE)
            {
                all.add(DomainReader.read(hv, record));
            }
        }
        all.sort(java.util.Comparator.comparingInt(DomainInfo::domid));
        return all;
    }

    /**
     * @param domid a domain.
     * @return the frame of its shared_info page.
     * @throws DomctlException when there is no such domain.
     */
    public long sharedInfoMfn(final int domid) throws DomctlException
    {
        return Raw.getLong(existing(domid) + DomainRecord.SHARED_INFO_MFN);
    }

    /** @return frames of the heap that nobody owns. */
    public long freeFrames()
    {
        return Raw.getLong(hv.header() + io.xenolith.shm.hv.Header.FREE_FRAMES);
    }

    private void attendAll(final long record, final int bits)
    {
        final int slot = DomainRecord.slot(Domains.domid(record));
        final int vcpus = Raw.getInt(record + DomainRecord.BACKED_VCPUS);
        for (int v = 0; v < vcpus; v++)
        {
            waker.attend(hv.vcpu(slot, v), bits);
        }
    }

    private long existing(final int domid) throws DomctlException
    {
        final long record = domains.usable(domid);
        if (record == 0)
        {
            throw new DomctlException(Errno.ESRCH, "There is no domain " + domid + ".");
        }
        return record;
    }

    private static long checked(final long result, final String what) throws DomctlException
    {
        if (result >= 0)
        {
            return result;
        }
        throw new DomctlException((int)-result, what + ": " + reason((int)-result) + ".");
    }

    private static String reason(final int errno)
    {
        return switch (errno)
        {
            case Errno.EPERM -> "that is not permitted";
            case Errno.ESRCH -> "there is no such domain";
            case Errno.ENOMEM -> "the machine has too little free memory";
            case Errno.ENOSPC -> "the host has too little free memory or room in the machine's file system";
            case Errno.EBUSY -> "all domain slots are in use";
            case Errno.EINVAL -> "an argument is out of range";
            case Errno.E2BIG -> "it would exceed its maximum memory";
            case Errno.EIO -> "its process could not be started";
            default -> "error " + errno;
        };
    }
}
