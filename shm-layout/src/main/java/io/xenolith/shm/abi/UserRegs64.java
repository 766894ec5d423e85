package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_BYTE;
import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_LONG;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * Register frame of a 64-bit guest, as contexts hold it.
 *
 * <pre>
 *       +----------------------+
 *     0 | r15             u64  | [GUEST] R15
 *     8 | r14             u64  | [GUEST] R14
 *    16 | r13             u64  | [GUEST] R13
 *    24 | r12             u64  | [GUEST] R12
 *    32 | rbp             u64  | [GUEST] RBP
 *    40 | rbx             u64  | [GUEST] RBX
 *    48 | r11             u64  | [GUEST] R11
 *    56 | r10             u64  | [GUEST] R10
 *    64 | r9              u64  | [GUEST] R9
 *    72 | r8              u64  | [GUEST] R8
 *    80 | rax             u64  | [GUEST] RAX
 *    88 | rcx             u64  | [GUEST] RCX
 *    96 | rdx             u64  | [GUEST] RDX
 *   104 | rsi             u64  | [GUEST] RSI
 *   112 | rdi             u64  | [GUEST] RDI
 *   120 | errorCode       u32  | [GUEST] error code of the last exception
 *   124 | entryVector     u32  | [GUEST] its vector
 *   128 | rip             u64  | [GUEST] RIP
 *   136 | cs              u16  | [GUEST] selector CS
 *   140 | savedUpcallMask u8   | [GUEST] event mask before entry
 *   144 | rflags          u64  | [GUEST] RFLAGS
 *   152 | rsp             u64  | [GUEST] RSP
 *   160 | ss              u16  | [GUEST] selector SS
 *   168 | es              u16  | [GUEST] selector ES
 *   176 | ds              u16  | [GUEST] selector DS
 *   184 | fs              u16  | [GUEST] selector FS
 *   192 | gs              u16  | [GUEST] selector GS
 *   200 +----------------------+
 * </pre>
 */
public final class UserRegs64 {
    /** u64: R15. */
    public static final int R15 = 0;
    /** u64: R14. */
    public static final int R14 = R15 + SIZE_OF_LONG;
    /** u64: R13. */
    public static final int R13 = R14 + SIZE_OF_LONG;
    /** u64: R12. */
    public static final int R12 = R13 + SIZE_OF_LONG;
    /** u64: RBP. */
    public static final int RBP = R12 + SIZE_OF_LONG;
    /** u64: RBX. */
    public static final int RBX = RBP + SIZE_OF_LONG;
    /** u64: R11. */
    public static final int R11 = RBX + SIZE_OF_LONG;
    /** u64: R10. */
    public static final int R10 = R11 + SIZE_OF_LONG;
    /** u64: R9. */
    public static final int R9 = R10 + SIZE_OF_LONG;
    /** u64: R8. */
    public static final int R8 = R9 + SIZE_OF_LONG;
    /** u64: RAX. */
    public static final int RAX = R8 + SIZE_OF_LONG;
    /** u64: RCX. */
    public static final int RCX = RAX + SIZE_OF_LONG;
    /** u64: RDX. */
    public static final int RDX = RCX + SIZE_OF_LONG;
    /** u64: RSI. */
    public static final int RSI = RDX + SIZE_OF_LONG;
    /** u64: RDI. */
    public static final int RDI = RSI + SIZE_OF_LONG;
    /** u32: error code of the last exception. */
    public static final int ERROR_CODE = RDI + SIZE_OF_LONG;
    /** u32: its vector. */
    public static final int ENTRY_VECTOR = ERROR_CODE + SIZE_OF_INT;
    /** u64: RIP. */
    public static final int RIP = ENTRY_VECTOR + SIZE_OF_INT;
    /** u16: selector CS. */
    public static final int CS = RIP + SIZE_OF_LONG;
    /** u8: event mask before entry. */
    public static final int SAVED_UPCALL_MASK = CS + SIZE_OF_SHORT + 2;
    /** u64: RFLAGS. */
    public static final int RFLAGS = SAVED_UPCALL_MASK + SIZE_OF_BYTE + 3;
    /** u64: RSP. */
    public static final int RSP = RFLAGS + SIZE_OF_LONG;
    /** u16: selector SS. */
    public static final int SS = RSP + SIZE_OF_LONG;
    /** u16: selector ES. */
    public static final int ES = SS + SIZE_OF_SHORT + 6;
    /** u16: selector DS. */
    public static final int DS = ES + SIZE_OF_SHORT + 6;
    /** u16: selector FS. */
    public static final int FS = DS + SIZE_OF_SHORT + 6;
    /** u16: selector GS. */
    public static final int GS = FS + SIZE_OF_SHORT + 6;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = GS + SIZE_OF_SHORT + 6;

    private UserRegs64() {
    }
}
