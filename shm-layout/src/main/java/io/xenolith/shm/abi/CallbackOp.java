package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_SHORT;

/** Registration of entry points and its arguments. */
public final class CallbackOp {
    /** Register. */
    public static final int REGISTER = 0;
    /** Unregister. */
    public static final int UNREGISTER = 1;
    /** Event up-call. */
    public static final int TYPE_EVENT = 0;
    /** A selector could not be loaded on return. */
    public static final int TYPE_FAILSAFE = 1;
    /** System call, 64-bit code. */
    public static final int TYPE_SYSCALL = 2;
    /** Never valid. */
    public static final int TYPE_SYSENTER_DEPRECATED = 3;
    /** Non-maskable interrupt. */
    public static final int TYPE_NMI = 4;
    /** Sysenter. */
    public static final int TYPE_SYSENTER = 5;
    /** System call, 32-bit code. */
    public static final int TYPE_SYSCALL32 = 7;
    /** Mask events on this entry. */
    public static final int FLAG_MASK_EVENTS = 1;
    /** Nmi_op: register. */
    public static final int NMI_REGISTER = 0;
    /** Nmi_op: unregister. */
    public static final int NMI_UNREGISTER = 1;

    private CallbackOp() {
    }

    /**
     * Argument of REGISTER.
     *
     * <pre>
     *    32    64
     *             +-----------------+
     *     0     0 | type      u16   | [GUEST] TYPE_*
     *     2     2 | flags     u16   | [GUEST] FLAG_*
     *     4     - | addressCs word  | [GUEST] selector
     *     8     8 | address   word  | [GUEST] offset
     *    12    16 +-----------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Register {
        /** For 32-bit guests. */
        public static final Register X32 = new Register(Abi.X32);
        /** For 64-bit guests. */
        public static final Register X64 = new Register(Abi.X64);

        /** u16: TYPE_*. */
        public final int type;
        /** u16: FLAG_*. */
        public final int flags;
        /** word: selector; 32-bit guests only, else -1. */
        public final int addressCs;
        /** word: offset. */
        public final int address;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Register(final Abi abi) {
            final Struct s = new Struct(abi);
            type = s.u16();
            flags = s.u16();
            addressCs = abi.is64() ? Struct.ABSENT : s.word();
            address = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Register of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Register of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }

    /**
     * Argument of UNREGISTER.
     *
     * <pre>
     *       +-------------+
     *     0 | type   u16  | [GUEST] TYPE_*
     *     2 | unused u16  | unused
     *     4 +-------------+
     * </pre>
     */
    public static final class Unregister {
        /** u16: TYPE_*. */
        public static final int TYPE = 0;
        /** u16: unused. */
        public static final int UNUSED = TYPE + SIZE_OF_SHORT;
        /** Bytes of the structure, padding included. */
        public static final int LENGTH = UNUSED + SIZE_OF_SHORT;

        private Unregister() {
        }
    }

    /**
     * Argument of nmi_op.
     *
     * <pre>
     *    32    64
     *             +----------------------+
     *     0     0 | handlerAddress word  | [GUEST] handler
     *     4     8 | pad            word  | unused
     *     8    16 +----------------------+
     * </pre>
     *
     * <p>Offsets differ between the ABIs: take {@link #X32}, {@link #X64} or {@link #of(int)}.
     */
    public static final class Nmi {
        /** For 32-bit guests. */
        public static final Nmi X32 = new Nmi(Abi.X32);
        /** For 64-bit guests. */
        public static final Nmi X64 = new Nmi(Abi.X64);

        /** word: handler. */
        public final int handlerAddress;
        /** word: unused. */
        public final int pad;
        /** Bytes of the structure, padding included. */
        public final int length;

        private Nmi(final Abi abi) {
            final Struct s = new Struct(abi);
            handlerAddress = s.word();
            pad = s.word();
            length = s.length();
        }

        /** The layout in an ABI. */
        public static Nmi of(final Abi abi) {
            return abi.is64() ? X64 : X32;
        }

        /** The layout for guests of 32 or 64 bits. */
        public static Nmi of(final int width) {
            return width == 64 ? X64 : X32;
        }
    }
}
