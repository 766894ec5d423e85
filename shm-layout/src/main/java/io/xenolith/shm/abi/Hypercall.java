package io.xenolith.shm.abi;

/** Hypercall numbers. */
public final class Hypercall {
    /** Set_trap_table. */
    public static final int SET_TRAP_TABLE = 0;
    /** Mmu_update. */
    public static final int MMU_UPDATE = 1;
    /** Set_gdt. */
    public static final int SET_GDT = 2;
    /** Stack_switch. */
    public static final int STACK_SWITCH = 3;
    /** Set_callbacks. */
    public static final int SET_CALLBACKS = 4;
    /** Fpu_taskswitch. */
    public static final int FPU_TASKSWITCH = 5;
    /** Sched_op_compat. */
    public static final int SCHED_OP_COMPAT = 6;
    /** Platform_op. */
    public static final int PLATFORM_OP = 7;
    /** Set_debugreg. */
    public static final int SET_DEBUGREG = 8;
    /** Get_debugreg. */
    public static final int GET_DEBUGREG = 9;
    /** Update_descriptor. */
    public static final int UPDATE_DESCRIPTOR = 10;
    /** Memory_op. */
    public static final int MEMORY_OP = 12;
    /** Multicall. */
    public static final int MULTICALL = 13;
    /** Update_va_mapping. */
    public static final int UPDATE_VA_MAPPING = 14;
    /** Set_timer_op. */
    public static final int SET_TIMER_OP = 15;
    /** Event_channel_op_compat. */
    public static final int EVENT_CHANNEL_OP_COMPAT = 16;
    /** Xen_version. */
    public static final int XEN_VERSION = 17;
    /** Console_io. */
    public static final int CONSOLE_IO = 18;
    /** Physdev_op_compat. */
    public static final int PHYSDEV_OP_COMPAT = 19;
    /** Grant_table_op. */
    public static final int GRANT_TABLE_OP = 20;
    /** Vm_assist. */
    public static final int VM_ASSIST = 21;
    /** Update_va_mapping_otherdomain. */
    public static final int UPDATE_VA_MAPPING_OTHERDOMAIN = 22;
    /** Iret. */
    public static final int IRET = 23;
    /** Vcpu_op. */
    public static final int VCPU_OP = 24;
    /** Set_segment_base. */
    public static final int SET_SEGMENT_BASE = 25;
    /** Mmuext_op. */
    public static final int MMUEXT_OP = 26;
    /** Xsm_op. */
    public static final int XSM_OP = 27;
    /** Nmi_op. */
    public static final int NMI_OP = 28;
    /** Sched_op. */
    public static final int SCHED_OP = 29;
    /** Callback_op. */
    public static final int CALLBACK_OP = 30;
    /** Xenoprof_op. */
    public static final int XENOPROF_OP = 31;
    /** Event_channel_op. */
    public static final int EVENT_CHANNEL_OP = 32;
    /** Physdev_op. */
    public static final int PHYSDEV_OP = 33;
    /** Hvm_op. */
    public static final int HVM_OP = 34;
    /** Sysctl. */
    public static final int SYSCTL = 35;
    /** Domctl. */
    public static final int DOMCTL = 36;
    /** Kexec_op. */
    public static final int KEXEC_OP = 37;
    /** Tmem_op. */
    public static final int TMEM_OP = 38;
    /** Argo_op. */
    public static final int ARGO_OP = 39;
    /** Xenpmu_op. */
    public static final int XENPMU_OP = 40;
    /** Dm_op. */
    public static final int DM_OP = 41;
    /** Hypfs_op. */
    public static final int HYPFS_OP = 42;
    /** Machine check. */
    public static final int MCA = 48;
    /** X86: paging domctl continuation. */
    public static final int ARCH_1 = 49;

    private Hypercall() {
    }
}
