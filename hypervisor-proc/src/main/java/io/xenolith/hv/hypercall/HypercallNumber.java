package io.xenolith.hv.hypercall;

/** Hypercall numbers of the public {@code xen.h}. */
public final class HypercallNumber {
    /** set_trap_table. */
    public static final int SET_TRAP_TABLE = 0;
    /** mmu_update. */
    public static final int MMU_UPDATE = 1;
    /** set_gdt. */
    public static final int SET_GDT = 2;
    /** stack_switch. */
    public static final int STACK_SWITCH = 3;
    /** set_callbacks. */
    public static final int SET_CALLBACKS = 4;
    /** fpu_taskswitch. */
    public static final int FPU_TASKSWITCH = 5;
    /** sched_op_compat. */
    public static final int SCHED_OP_COMPAT = 6;
    /** platform_op. */
    public static final int PLATFORM_OP = 7;
    /** set_debugreg. */
    public static final int SET_DEBUGREG = 8;
    /** get_debugreg. */
    public static final int GET_DEBUGREG = 9;
    /** update_descriptor. */
    public static final int UPDATE_DESCRIPTOR = 10;
    /** memory_op. */
    public static final int MEMORY_OP = 12;
    /** multicall. */
    public static final int MULTICALL = 13;
    /** update_va_mapping. */
    public static final int UPDATE_VA_MAPPING = 14;
    /** set_timer_op. */
    public static final int SET_TIMER_OP = 15;
    /** event_channel_op_compat. */
    public static final int EVENT_CHANNEL_OP_COMPAT = 16;
    /** xen_version. */
    public static final int XEN_VERSION = 17;
    /** console_io. */
    public static final int CONSOLE_IO = 18;
    /** physdev_op_compat. */
    public static final int PHYSDEV_OP_COMPAT = 19;
    /** grant_table_op. */
    public static final int GRANT_TABLE_OP = 20;
    /** vm_assist. */
    public static final int VM_ASSIST = 21;
    /** update_va_mapping_otherdomain. */
    public static final int UPDATE_VA_MAPPING_OTHERDOMAIN = 22;
    /** iret. */
    public static final int IRET = 23;
    /** vcpu_op. */
    public static final int VCPU_OP = 24;
    /** set_segment_base. */
    public static final int SET_SEGMENT_BASE = 25;
    /** mmuext_op. */
    public static final int MMUEXT_OP = 26;
    /** xsm_op. */
    public static final int XSM_OP = 27;
    /** nmi_op. */
    public static final int NMI_OP = 28;
    /** sched_op. */
    public static final int SCHED_OP = 29;
    /** callback_op. */
    public static final int CALLBACK_OP = 30;
    /** xenoprof_op. */
    public static final int XENOPROF_OP = 31;
    /** event_channel_op. */
    public static final int EVENT_CHANNEL_OP = 32;
    /** physdev_op. */
    public static final int PHYSDEV_OP = 33;
    /** hvm_op. */
    public static final int HVM_OP = 34;
    /** sysctl. */
    public static final int SYSCTL = 35;
    /** domctl. */
    public static final int DOMCTL = 36;
    /** kexec_op. */
    public static final int KEXEC_OP = 37;
    /** tmem_op. */
    public static final int TMEM_OP = 38;
    /** argo_op. */
    public static final int ARGO_OP = 39;
    /** xenpmu_op. */
    public static final int XENPMU_OP = 40;
    /** dm_op. */
    public static final int DM_OP = 41;
    /** hypfs_op. */
    public static final int HYPFS_OP = 42;
    /** mca. */
    public static final int MCA = 48;
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
