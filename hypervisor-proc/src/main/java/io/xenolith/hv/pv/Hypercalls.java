package io.xenolith.hv.pv;

import static io.xenolith.shm.abi.Hypercall.CALLBACK_OP;
import static io.xenolith.shm.abi.Hypercall.CONSOLE_IO;
import static io.xenolith.shm.abi.Hypercall.DOMCTL;
import static io.xenolith.shm.abi.Hypercall.FPU_TASKSWITCH;
import static io.xenolith.shm.abi.Hypercall.GET_DEBUGREG;
import static io.xenolith.shm.abi.Hypercall.IRET;
import static io.xenolith.hv.hypercall.HypercallNumber.LIMIT;
import static io.xenolith.shm.abi.Hypercall.MCA;
import static io.xenolith.shm.abi.Hypercall.MEMORY_OP;
import static io.xenolith.shm.abi.Hypercall.MMUEXT_OP;
import static io.xenolith.shm.abi.Hypercall.MMU_UPDATE;
import static io.xenolith.shm.abi.Hypercall.MULTICALL;
import static io.xenolith.shm.abi.Hypercall.NMI_OP;
import static io.xenolith.shm.abi.Hypercall.PHYSDEV_OP;
import static io.xenolith.shm.abi.Hypercall.PHYSDEV_OP_COMPAT;
import static io.xenolith.shm.abi.Hypercall.PLATFORM_OP;
import static io.xenolith.shm.abi.Hypercall.SET_CALLBACKS;
import static io.xenolith.shm.abi.Hypercall.SET_DEBUGREG;
import static io.xenolith.shm.abi.Hypercall.SET_GDT;
import static io.xenolith.shm.abi.Hypercall.SET_SEGMENT_BASE;
import static io.xenolith.shm.abi.Hypercall.SET_TRAP_TABLE;
import static io.xenolith.shm.abi.Hypercall.STACK_SWITCH;
import static io.xenolith.shm.abi.Hypercall.SYSCTL;
import static io.xenolith.shm.abi.Hypercall.UPDATE_DESCRIPTOR;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING_OTHERDOMAIN;
import static io.xenolith.shm.abi.Hypercall.VM_ASSIST;
import static io.xenolith.shm.abi.Hypercall.XEN_VERSION;

import io.xenolith.hv.hypercall.ConsoleIo;
import io.xenolith.hv.hypercall.Dispatcher;
import io.xenolith.hv.hypercall.Multicall;
import io.xenolith.hv.hypercall.PhysdevOp;
import io.xenolith.hv.hypercall.PrivilegedCalls;
import io.xenolith.hv.hypercall.VmAssist;
import io.xenolith.hv.hypercall.XenVersion;
import io.xenolith.hv.mm.DescriptorCalls;
import io.xenolith.hv.mm.FrameSource;
import io.xenolith.hv.mm.MemoryOp;
import io.xenolith.hv.mm.MmuExt;
import io.xenolith.hv.mm.MmuUpdate;
import io.xenolith.hv.mm.PagingMode;
import io.xenolith.hv.mm.VaMapping;
import io.xenolith.hv.trap.DebugState;
import io.xenolith.hv.trap.GuestReturn;
import io.xenolith.hv.trap.TrapCalls;
import io.xenolith.shm.HypervisorFile;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;

/** Joins hypercall numbers and handlers for one vCPU. */
final class Hypercalls {
    private Hypercalls() {
    }

    static Dispatcher forVcpu(final PvVcpu v, final DebugState debug, final GuestReturn guestReturn) {
        final PvDomain domain = v.domain();
        final Dispatcher dispatcher = new Dispatcher(v, domain.record());
        for (int n = 0; n < LIMIT; n++) {
            dispatcher.set(n, domain.services().handler(n));
        }
        memory(dispatcher, v);
        traps(dispatcher, v, debug, guestReturn);
        final PhysdevOp physdev = new PhysdevOp(v);
        return dispatcher
            .set(MULTICALL, new Multicall(dispatcher))
            .set(XEN_VERSION, new XenVersion(domain.record(), versionStart(domain)))
            .set(CONSOLE_IO, new ConsoleIo(domain.console()))
            .set(VM_ASSIST, new VmAssist(domain.record()))
            .set(PHYSDEV_OP, physdev)
            .set(PHYSDEV_OP_COMPAT, physdev::compat)
            .set(PLATFORM_OP, PrivilegedCalls::denied)
            .set(DOMCTL, PrivilegedCalls::denied)
            .set(MCA, PrivilegedCalls::denied)
            .set(SYSCTL, PrivilegedCalls::sysctl);
    }

    private static long versionStart(final PvDomain domain) {
        return domain.mode().hypervisorStart();
    }

    private static void memory(final Dispatcher dispatcher, final PvVcpu v) {
        final PvDomain domain = v.domain();
        final VaMapping vaMapping = new VaMapping(v.space(), v.tlb());
        final DescriptorCalls descriptors = new DescriptorCalls(v.space());
        dispatcher
            .set(MMU_UPDATE, new MmuUpdate(v.space().tables(), domain.m2p()))
            .set(MMUEXT_OP, new MmuExt(v.space(), v.tlb()))
            .set(UPDATE_VA_MAPPING, vaMapping)
            .set(UPDATE_VA_MAPPING_OTHERDOMAIN, vaMapping::otherDomain)
            .set(SET_GDT, descriptors::setGdt)
            .set(UPDATE_DESCRIPTOR, descriptors::update)
            .set(MEMORY_OP, new MemoryOp(v.space().tables(), domain.magazine(), domain.m2p(), v.tlb(), source(v),
                domain.machine().memory(), places(domain)));
    }

    private static MemoryOp.Places places(final PvDomain domain) {
        final HypervisorFile hv = domain.machine().hv();
        final boolean wide = domain.mode() == PagingMode.LONG64;
        final long mfn = Raw.getLong(hv.header() + (wide ? Header.M2P64_MFN : Header.M2P32_MFN));
        return new MemoryOp.Places(
            domain.record(), hv.domainPage(domain.slot()), mfn, hv.frames() * (wide ? 8 : 4));
    }

    private static FrameSource source(final PvVcpu v) {
        final DomainServices services = v.domain().services();
        return new FrameSource() {
            @Override
            public long claim(final int frames, final int addressBits) {
                return services.claimFrames(v.vcpu(), frames, addressBits);
            }

            @Override
            public void giveBack(final long mfn, final int frames) {
                services.returnFrames(v.vcpu(), mfn, frames);
            }

            @Override
            public boolean pinned(final long mfn) {
                return services.pinned(mfn, false);
            }
        };
    }

    private static void traps(
        final Dispatcher dispatcher, final PvVcpu v, final DebugState debug, final GuestReturn guestReturn) {
        final TrapCalls traps = new TrapCalls(v, debug);
        dispatcher
            .set(SET_TRAP_TABLE, traps::setTrapTable)
            .set(STACK_SWITCH, traps::stackSwitch)
            .set(SET_CALLBACKS, traps::setCallbacks)
            .set(FPU_TASKSWITCH, traps::fpuTaskSwitch)
            .set(SET_DEBUGREG, traps::setDebugReg)
            .set(GET_DEBUGREG, traps::getDebugReg)
            .set(SET_SEGMENT_BASE, traps::setSegmentBase)
            .set(NMI_OP, traps::nmiOp)
            .set(CALLBACK_OP, traps::callbackOp)
            .set(IRET, (caller, a1, a2, a3, a4, a5) -> {
                v.replaceContext();
                v.environment().nmiDone();
                guestReturn.iret();
                return 0;
            });
    }
}
