package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.CHUNKS;
import static io.xenolith.x86.silicon.CaseLayout.CHUNK_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.CHUNK_CODE_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.CODE_BASE;
import static io.xenolith.x86.silicon.CaseLayout.CODE_BYTES;
import static io.xenolith.x86.silicon.CaseLayout.STUB_BASE;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;

/**
 * The model's picture of the child's memory: the windows with the same rights and the code area, under page tables
 * for PAE and for long mode. Everything lies in the first GiB, so both share one page directory.
 *
 * <pre>
 * frame  0         1     2          3         4       5          6       7     8 ... 15  16 ...
 *        pointers  PML4  directory  windows'  code's  pointers,  stub's  stub  windows   code area
 *        of PAE                     table     table   long mode  table
 * </pre>
 */
final class ModelMemory {
    private static final int POINTERS = 0;
    private static final int TOP = 1;
    private static final int DIRECTORY = 2;
    private static final int WINDOW_TABLE = 3;
    private static final int CODE_TABLE = 4;
    private static final int LONG_POINTERS = 5;
    private static final int STUB_TABLE = 6;
    private static final int STUB = 7;
    private static final int WINDOW_FRAMES = 8;
    private static final int CODE_FRAMES = WINDOW_FRAMES + Windows.PAGES;

    // Present, accessed, dirty; writable; user; no-execute.
    private static final long PRESENT = 0x61;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long NO_EXECUTE = 1L << 63;
    private static final int INT3 = 0xCC;

    private final PrivateMemory memory = new PrivateMemory(CODE_FRAMES + (CODE_BYTES >> 12));
    private final long windows = memory.addressOf(WINDOW_FRAMES);
    private final long code = memory.addressOf(CODE_FRAMES);

    /**
     * The picture.
     *
     * @param stub contents of the child's stub page.
     */
    ModelMemory(final byte[] stub) {
        entry(DIRECTORY, (int) (STUB_BASE >> 21), table(STUB_TABLE));
        entry(STUB_TABLE, (int) (STUB_BASE >> 12) & 511, (long) STUB << 12 | PRESENT | USER);
        Raw.copyIn(stub, 0, memory.addressOf(STUB), stub.length);
        entry(POINTERS, 0, (long) DIRECTORY << 12 | 1);
        entry(TOP, 0, table(LONG_POINTERS));
        entry(LONG_POINTERS, 0, table(DIRECTORY));
        entry(DIRECTORY, (int) (Windows.BASE >> 21), table(WINDOW_TABLE));
        entry(DIRECTORY, (int) (CODE_BASE >> 21), table(CODE_TABLE));
        for (int page = 0; page < Windows.PAGES; page++) {
            mapWindow(page);
        }
        for (int page = 0; page < CODE_BYTES >> 12; page++) {
            if ((page << 12) % CHUNK_BYTES < CHUNK_CODE_BYTES) {
                entry(CODE_TABLE, page, CODE_FRAMES + page << 12 | PRESENT | USER);
            }
        }
        Raw.fill(code, (long) CHUNKS * CHUNK_BYTES, (byte) INT3);
    }

    private void mapWindow(final int page) {
        final long frame = (long) (WINDOW_FRAMES + page) << 12;
        switch (Windows.rights(page)) {
            case NONE -> {
            }
            case READ -> {
                entry(WINDOW_TABLE, page, frame | PRESENT | USER | NO_EXECUTE);
                for (int i = 0; i < Windows.PAGE; i++) {
                    final long offset = (long) page * Windows.PAGE + i;
                    Raw.putByte(windows + offset, Windows.constant(offset));
                }
            }
            case WRITE -> entry(WINDOW_TABLE, page, frame | PRESENT | USER | WRITABLE | NO_EXECUTE);
        }
    }

    private static long table(final int frame) {
        return (long) frame << 12 | PRESENT | USER | WRITABLE;
    }

    private void entry(final int frame, final int index, final long value) {
        Raw.putLong(memory.addressOf(frame) + 8L * index, value);
    }

    PrivateMemory frames() {
        return memory;
    }

    /** CR3 for PAE (the PDPT) or long mode. */
    long cr3(final boolean wide) {
        return (long) (wide ? TOP : POINTERS) << 12;
    }

    /** Address of the host copy of a linear address in the windows. */
    long window(final long linear) {
        return windows + (linear - Windows.BASE);
    }

    /** Zeroes the writable pages. */
    void clearWindows() {
        for (int page = 0; page < Windows.PAGES; page++) {
            if (Windows.rights(page) == Windows.Rights.WRITE) {
                Raw.fill(windows + (long) page * Windows.PAGE, Windows.PAGE, (byte) 0);
            }
        }
    }

    /** Address of the byte at an offset of the code area. */
    long code(final int offset) {
        return code + offset;
    }

    /** Frame of an offset of the code area. */
    static long codeFrame(final int offset) {
        return CODE_FRAMES + (offset >> 12);
    }
}
