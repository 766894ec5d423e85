package io.xenolith.x86.silicon;

/**
 * The file shared with the child process: code areas that it executes in place, and slots that hold the state
 * before and after each case.
 *
 * <pre>
 * file    0          CODE_BYTES                                 CONTROL_OFFSET
 *         +----------+--------------------------------------------+---------+
 *         | code     | slots: batch 0, batch 1, ...               | control |
 *         +----------+--------------------------------------------+---------+
 *
 * slot    0                  2048
 *         +------------------+------------------+    Both halves have the same shape. The parent writes the first
 *         | before           | after            |    half, the child the second; the batch hand-over through the
 *         +------------------+------------------+    pipe orders the two.
 *
 * half    0       120     128    136     140  144                   256      768      1728
 *         +-------+-------+------+-------+----+---------------------+--------+--------+
 *         | gprs  |eflags | rsp  | eip   | cs | see below           | fxsave | memory |
 *         +-------+-------+------+-------+----+---------------------+--------+--------+
 *   gprs: rax rcx rdx rbx rbp rsi rdi r8 ... r15 (the order in which the child pops them)
 * </pre>
 */
final class CaseLayout {
    /** Batches in flight. */
    static final int BATCHES = 2;
    /** Cases of one batch. */
    static final int BATCH_SLOTS = 896;
    static final int SLOT_COUNT = BATCHES * BATCH_SLOTS;
    static final int SLOT_BYTES = 4096;

    // Code: chunks of seven pages with code and one that is not mapped; eight code slots in a page.
    static final int CODE_SLOT_BYTES = 512;
    static final int CHUNK_BYTES = 0x8000;
    static final int CHUNK_CODE_BYTES = 0x7000;
    static final int CHUNK_SLOTS = CHUNK_CODE_BYTES / CODE_SLOT_BYTES;
    static final int CHUNKS = SLOT_COUNT / CHUNK_SLOTS;
    static final int CODE_BYTES = CHUNKS * CHUNK_BYTES;
    /** After the slots, one page for {@link #CURRENT}. */
    static final int CONTROL_OFFSET = CODE_BYTES + SLOT_COUNT * SLOT_BYTES;
    static final int FILE_BYTES = CONTROL_OFFSET + SLOT_BYTES;
    /** In the control page: address of the slot being run, so that a case that hangs can be named. */
    static final int CURRENT = 0;
    /** Where code may begin in its slot, so that short branches both ways stay inside the slot. */
    static final int CODE_OFFSET = 192;

    // Addresses in the child.
    static final long CODE_BASE = 0x3000_0000L;
    static final long STUB_BASE = 0x3812_3000L;
    /** 64-bit code that 32-bit code reaches by a far jump: it goes on to the exit above 4 GiB. */
    static final long STUB_ENTRY = STUB_BASE + 16;
    static final long SLOTS_BASE = 0x2B5B_3000_0000L;

    // A half of a slot.
    static final int GPRS = 0;
    static final int FLAGS_AT = 120;
    static final int RSP_AT = 128;
    /** Far pointer: offset 4 bytes, selector 2 bytes. In the "after" half the offset has eight bytes. */
    static final int IP_AT = 136;
    static final int DS_AT = 144;
    static final int ES_AT = 146;
    static final int FS_AT = 148;
    static final int GS_AT = 150;
    static final int SS_AT = 152;
    static final int CS_AT = 154;
    static final int ENTRY_CS = 140;
    static final int FS_BASE = 160;
    static final int GS_BASE = 168;
    /** Trap number of the "after" half: {@link #NO_TRAP} when the code ran to its end. */
    static final int TRAP_AT = 176;
    static final int ERROR_AT = 184;
    static final int CR2_AT = 192;
    static final int FX = 256;
    static final int FX_BYTES = 512;
    static final int MEMORY = FX + FX_BYTES;
    static final int HALF_BYTES = 2048;
    static final long NO_TRAP = -1;

    /** Position in {@link #GPRS} of the register with a given number; RSP has its own place. */
    private static final int[] GPR_OFFSET = {0, 8, 16, 24, RSP_AT, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112};

    private CaseLayout() {
    }

    /** Offset in a half of general register {@code number}. */
    static int gpr(final int number) {
        return GPR_OFFSET[number];
    }

    /** Offset in the code area of a slot's code. */
    static int codeOffset(final int slot) {
        return slot / CHUNK_SLOTS * CHUNK_BYTES + slot % CHUNK_SLOTS * CODE_SLOT_BYTES;
    }

    /** Whether the page after this slot's code is not mapped. */
    static boolean beforeHole(final int slot) {
        return slot % CHUNK_SLOTS == CHUNK_SLOTS - 1;
    }

    /** Offset in the file of a slot. */
    static long slotOffset(final int slot) {
        return CODE_BYTES + (long) slot * SLOT_BYTES;
    }
}
