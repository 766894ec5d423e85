package io.xenolith.hv.hypercall;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import java.nio.charset.StandardCharsets;

/** Hypercall 17, xen_version: who we say we are. Buffers are filled to their full size, so that nothing leaks. */
public final class XenVersion implements Hypercall {
    /** The interface version that we implement, {@code major << 16 | minor}. */
    public static final int VERSION = 4 << 16 | 17;

    private static final int GET_VERSION = 0;
    private static final int EXTRAVERSION = 1;
    private static final int COMPILE_INFO = 2;
    private static final int CAPABILITIES = 3;
    private static final int CHANGESET = 4;
    private static final int PLATFORM_PARAMETERS = 5;
    private static final int GET_FEATURES = 6;
    private static final int PAGESIZE = 7;
    private static final int GUEST_HANDLE = 8;
    private static final int COMMANDLINE = 9;
    private static final int BUILD_ID = 10;

    private static final int PAE_PGDIR_ABOVE_4GB = 1 << 4;
    /** mmu_pt_update_preserve_ad, highmem_assist, gnttab_map_avail_bits; not more than is there. */
    private static final int FEATURES = 1 << 5 | 1 << 6 | 1 << 7;

    private static final byte[] EXTRA = text(".xenolith", 16);
    private static final byte[] COMPILE = compileInfo();
    private static final byte[] CAPS = text("xen-3.0-x86_64 xen-3.0-x86_32p ", 1024);
    private static final byte[] CHANGES = text("unavailable", 64);

    private final long record;
    private final long virtualStart;

    /**
     * @param record       address of the calling domain's record.
     * @param virtualStart where the hypervisor's addresses begin for it.
     */
    public XenVersion(final long record, final long virtualStart) {
        this.record = record;
        this.virtualStart = virtualStart;
    }

    private static byte[] text(final String text, final int length) {
        return java.util.Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), length);
    }

    private static byte[] compileInfo() {
        final byte[] info = new byte[64 + 16 + 32 + 32];
        put(info, 0, "javac (JDK 25)");
        put(info, 64, "xenolith");
        put(info, 80, "xenolith.invalid");
        put(info, 112, "unknown");
        return info;
    }

    private static void put(final byte[] target, final int at, final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, target, at, bytes.length);
    }

    @Override
    public long call(
        final Caller caller, final long command, final long arg, final long a3, final long a4, final long a5) {
        return switch ((int)command) {
            case GET_VERSION -> VERSION;
            case EXTRAVERSION -> out(caller, EXTRA, arg);
            case COMPILE_INFO -> out(caller, COMPILE, arg);
            case CAPABILITIES -> out(caller, CAPS, arg);
            case CHANGESET -> out(caller, CHANGES, arg);
            case PLATFORM_PARAMETERS -> platform(caller, arg);
            case GET_FEATURES -> features(caller, arg);
            case PAGESIZE -> arg == 0 ? 4096 : -Errno.EINVAL;
            case GUEST_HANDLE -> handle(caller, arg);
            case COMMANDLINE -> -Errno.EPERM;
            case BUILD_ID -> -Errno.ENODATA;
            default -> -Errno.ENOSYS;
        };
    }

    private static long out(final Caller caller, final byte[] bytes, final long arg) {
        caller.memory().copyOut(bytes, 0, arg, bytes.length);
        return 0;
    }

    private long platform(final Caller caller, final long arg) {
        caller.writeWord(arg, virtualStart);
        return 0;
    }

    private long features(final Caller caller, final long arg) {
        if (caller.memory().getInt(arg) != 0) {
            return -Errno.EINVAL;
        }
        final boolean extendedCr3 = (Raw.getLong(record + DomainRecord.VM_ASSIST) >> VmAssist.PAE_EXTENDED_CR3 & 1) != 0;
        caller.memory().putInt(arg + 4, FEATURES | (extendedCr3 ? PAE_PGDIR_ABOVE_4GB : 0));
        return 0;
    }

    private long handle(final Caller caller, final long arg) {
        caller.memory().copyFromHost(record + DomainRecord.UUID, arg, 16);
        return 0;
    }
}
