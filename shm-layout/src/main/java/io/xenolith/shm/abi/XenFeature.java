package io.xenolith.shm.abi;

/** Feature bits of get_features. */
public final class XenFeature {
    /** Page tables can be written. */
    public static final int WRITABLE_PAGE_TABLES = 0;
    /** Descriptor tables can be written. */
    public static final int WRITABLE_DESCRIPTOR_TABLES = 1;
    /** Guest sees pseudo-physical frames. */
    public static final int AUTO_TRANSLATED_PHYSMAP = 2;
    /** Kernel in ring 0. */
    public static final int SUPERVISOR_MODE_KERNEL = 3;
    /** PAE top table anywhere. */
    public static final int PAE_PGDIR_ABOVE_4GB = 4;
    /** Mmu_update kind 2 exists. */
    public static final int MMU_PT_UPDATE_PRESERVE_AD = 5;
    /** Clear and copy by frame. */
    public static final int HIGHMEM_ASSIST = 6;
    /** Available bits of grant mappings. */
    public static final int GNTTAB_MAP_AVAIL_BITS = 7;
    /** Event vector of HVM guests. */
    public static final int HVM_CALLBACK_VECTOR = 8;
    /** Pvclock in HVM guests. */
    public static final int HVM_SAFE_PVCLOCK = 9;
    /** Pirqs in HVM guests. */
    public static final int HVM_PIRQS = 10;
    /** This is dom0. */
    public static final int DOM0 = 11;
    /** Virtual NUMA nodes. */
    public static final int MEMORY_OP_VNODE_SUPPORTED = 13;
    /** Pseudo-physical is machine. */
    public static final int DIRECT_MAPPED = 17;

    private XenFeature() {
    }
}
