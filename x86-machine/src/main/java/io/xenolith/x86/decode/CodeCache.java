package io.xenolith.x86.decode;

import io.xenolith.shm.PhysicalMemory;
import io.xenolith.x86.CodeFrames;
import io.xenolith.x86.CodeMode;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.CpuFault;
import io.xenolith.x86.Insn;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * Decoded blocks by machine frame, offset and code mode, and in front of them a small table by instruction pointer
 * that is good for one chain key only.
 *
 * <p>A frame is announced to {@link CodeFrames} and withdrawn from the write TLBs before its first byte is read, so no
 * store to it can go unnoticed. Stores that miss all decoded bytes cost the slow path but discard nothing.
 */
public final class CodeCache {
    /** Instructions in a block. */
    static final int MAX_INSTRUCTIONS = 64;
    /** Blocks kept; beyond it all are dropped. */
    static final int MAX_BLOCKS = 200_000;
    private static final int JUMP_SLOTS = 4096;

    private final Cpu cpu;
    private final PhysicalMemory memory;
    private final CodeFrames announced;
    private final Decoder decoder;
    private final CodeReader reader;
    private final Long2ObjectHashMap<FrameCode> frames = new Long2ObjectHashMap<>();
    private final Block[] jumpBlock = new Block[JUMP_SLOTS];
    private final long[] jumpIp = new long[JUMP_SLOTS];
    private final long[] jumpKey = new long[JUMP_SLOTS];
    private boolean cacheable;
    private int blocks;
    private long decoded;

    /** For one CPU. */
    public CodeCache(final Cpu cpu, final PhysicalMemory memory, final CodeFrames announced,
                     final InstructionTable table) {
        this.cpu = cpu;
        this.memory = memory;
        this.announced = announced;
        this.decoder = new Decoder(table);
        this.reader = new CodeReader(cpu, this);
    }

    /** Blocks decoded so far. */
    public long decodedBlocks() {
        return decoded;
    }

    /** Whether blocks of a frame are kept. */
    public boolean holdsCode(final long mfn) {
        return frames.containsKey(mfn);
    }

    /**
     * The block at the CPU's ip.
     *
     * @throws CpuFault when its first instruction cannot be fetched
     */
    public Block find() {
        final long ip = cpu.ip;
        final int slot = (int) (ip ^ ip >>> 12) & JUMP_SLOTS - 1;
        if (jumpIp[slot] == ip && jumpKey[slot] == cpu.chainKey && jumpBlock[slot] != null) {
            return jumpBlock[slot];
        }
        final Block b = find(cpu.codeMode());
        if (b.mfn >= 0) {
            jumpIp[slot] = ip;
            jumpKey[slot] = cpu.chainKey;
            jumpBlock[slot] = b;
        }
        return b;
    }

    /** The block of a single instruction at the CPU's ip. */
    public Block findSingle() {
        return find(cpu.codeMode() | CodeMode.STEP);
    }

    private Block find(final int mode) {
        final long ip = cpu.ip;
        if (!cpu.long64 && ip > cpu.seg[Cpu.CS].limit()) {
            throw cpu.raise(CpuFault.GP, 0);
        }
        final long physical = cpu.mmu.fetchPhysical(linear(ip));
        final FrameCode frame = frames.get(physical >>> 12);
        if (frame != null) {
            final Block b = frame.get((int) physical & 0xfff, mode);
            if (b != null && stillFits(b, ip)) {
                return b;
            }
        }
        return build(physical, ip, mode);
    }

    /** Whether a block found by its first byte also lies within today's code segment and second page. */
    private boolean stillFits(final Block b, final long ip) {
        if (!cpu.long64 && ip + b.bytes - 1 > cpu.seg[Cpu.CS].limit()) {
            return false;
        }
        return b.secondMfn < 0 || cpu.mmu.fetchPhysical(linear(ip + b.bytes - 1)) >>> 12 == b.secondMfn;
    }

    /** Linear address of an offset in CS. */
    long linear(final long ip) {
        return cpu.long64 ? ip : cpu.seg[Cpu.CS].base() + (ip & cpu.ipMask()) & 0xffff_ffffL;
    }

    /** Announces a frame and gives its host address; outside machine memory there is nothing to execute. */
    long hostForDecoding(final long mfn) {
        if (!memory.contains(mfn)) {
            throw cpu.raise(CpuFault.GP, 0);
        }
        if (!frames.containsKey(mfn)) {
            if (announced.mark(mfn)) {
                frames.put(mfn, new FrameCode());
                cpu.mmu.protectFrame(mfn);
            } else {
                cacheable = false;
            }
        }
        return memory.addressOf(mfn);
    }

    private Block build(final long physical, final long ip, final int mode) {
        if (blocks >= MAX_BLOCKS) {
            invalidateAll();
        }
        cacheable = true;
        final long mfn = physical >>> 12;
        final int offset = (int) physical & 0xfff;
        reader.begin(hostForDecoding(mfn), offset, ip);
        final List<Insn> code = new ArrayList<>();
        try {
            decodeInto(code, cacheable ? mode : mode | CodeMode.STEP);
        } catch (final CpuFault | CodeReader.PageEnd e) {
            // the first instruction's fault is the block's; a later one's happens when it is reached
            if (code.isEmpty()) {
                dropIfEmpty(mfn);
                throw e;
            }
        }
        final Insn last = code.get(code.size() - 1);
        final int count = code.size();
        final int bytes = last.offset + last.length;
        if (!last.endsBlock()) {
            code.add(new Block.Continue(bytes));
        }
        decoded++;
        final Block b = new Block(Fusion.fuse(code), count, mode, cacheable ? mfn : -1, reader.secondMfn(),
            offset, bytes);
        if (cacheable) {
            keep(b);
        }
        return b;
    }

    private void decodeInto(final List<Insn> code, final int mode) {
        final int most = (mode & CodeMode.STEP) != 0 ? 1 : MAX_INSTRUCTIONS;
        do {
            final Insn i = decoder.decode(reader, mode);
            code.add(i);
            if (i.endsBlock()) {
                return;
            }
        } while (code.size() < most && !reader.atPageEnd());
    }

    private void keep(final Block b) {
        frames.get(b.mfn).add(b, b.offset, Math.min(b.bytes, 4096 - b.offset));
        if (b.secondMfn >= 0 && b.secondMfn != b.mfn) {
            frames.get(b.secondMfn).addTail(b, b.bytes - (4096 - b.offset));
        }
        blocks++;
    }

    private void dropIfEmpty(final long mfn) {
        final FrameCode frame = frames.get(mfn);
        if (frame != null && frame.isEmpty()) {
            frames.remove(mfn);
            announced.unmark(mfn);
        }
    }

    /**
     * Bytes of a frame are about to change: discards the blocks that contain any of them.
     *
     * @param offset first byte in the frame
     * @param size   bytes
     */
    public void stored(final long mfn, final int offset, final int size) {
        final FrameCode frame = frames.get(mfn);
        if (frame == null || !frame.touches(offset, size)) {
            return;
        }
        for (final Block b : frame.overlapping(offset, size)) {
            discard(b);
        }
        dropIfEmpty(mfn);
    }

    /** Discards every block of a frame. */
    public void invalidate(final long mfn) {
        final FrameCode frame = frames.get(mfn);
        if (frame == null) {
            return;
        }
        for (final Block b : frame.all()) {
            discard(b);
        }
        dropIfEmpty(mfn);
    }

    /** Discards everything. */
    public void invalidateAll() {
        for (final long mfn : frames.keySet().stream().mapToLong(Long::longValue).toArray()) {
            invalidate(mfn);
        }
    }

    private void discard(final Block b) {
        forget(b.mfn, b);
        if (b.secondMfn >= 0 && b.secondMfn != b.mfn) {
            forget(b.secondMfn, b);
            dropIfEmpty(b.secondMfn);
        }
        b.discard();
        blocks--;
        cpu.unchain();
    }

    private void forget(final long mfn, final Block b) {
        final FrameCode frame = frames.get(mfn);
        if (frame != null) {
            frame.remove(b);
        }
    }
}
