package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.*;

import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.decode.Encoding;
import io.xenolith.x86.decode.OperandSpec;
import io.xenolith.x86.silicon.Form.Address;

/**
 * Makes the state and the bytes of one case. Registers, flags, memory and immediates are random and biased to
 * boundaries; the memory operand is aimed at the {@link Windows}, often across one of their edges, by solving for
 * the base register or the displacement. {@link Hints} then give operands that make an instruction do more than
 * fault.
 */
final class CaseGenerator {
    private static final int[] STACK_SEGMENTS = {
        Segments.selector(Segments.FLAT), Segments.selector(Segments.LIMITED), Segments.selector(Segments.DOWN_BIG),
        Segments.selector(Segments.DOWN_SMALL), Segments.selector(Segments.STACK16),
        Segments.selector(Segments.STACK16)};
    private static final int[] DATA_SEGMENTS = {
        Segments.selector(Segments.FLAT), Segments.selector(Segments.LIMITED), Segments.selector(Segments.SMALL),
        Segments.selector(Segments.DOWN_BIG), Segments.selector(Segments.DOWN_SMALL),
        Segments.selector(Segments.READ_ONLY), Segments.selector(Segments.READABLE_CODE), 0};
    private static final int[] SEGMENT_FIELD = {ES_AT, -1, SS_AT, DS_AT, FS_AT, GS_AT};
    private static final int[] SEGMENT_PREFIX = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};
    private static final int ARITHMETIC = 0x8D5;
    private static final int DF = 0x400;
    private static final int AC = 0x40000;
    private static final int ID = 0x200000;
    private static final int[] BASE16 = {3, 3, 5, 5, 6, 7, 5, 3};
    private static final int[] INDEX16 = {6, 7, 6, 7, -1, -1, -1, -1};

    final Rng random = new Rng();
    final long[] gpr = new long[16];
    final int[] segment = new int[6];
    long fsBase;
    long gsBase;
    int flags;
    /** Bit r: a hint depends on register r, the address should leave it alone. */
    int reserved;
    /** Registers may be numbered up to 15. */
    boolean wideRegisters;
    Case c;
    long before;
    int addressSize;
    /** Segment of the ModRM or moffs operand. */
    int operandSegment;
    /** Linear address aimed at by the memory operand; 0 without. */
    long target;

    private final long base;
    private final byte[] plainFx = plainFx();
    private int rex;
    private int sibBase;
    private int sibIndex;
    private int scale;
    private long disp;
    private boolean override;

    /**
     * A generator that writes to the shared file.
     *
     * @param base its address in this process.
     */
    CaseGenerator(final long base) {
        this.base = base;
    }

    private static byte[] plainFx() {
        final byte[] fx = new byte[FX_BYTES];
        fx[FxImage.FCW] = 0x7F;
        fx[FxImage.FCW + 1] = 3;
        fx[FxImage.MXCSR] = (byte) 0x80;
        fx[FxImage.MXCSR + 1] = 0x1F;
        return fx;
    }

    /** Fills a slot and its code. */
    void generate(final Case into, final Form form, final int slot, final long seed, final long number) {
        c = into;
        c.form = form;
        c.slot = slot;
        c.number = number;
        random.seed(seed, number);
        before = base + slotOffset(slot);
        reserved = 0;
        c.blocks = random.oneIn(2);
        c.narrowCode = !form.is64() && random.oneIn(form.address().isNarrow() ? 2 : 10) && !jumpsThroughMemory(form);
        for (int r = 0; r < 16; r++) {
            gpr[r] = random.value();
        }
        flags = 2 | (int) random.next() & ARITHMETIC | (random.oneIn(8) ? DF : 0) | (random.oneIn(32) ? ID : 0)
            | (random.oneIn(64) ? AC : 0);
        segments();
        memory();
        floatingPoint();
        fields();
        Hints.before(this);
        if (form.address().isMemory()) {
            aim();
        }
        Hints.after(this);
        encode();
        store();
        place();
    }

    /** In a 16-bit segment what lies at a random address may lead to the code of another case. */
    private static boolean jumpsThroughMemory(final Form form) {
        return form.row().endsBlock() && form.address().isMemory();
    }

    // ---- state ----

    private void segments() {
        final boolean flat = c.form.is64() || !random.oneIn(4);
        for (int s = 0; s < 6; s++) {
            segment[s] = flat ? Segments.USER_DS
                : s == Cpu.SS ? STACK_SEGMENTS[random.below(STACK_SEGMENTS.length)]
                : DATA_SEGMENTS[random.below(DATA_SEGMENTS.length)];
        }
        if (c.form.is64()) {
            segment[Cpu.FS] = 0;
            segment[Cpu.GS] = 0;
            fsBase = random.oneIn(4) ? 0 : Windows.BASE + random.below(4) * 0x1000L;
            gsBase = random.oneIn(4) ? 0 : (long) random.below(1 << 20) << 24;
        } else {
            fsBase = 0;
            gsBase = 0;
        }
    }

    private void memory() {
        for (int i = 0; i < Windows.SPOTS_BYTES; i += 8) {
            Raw.putLongPlain(before + MEMORY + i, random.next());
        }
    }

    private void floatingPoint() {
        Raw.copyIn(plainFx, 0, before + FX, FX_BYTES);
        if (c.form.hasFloatingState()) {
            FpValues.x87State(random, before + FX);
            FpValues.sseState(random, before + FX);
        }
    }

    /** Chooses registers of the ModRM byte. */
    private void fields() {
        final Form form = c.form;
        wideRegisters = form.is64() && !random.oneIn(3);
        rex = form.is64() && (wideRegisters || random.oneIn(4)) ? 0x40 : 0;
        final int count = wideRegisters ? 16 : 8;
        c.reg = random.below(count);
        c.rm = random.below(count);
        c.immediate = (int) random.value();
        sibBase = random.below(count);
        sibIndex = random.below(count);
        scale = random.below(4);
        disp = 0;
        target = 0;
        override = random.oneIn(12);
        final boolean short67 = form.is64() ? random.oneIn(8) : form.address().isNarrow();
        addressSize = form.is64() ? short67 ? 4 : 8 : short67 ? 2 : 4;
        if (!form.is64() && form.address() == Address.NONE && random.oneIn(8)) {
            addressSize = 2;
        }
        operandSegment = Cpu.DS;
    }

    // ---- the memory operand ----

    private void aim() {
        chooseBase();
        final Address a = c.form.address();
        final int rm = c.rm & 7;
        final int baseRegister = baseRegister();
        final boolean stack = baseRegister == 4 && !a.isNarrow() || baseRegister == 5;
        operandSegment = override ? anySegment() : stack ? Cpu.SS : Cpu.DS;
        if (override && c.form.is64()) {
            operandSegment = random.oneIn(2) ? Cpu.FS : Cpu.GS;
        }
        final int size = Hints.memoryBytes(c.form);
        target = pick(size);
        final long offset = offsetOf(target, operandSegment, size);
        disp = a.dispBytes() == 1 ? (byte) random.next() : a.dispBytes() == 2 ? (short) random.next()
            : a.dispBytes() == 4 ? (int) random.value() : 0;
        solve(offset, baseRegister, rm);
    }

    /** Not CS where it is a 16-bit segment: the model has no way out behind the code to be read there. */
    int anySegment() {
        final int s = random.below(6);
        return s == Cpu.CS && c.narrowCode ? Cpu.DS : s;
    }

    /** Prefers registers that no hint depends on, and avoids encodings that mean something else. */
    private void chooseBase() {
        final int count = wideRegisters ? 16 : 8;
        final boolean free = !random.oneIn(16);
        for (int tries = 0; tries < 16 && free && (reserved >> c.rm & 1) != 0; tries++) {
            c.rm = random.below(count);
        }
        for (int tries = 0; tries < 16 && free && (reserved >> sibBase & 1) != 0; tries++) {
            sibBase = random.below(count);
        }
        final Address a = c.form.address();
        if (a == Address.BASE || a == Address.BASE8 || a == Address.BASE32) {
            while ((c.rm & 7) == 4 || a == Address.BASE && (c.rm & 7) == 5) {
                c.rm = random.below(count);
            }
        } else if (a.hasSib()) {
            c.rm = 4;
            while (a == Address.SIB && (sibBase & 7) == 5) {
                sibBase = random.below(count);
            }
            if (a == Address.SIB_NO_BASE) {
                sibBase = 5;
            }
        } else if (a == Address.DIRECT) {
            c.rm = 5;
        } else if (a == Address.NARROW_DIRECT) {
            c.rm = 6;
        } else {
            c.rm = random.below(8);
            while (a == Address.NARROW && c.rm == 6) {
                c.rm = random.below(8);
            }
        }
    }

    private int baseRegister() {
        return switch (c.form.address()) {
            case SIB, SIB8, SIB32 -> sibBase;
            case SIB_NO_BASE, DIRECT, NARROW_DIRECT -> -1;
            case NARROW, NARROW8, NARROW16 -> BASE16[c.rm & 7];
            default -> c.rm;
        };
    }

    /** An address in or at the edge of a spot; sometimes anywhere. */
    long pick(final int size) {
        if (random.oneIn(24)) {
            return anywhere();
        }
        int spot = random.below(Windows.SPOT.length);
        if (size > Windows.SPOT_BYTES[spot]) {
            spot = Windows.LARGE;
        }
        final int room = Windows.SPOT_BYTES[spot];
        final long start = Windows.SPOT[spot];
        final long at;
        if (random.oneIn(6)) {
            at = random.oneIn(2) ? start - size + random.below(2 * size + 1) : start + room - random.below(2 * size + 1);
        } else {
            at = start + random.below(Math.max(1, room - size + 1));
        }
        final boolean align = size >= 16 ? !random.oneIn(8) : random.oneIn(2);
        return align ? at & -Math.min(Integer.highestOneBit(size), 16) : at;
    }

    /** Any address but those of the code, which is not the same in child and model. */
    private long anywhere() {
        return awayFromCode(c.form.is64() ? random.value() : random.next() & 0xFFFF_FFFFL);
    }

    private static long awayFromCode(final long at) {
        return at >>> 28 == CODE_BASE >>> 28 ? at ^ CODE_BASE : at;
    }

    /** Offset in a segment that reaches a linear address; near the segment's limit when it has one worth trying. */
    long offsetOf(final long linear, final int s, final int size) {
        if (c.form.is64()) {
            return linear - (s == Cpu.FS ? fsBase : s == Cpu.GS ? gsBase : 0);
        }
        final int selector = s == Cpu.CS ? codeSelector() : segment[s];
        final Segments.Entry e = (selector & 4) == 0 ? null : Segments.entry(selector >>> 3);
        if (e == null || e.base() == 0) {
            return linear & 0xFFFF_FFFFL;
        }
        if (!e.pages() && e.limit() < 0xFFFF && random.oneIn(2)) {
            final long at = e.limit() + 1 - random.below(2 * size + 2) + (e.contents() == 1 ? size : 0);
            return at & 0xFFFF_FFFFL;
        }
        return linear - e.base() & 0xFFFF_FFFFL;
    }

    /** Gives base, index or displacement the value that makes the sum the wanted offset. */
    private void solve(final long offset, final int baseRegister, final int rm) {
        final Address a = c.form.address();
        if (a.isNarrow()) {
            solveNarrow(offset, baseRegister);
            return;
        }
        final boolean hasIndex = a.hasSib() && sibIndex != 4;
        if (baseRegister < 0) {
            // only 32 bits of a wild address can be had, and those must not be an address of the code either
            final long reachable = offset == (int) offset ? offset : awayFromCode(offset & 0xFFFF_FFFFL);
            if (hasIndex) {
                if (gpr[sibIndex] != (int) gpr[sibIndex] || random.oneIn(2)) {
                    setRegister(sibIndex, random.below(1 << 20) - (1 << 19));
                }
                disp = reachable - (gpr[sibIndex] << scale);
            } else {
                disp = reachable;
            }
            return;
        }
        if (hasIndex && sibIndex == baseRegister) {
            setRegister(baseRegister, (offset - disp) / (1 + (1L << scale)));
            return;
        }
        setRegister(baseRegister, offset - disp - (hasIndex ? gpr[sibIndex] << scale : 0));
    }

    private void solveNarrow(final long offset, final int baseRegister) {
        if (baseRegister < 0) {
            disp = (short) offset;
            return;
        }
        final int index = INDEX16[c.rm & 7];
        final long value = offset - disp - (index < 0 ? 0 : gpr[index]);
        setRegister(baseRegister, gpr[baseRegister] & ~0xFFFFL | value & 0xFFFF);
    }

    private void setRegister(final int r, final long value) {
        gpr[r] = addressSize == 4 && c.form.is64() ? value & 0xFFFF_FFFFL | gpr[r] & ~0xFFFF_FFFFL : value;
    }

    // ---- bytes ----

    void emit(final int b) {
        c.code[c.length++] = (byte) b;
    }

    private void emit(final long value, final int bytes) {
        for (int i = 0; i < bytes; i++) {
            emit((int) (value >>> 8 * i) & 0xFF);
        }
    }

    private void encode() {
        final Form form = c.form;
        final Encoding e = form.row().encoding();
        c.length = 0;
        c.undefinedBefore = 0;
        if (c.blocks && form.isConditionalJump() && random.oneIn(2)) {
            LeadIn.emit(this);
        }
        prefixes(form, e);
        rexByte(form, e);
        switch (e.map()) {
            case 1 -> emit(0x0F);
            case 2 -> emit(0x380F, 2);
            case 3 -> emit(0x3A0F, 2);
            default -> {
            }
        }
        emit(e.opcode() + (e.plusRegister() ? c.rm & 7 : 0));
        int ripAt = -1;
        if (e.modRm()) {
            ripAt = modRm(form, e);
        }
        immediates(form);
        if (ripAt >= 0) {
            final long rel = disp - (linearStart() + c.length);
            for (int i = 0; i < 4; i++) {
                c.code[ripAt + i] = (byte) (rel >>> 8 * i);
            }
        }
    }

    private void prefixes(final Form form, final Encoding e) {
        if (form.address().isMemory() && override || form.address() == Address.NONE && operandSegment != Cpu.DS) {
            emit(SEGMENT_PREFIX[operandSegment]);
        }
        final int defaultAddress = form.is64() ? 8 : c.narrowCode ? 2 : 4;
        if (addressSize != defaultAddress) {
            emit(0x67);
        }
        final boolean mandatory66 = e.prefix() == 0x66;
        final boolean wants66 = mandatory66 || c.narrowCode == (form.operandSize() == 4) && form.operandSize() != 8;
        final boolean free = e.prefix() == Encoding.ANY;
        if (mandatory66 || free && (form.is64() ? form.operandSize() == 2 : wants66)) {
            emit(0x66);
        }
        if (form.row().isLockable() && form.address().isMemory() ? random.oneIn(4) : random.oneIn(500)) {
            emit(0xF0);
        }
        if (form.rep() != 0) {
            emit(form.rep());
        }
    }

    private void rexByte(final Form form, final Encoding e) {
        if (!form.is64()) {
            return;
        }
        final boolean w = e.rexW() || form.operandSize() == 8 && !form.row().isDefault64() && !form.row().isForce64();
        int bits = w ? 8 : 0;
        final Address a = form.address();
        if (wideRegisters) {
            bits |= e.modRm() && c.reg >= 8 ? 4 : 0;
            if (a.hasSib()) {
                bits |= (sibIndex >= 8 ? 2 : 0) | (sibBase >= 8 ? 1 : 0);
            } else if (a != Address.DIRECT) {
                bits |= c.rm >= 8 ? 1 : 0;
            }
        }
        if (bits != 0 || rex != 0) {
            emit(0x40 | bits);
            rex = 0x40 | bits;
        }
    }

    /** Emits ModRM, SIB and displacement; returns where a displacement relative to the instruction's end lies, or -1. */
    private int modRm(final Form form, final Encoding e) {
        if (e.fixedModRm() >= 0) {
            emit(e.fixedModRm() + (e.plusStack() ? c.rm & 7 : 0));
            return -1;
        }
        final Address a = form.address();
        final int regField = e.digit() >= 0 ? e.digit() : c.reg & 7;
        emit((a == Address.NONE ? 3 : a.mod()) << 6 | regField << 3 | c.rm & 7);
        if (a.hasSib()) {
            emit(scale << 6 | (sibIndex & 7) << 3 | sibBase & 7);
        }
        final int at = c.length;
        emit(disp, a.dispBytes());
        return a == Address.DIRECT && form.is64() ? at : -1;
    }

    private void immediates(final Form form) {
        boolean first = true;
        for (final OperandSpec s : form.row().operands()) {
            final int bytes = form.immediateBytes(s, addressSize);
            if (bytes == 0) {
                continue;
            }
            if (s.letter() == 'O') {
                emit(target, bytes);
            } else if (s.letter() == 'J') {
                emit(Hints.branch(this, bytes), bytes);
            } else if (first && bytes <= 4) {
                emit(c.immediate, bytes);
                first = false;
            } else {
                emit(random.value(), bytes);
            }
        }
    }

    // ---- slot ----

    int codeSelector() {
        return c.form.is64() ? Segments.USER_CS64
            : c.narrowCode ? Segments.selector(Segments.FIRST_CS16 + (codeOffset(c.slot) >> 16)) : Segments.USER_CS32;
    }

    /** Linear address of the first byte of the instruction, as long as it is not placed before a hole. */
    long linearStart() {
        return CODE_BASE + codeOffset(c.slot) + CODE_OFFSET;
    }

    private void store() {
        for (int r = 0; r < 16; r++) {
            Raw.putLongPlain(before + gpr(r), gpr[r]);
        }
        Raw.putLongPlain(before + FLAGS_AT, flags);
        for (int s = 0; s < 6; s++) {
            if (s != Cpu.CS) {
                Raw.putShortPlain(before + SEGMENT_FIELD[s], (short) segment[s]);
            }
        }
        Raw.putLongPlain(before + FS_BASE, fsBase);
        Raw.putLongPlain(before + GS_BASE, gsBase);
    }

    private void place() {
        final int slotCode = codeOffset(c.slot);
        final boolean cut = beforeHole(c.slot) && c.length > 1 && c.form.address() != Address.DIRECT && random.oneIn(2);
        c.codeOffset = slotCode + (cut ? CODE_SLOT_BYTES - 1 - random.below(c.length - 1) : CODE_OFFSET);
        CodeArea.write(base, c);
        final long linear = CODE_BASE + c.codeOffset;
        final long ip = c.narrowCode ? linear - CODE_BASE & 0xFFFF : linear;
        Raw.putIntPlain(before + IP_AT, (int) ip);
        Raw.putIntPlain(before + ENTRY_CS, codeSelector());
    }
}
