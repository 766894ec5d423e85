package io.xenolith.x86.decode;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;

/**
 * Instruction bytes one after the other, with everything that can go wrong in fetching them: the end of the code
 * segment, the next page, the limit of 15 bytes.
 */
final class CodeReader {
    /** Longest instruction in bytes. */
    static final int MAX_LENGTH = 15;
    private static final int PAGE = 4096;

    /** Thrown when an instruction that is not a block's first runs into the next page: the block ends before it. */
    static final class PageEnd extends RuntimeException {
        private static final long serialVersionUID = 1L;
        static final PageEnd INSTANCE = new PageEnd();

        private PageEnd() {
            super(null, null, false, false);
        }
    }

    private final Cpu cpu;
    private final CodeCache cache;
    private long host;
    private long secondHost;
    private long secondMfn;
    private int position;
    private int start;
    private long ip;
    private int blockStart;

    CodeReader(final Cpu cpu, final CodeCache cache) {
        this.cpu = cpu;
        this.cache = cache;
    }

    /**
     * Starts a block.
     *
     * @param host   host address of its page
     * @param offset of its first byte in the page
     * @param ip     its instruction pointer
     */
    void begin(final long host, final int offset, final long ip) {
        this.host = host;
        this.secondHost = 0;
        this.secondMfn = -1;
        this.blockStart = offset;
        this.position = offset;
        this.start = offset;
        this.ip = ip;
    }

    /** Starts the next instruction. */
    void mark() {
        start = position;
    }

    /** Bytes of the instruction so far. */
    int length() {
        return position - start;
    }

    /** Distance of the instruction's start from the block's. */
    int blockOffset() {
        return start - blockStart;
    }

    /** True when the block has reached the end of its page. */
    boolean atPageEnd() {
        return position >= PAGE;
    }

    /** Frame of the second page, or -1 when only one was read. */
    long secondMfn() {
        return secondMfn;
    }

    /** Next byte, unsigned. */
    int next8() {
        if (position - start >= MAX_LENGTH) {
            throw cpu.raise(CpuFault.GP, 0);
        }
        final long at = ip + position - blockStart;
        if (!cpu.long64 && (at & cpu.ipMask()) > cpu.seg[Cpu.CS].limit()) {
            throw cpu.raise(CpuFault.GP, 0);
        }
        if (position >= PAGE) {
            return nextPage(at);
        }
        return Raw.getByte(host + position++) & 0xff;
    }

    private int nextPage(final long at) {
        if (start != blockStart) {
            throw PageEnd.INSTANCE;
        }
        if (secondHost == 0) {
            final long physical = cpu.mmu.fetchPhysical(cache.linear(at));
            secondMfn = physical >>> 12;
            secondHost = cache.hostForDecoding(secondMfn);
        }
        return Raw.getByte(secondHost + (position++ - PAGE)) & 0xff;
    }

    /** Next {@code size} bytes, little-endian, sign-extended. */
    long nextSigned(final int size) {
        long v = 0;
        for (int k = 0; k < size; k++) {
            v |= (long) next8() << 8 * k;
        }
        final int shift = 64 - 8 * size;
        return v << shift >> shift;
    }
}
