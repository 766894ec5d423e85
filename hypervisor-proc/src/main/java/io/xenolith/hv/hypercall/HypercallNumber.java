package io.xenolith.hv.hypercall;

import static io.xenolith.shm.abi.Hypercall.ARGO_OP;
import static io.xenolith.shm.abi.Hypercall.CALLBACK_OP;
import static io.xenolith.shm.abi.Hypercall.CONSOLE_IO;
import static io.xenolith.shm.abi.Hypercall.DM_OP;
import static io.xenolith.shm.abi.Hypercall.DOMCTL;
import static io.xenolith.shm.abi.Hypercall.EVENT_CHANNEL_OP;
import static io.xenolith.shm.abi.Hypercall.EVENT_CHANNEL_OP_COMPAT;
import static io.xenolith.shm.abi.Hypercall.FPU_TASKSWITCH;
import static io.xenolith.shm.abi.Hypercall.GET_DEBUGREG;
import static io.xenolith.shm.abi.Hypercall.GRANT_TABLE_OP;
import static io.xenolith.shm.abi.Hypercall.HVM_OP;
import static io.xenolith.shm.abi.Hypercall.HYPFS_OP;
import static io.xenolith.shm.abi.Hypercall.IRET;
import static io.xenolith.shm.abi.Hypercall.KEXEC_OP;
import static io.xenolith.shm.abi.Hypercall.MCA;
import static io.xenolith.shm.abi.Hypercall.MEMORY_OP;
import static io.xenolith.shm.abi.Hypercall.MMUEXT_OP;
import static io.xenolith.shm.abi.Hypercall.MMU_UPDATE;
import static io.xenolith.shm.abi.Hypercall.MULTICALL;
import static io.xenolith.shm.abi.Hypercall.NMI_OP;
import static io.xenolith.shm.abi.Hypercall.PHYSDEV_OP;
import static io.xenolith.shm.abi.Hypercall.PHYSDEV_OP_COMPAT;
import static io.xenolith.shm.abi.Hypercall.PLATFORM_OP;
import static io.xenolith.shm.abi.Hypercall.SCHED_OP;
import static io.xenolith.shm.abi.Hypercall.SCHED_OP_COMPAT;
import static io.xenolith.shm.abi.Hypercall.SET_CALLBACKS;
import static io.xenolith.shm.abi.Hypercall.SET_DEBUGREG;
import static io.xenolith.shm.abi.Hypercall.SET_GDT;
import static io.xenolith.shm.abi.Hypercall.SET_SEGMENT_BASE;
import static io.xenolith.shm.abi.Hypercall.SET_TIMER_OP;
import static io.xenolith.shm.abi.Hypercall.SET_TRAP_TABLE;
import static io.xenolith.shm.abi.Hypercall.STACK_SWITCH;
import static io.xenolith.shm.abi.Hypercall.SYSCTL;
import static io.xenolith.shm.abi.Hypercall.TMEM_OP;
import static io.xenolith.shm.abi.Hypercall.UPDATE_DESCRIPTOR;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING_OTHERDOMAIN;
import static io.xenolith.shm.abi.Hypercall.VCPU_OP;
import static io.xenolith.shm.abi.Hypercall.VM_ASSIST;
import static io.xenolith.shm.abi.Hypercall.XENOPROF_OP;
import static io.xenolith.shm.abi.Hypercall.XENPMU_OP;
import static io.xenolith.shm.abi.Hypercall.XEN_VERSION;
import static io.xenolith.shm.abi.Hypercall.XSM_OP;

/** The names of the hypercalls whose numbers are {@link io.xenolith.shm.abi.Hypercall}'s. */
public final class HypercallNumber {
    /** Numbers at and above this one are never hypercalls. */
    public static final int LIMIT = 64;

    private static final String[] NAMES = new String[LIMIT];

    static {
        NAMES[SET_TRAP_TABLE] = "set_trap_table";
        NAMES[MMU_UPDATE] = "mmu_update";
        NAMES[SET_GDT] = "set_gdt";
        NAMES[STACK_SWITCH] = "stack_switch";
        NAMES[SET_CALLBACKS] = "set_callbacks";
        NAMES[FPU_TASKSWITCH] = "fpu_taskswitch";
        NAMES[SCHED_OP_COMPAT] = "sched_op_compat";
        NAMES[PLATFORM_OP] = "platform_op";
        NAMES[SET_DEBUGREG] = "set_debugreg";
        NAMES[GET_DEBUGREG] = "get_debugreg";
        NAMES[UPDATE_DESCRIPTOR] = "update_descriptor";
        NAMES[MEMORY_OP] = "memory_op";
        NAMES[MULTICALL] = "multicall";
        NAMES[UPDATE_VA_MAPPING] = "update_va_mapping";
        NAMES[SET_TIMER_OP] = "set_timer_op";
        NAMES[EVENT_CHANNEL_OP_COMPAT] = "event_channel_op_compat";
        NAMES[XEN_VERSION] = "xen_version";
        NAMES[CONSOLE_IO] = "console_io";
        NAMES[PHYSDEV_OP_COMPAT] = "physdev_op_compat";
        NAMES[GRANT_TABLE_OP] = "grant_table_op";
        NAMES[VM_ASSIST] = "vm_assist";
        NAMES[UPDATE_VA_MAPPING_OTHERDOMAIN] = "update_va_mapping_otherdomain";
        NAMES[IRET] = "iret";
        NAMES[VCPU_OP] = "vcpu_op";
        NAMES[SET_SEGMENT_BASE] = "set_segment_base";
        NAMES[MMUEXT_OP] = "mmuext_op";
        NAMES[XSM_OP] = "xsm_op";
        NAMES[NMI_OP] = "nmi_op";
        NAMES[SCHED_OP] = "sched_op";
        NAMES[CALLBACK_OP] = "callback_op";
        NAMES[XENOPROF_OP] = "xenoprof_op";
        NAMES[EVENT_CHANNEL_OP] = "event_channel_op";
        NAMES[PHYSDEV_OP] = "physdev_op";
        NAMES[HVM_OP] = "hvm_op";
        NAMES[SYSCTL] = "sysctl";
        NAMES[DOMCTL] = "domctl";
        NAMES[KEXEC_OP] = "kexec_op";
        NAMES[TMEM_OP] = "tmem_op";
        NAMES[ARGO_OP] = "argo_op";
        NAMES[XENPMU_OP] = "xenpmu_op";
        NAMES[DM_OP] = "dm_op";
        NAMES[HYPFS_OP] = "hypfs_op";
        NAMES[MCA] = "mca";
    }

    private HypercallNumber() {
    }

    /**
     * The public name of a number.
     *
     * @param number any value.
     * @return the name, or "hypercall N" for a number without one.
     */
    public static String nameOf(final long number) {
        final String name = number >= 0 && number < LIMIT ? NAMES[(int)number] : null;
        return name == null ? "hypercall " + number : name;
    }
}
