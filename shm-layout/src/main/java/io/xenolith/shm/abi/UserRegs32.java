package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_BYTE;
import static org.agrona.BitUtil.SIZE_OF_INT;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * Register frame of a 32-bit guest, as contexts hold it.
 *
 * <pre>
 *       +----------------------+
 *     0 | ebx             u32  | [GUEST] EBX
 *     4 | ecx             u32  | [GUEST] ECX
 *     8 | edx             u32  | [GUEST] EDX
 *    12 | esi             u32  | [GUEST] ESI
 *    16 | edi             u32  | [GUEST] EDI
 *    20 | ebp             u32  | [GUEST] EBP
 *    24 | eax             u32  | [GUEST] EAX
 *    28 | errorCode       u16  | [GUEST] error code of the last exception
 *    30 | entryVector     u16  | [GUEST] its vector
 *    32 | eip             u32  | [GUEST] EIP
 *    36 | cs              u16  | [GUEST] selector CS
 *    38 | savedUpcallMask u8   | [GUEST] event mask before entry
 *    40 | eflags          u32  | [GUEST] EFLAGS
 *    44 | esp             u32  | [GUEST] ESP
 *    48 | ss              u16  | [GUEST] selector SS
 *    52 | es              u16  | [GUEST] selector ES
 *    56 | ds              u16  | [GUEST] selector DS
 *    60 | fs              u16  | [GUEST] selector FS
 *    64 | gs              u16  | [GUEST] selector GS
 *    68 +----------------------+
 * </pre>
 */
public final class UserRegs32 {
    /** u32: EBX. */
    public static final int EBX = 0;
    /** u32: ECX. */
    public static final int ECX = EBX + SIZE_OF_INT;
    /** u32: EDX. */
    public static final int EDX = ECX + SIZE_OF_INT;
    /** u32: ESI. */
    public static final int ESI = EDX + SIZE_OF_INT;
    /** u32: EDI. */
    public static final int EDI = ESI + SIZE_OF_INT;
    /** u32: EBP. */
    public static final int EBP = EDI + SIZE_OF_INT;
    /** u32: EAX. */
    public static final int EAX = EBP + SIZE_OF_INT;
    /** u16: error code of the last exception. */
    public static final int ERROR_CODE = EAX + SIZE_OF_INT;
    /** u16: its vector. */
    public static final int ENTRY_VECTOR = ERROR_CODE + SIZE_OF_SHORT;
    /** u32: EIP. */
    public static final int EIP = ENTRY_VECTOR + SIZE_OF_SHORT;
    /** u16: selector CS. */
    public static final int CS = EIP + SIZE_OF_INT;
    /** u8: event mask before entry. */
    public static final int SAVED_UPCALL_MASK = CS + SIZE_OF_SHORT;
    /** u32: EFLAGS. */
    public static final int EFLAGS = SAVED_UPCALL_MASK + SIZE_OF_BYTE + 1;
    /** u32: ESP. */
    public static final int ESP = EFLAGS + SIZE_OF_INT;
    /** u16: selector SS. */
    public static final int SS = ESP + SIZE_OF_INT;
    /** u16: selector ES. */
    public static final int ES = SS + SIZE_OF_SHORT + 2;
    /** u16: selector DS. */
    public static final int DS = ES + SIZE_OF_SHORT + 2;
    /** u16: selector FS. */
    public static final int FS = DS + SIZE_OF_SHORT + 2;
    /** u16: selector GS. */
    public static final int GS = FS + SIZE_OF_SHORT + 2;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = GS + SIZE_OF_SHORT + 2;

    private UserRegs32() {
    }
}
