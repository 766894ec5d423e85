package io.xenolith.dom0.builder;

import io.xenolith.hv.control.DomainInfo;
import io.xenolith.hv.control.Domctl;
import io.xenolith.hv.control.DomctlException;
import io.xenolith.hv.grant.ForeignWrite;
import io.xenolith.shm.Machine;
import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.Abi;
import io.xenolith.shm.abi.SharedInfo;
import io.xenolith.shm.abi.VcpuInfo;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.UUID;

/**
 * Builds domains: first reads and checks everything that can be wrong ({@link #prepare}), then makes the domain
 * ({@link #build}). A failure in the second step destroys what there is of the domain.
 *
 * <p>The domain belongs to nobody until the toolstack has written it down; a dom0 that is killed before leaves a
 * domain under construction, which its successor destroys.
 */
public final class DomainBuilder {
    /** Frames in a MiB. */
    public static final int FRAMES_PER_MIB = 256;
    /** Backends are in dom0. */
    private static final int DOM0 = 0;
    private static final int CONSOLE_GREF = 0;
    private static final int STORE_GREF = 1;
    private static final int LEGACY_VCPUS = 32;
    private static final int NO_MEMORY = 12;

    /**
     * What to build.
     *
     * @param kernel      path of the kernel
     * @param ramdisk     path of its module, null for none
     * @param commandLine for start_info
     * @param memoryMib   memory at the start
     * @param maxMib      most memory it may ever have
     * @param vcpus       vCPUs it may have
     * @param uuid        its identity
     */
    public record Plan(Path kernel, Path ramdisk, String commandLine, long memoryMib, long maxMib, int vcpus, UUID uuid) { }

    /** A plan whose files are read and fit. */
    public record Prepared(Plan plan, KernelImage kernel, byte[] module, DomainLayout layout) { }

    /** A domain that was built and is paused; what its back-ends need. */
    public record Built(int domid, int incarnation, boolean bits64, long storeMfn, int storePort, long consoleMfn,
                        int consolePort, boolean isGrub) { }

    private final Machine machine;
    private final Domctl domctl;

    /** @param domctl dom0's control of domains */
    public DomainBuilder(final Machine machine, final Domctl domctl) {
        this.machine = machine;
        this.domctl = domctl;
    }

    /**
     * Reads the files and lays the domain out. Changes nothing, takes time: not for the main loop.
     *
     * @throws ImageException with the sentence to show
     */
    public Prepared prepare(final Plan plan) {
        final KernelImage kernel = KernelImage.read(plan.kernel());
        final byte[] module = plan.ramdisk() == null ? new byte[0] : ImageBytes.readRaw(plan.ramdisk(), "ramdisk");
        final DomainLayout layout = DomainLayout.of(kernel, plan.memoryMib() * FRAMES_PER_MIB, module.length);
        return new Prepared(plan, kernel, module, layout);
    }

    /**
     * Makes the domain, paused.
     *
     * @throws DomctlException when the machine or the host has too little of something
     */
    public Built build(final Prepared p) throws DomctlException {
        final Plan plan = p.plan();
        if (p.layout().pages() > domctl.freeFrames()) {
            throw new DomctlException(NO_MEMORY, "The domain wants " + plan.memoryMib() + " MiB of memory, and the machine has "
                    + domctl.freeFrames() / FRAMES_PER_MIB + " MiB free.");
        }
        final int domid = domctl.create(p.kernel().is64Bit(), Math.max(plan.maxMib(), plan.memoryMib()) * FRAMES_PER_MIB,
                plan.vcpus(), plan.uuid());
        try {
            return fill(domid, p);
        } catch (final DomctlException | RuntimeException e) {
            domctl.destroy(domid);
            throw e;
        }
    }

    private Built fill(final int domid, final Prepared p) throws DomctlException {
        final Frames frames = new Frames(domctl.populate(domid, p.layout().pages()));
        for (long pfn = 0; pfn < p.layout().pages(); pfn++) {
            domctl.setPhysical(frames.mfn(pfn), pfn);
        }
        final int storePort = domctl.allocUnbound(domid, DOM0);
        final int consolePort = domctl.allocUnbound(domid, DOM0);
        final long sharedInfo = domctl.sharedInfoMfn(domid);
        maskEvents(sharedInfo, p.kernel().is64Bit());
        final StartOfDay start = new StartOfDay(p.kernel(), p.layout(), frames);
        start.write(new StartOfDay.Given(sharedInfo, storePort, consolePort), p.module(), p.plan().commandLine());
        frames.done();
        final long consoleMfn = frames.mfn(p.layout().consolePfn());
        final long storeMfn = frames.mfn(p.layout().storePfn());
        domctl.seedGrant(domid, CONSOLE_GREF, DOM0, consoleMfn, false);
        domctl.seedGrant(domid, STORE_GREF, DOM0, storeMfn, false);
        domctl.setupRings(domid, consoleMfn, consolePort, storeMfn, storePort);
        domctl.setContext(domid, 0, start.context());
        domctl.pinTable(domid, frames.mfn(p.layout().tablePfn()));
        final DomainInfo info = domctl.info(domid);
        return new Built(domid, info.incarnation(), p.kernel().is64Bit(), storeMfn, storePort, consoleMfn, consolePort,
                p.kernel().notes().guestOs().equals("GRUB"));
    }

    /** Every vCPU starts with its up-calls masked. */
    private void maskEvents(final long sharedInfoMfn, final boolean wide) {
        final Abi abi = wide ? Abi.X64 : Abi.X32;
        final long at = machine.memory().addressOf(sharedInfoMfn) + SharedInfo.of(abi).vcpuInfo;
        for (int v = 0; v < LEGACY_VCPUS; v++) {
            Raw.putByte(at + (long) v * VcpuInfo.of(abi).length + VcpuInfo.of(abi).upcallMask, (byte) 1);
        }
    }

    /** The frames of the new domain, announced as foreign writes when first touched. */
    private final class Frames implements GuestFrames {
        private final long[] mfns;
        private final BitSet touched = new BitSet();
        private final ForeignWrite foreign = new ForeignWrite(machine);

        Frames(final long[] mfns) {
            this.mfns = mfns;
        }

        @Override
        public long mfn(final long pfn) {
            return mfns[(int) pfn];
        }

        @Override
        public long address(final long pfn) {
            final int i = (int) pfn;
            if (!touched.get(i)) {
                touched.set(i);
                foreign.begin(mfns[i]);
            }
            return machine.memory().addressOf(mfns[i]);
        }

        void done() {
            touched.stream().forEach(i -> foreign.end(mfns[i]));
        }
    }
}
