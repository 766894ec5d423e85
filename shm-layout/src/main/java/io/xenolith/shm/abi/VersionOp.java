package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_INT;

/** Questions about the hypervisor and their arguments. */
public final class VersionOp {
    /** Number. */
    public static final int VERSION = 0;
    /** 16 bytes of text. */
    public static final int EXTRAVERSION = 1;
    /** Who built it. */
    public static final int COMPILE_INFO = 2;
    /** 1024 bytes of text. */
    public static final int CAPABILITIES = 3;
    /** 64 bytes of text. */
    public static final int CHANGESET = 4;
    /** Start of the hypervisor's addresses. */
    public static final int PLATFORM_PARAMETERS = 5;
    /** Feature bits. */
    public static final int GET_FEATURES = 6;
    /** Bytes of a page. */
    public static final int PAGESIZE = 7;
    /** 16 bytes: uuid. */
    public static final int GUEST_HANDLE = 8;
    /** 1024 bytes of text. */
    public static final int COMMANDLINE = 9;
    /** Build id. */
    public static final int BUILD_ID = 10;

    private VersionOp() {
    }

    /**
     * Answer to COMPILE_INFO.
     *
     * <pre>
     *       +-------------------------+
     *     0 | compiler      64 bytes  | [HV] text
     *    64 | compileBy     16 bytes  | [HV] text
     *    80 | compileDomain 32 bytes  | [HV] text
     *   112 | compileDate   32 bytes  | [HV] text
     *   144 +-------------------------+
     * </pre>
     */
    public static final class CompileInfo {
        /** 64 bytes: text. */
        public static final int COMPILER = 0;
        /** 16 bytes: text. */
        public static final int COMPILE_BY = COMPILER + 64;
        /** 32 bytes: text. */
        public static final int COMPILE_DOMAIN = COMPILE_BY + 16;
        /** 32 bytes: text. */
        public static final int COMPILE_DATE = COMPILE_DOMAIN + 32;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = COMPILE_DATE + 32;

        private CompileInfo() {
        }
    }

    /**
     * Argument of GET_FEATURES.
     *
     * <pre>
     *       +----------------+
     *     0 | submapIdx u32  | [GUEST] which 32 features
     *     4 | submap    u32  | [HV] their bits
     *     8 +----------------+
     * </pre>
     */
    public static final class FeatureInfo {
        /** u32: which 32 features. */
        public static final int SUBMAP_IDX = 0;
        /** u32: their bits. */
        public static final int SUBMAP = SUBMAP_IDX + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = SUBMAP + SIZE_OF_INT;

        private FeatureInfo() {
        }
    }

    /**
     * Answer to PLATFORM_PARAMETERS.
     *
     * <pre>
     *    32    64
     *             +-----------------+
     *     0     0 | virtStart word  | [HV] first address of the hypervisor
     *     4     8 +-----------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class PlatformParameters {
        /** For 32-bit guests. */
        public static final PlatformParameters X32 = new PlatformParameters(Abi.X32);
        /** For 64-bit guests. */
        public static final PlatformParameters X64 = new PlatformParameters(Abi.X64);

        /** word: first address of the hypervisor. */
        public final int virtStart;
        /** Bytes of the structure, padding included. */
        public final int length;

        private PlatformParameters(final Abi abi) {
            final Struct s = new Struct(abi);
            virtStart = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static PlatformParameters of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static PlatformParameters of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of BUILD_ID.
     *
     * <pre>
     *       +-------------+
     *     0 | len    u32  | [GUEST] room, then bytes
     *     4 | buf    ...  | [HV] the id
     *     4 +-------------+
     * </pre>
     */
    public static final class BuildId {
        /** u32: room, then bytes. */
        public static final int LEN = 0;
        /** ...: the id. */
        public static final int BUF = LEN + SIZE_OF_INT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = BUF + 0;

        private BuildId() {
        }
    }
}
