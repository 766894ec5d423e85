package io.xenolith.x86.silicon;

import io.xenolith.shm.Raw;
import io.xenolith.x86.fpu.FpuState;

/**
 * The 512-byte image of FXSAVE in its 64-bit form, written here from the manual and not shared with the model's own
 * FXSAVE, which is among the instructions judged.
 *
 * <pre>
 *   0    2    4    5    6    8          16         24     28     32               160                416
 *   +----+----+----+----+----+----------+----------+------+------+----------------+------------------+
 *   |FCW |FSW |FTW | -  |FOP | FIP      | FDP      |MXCSR |mask  | ST0-7, 16 each | XMM0-15, 16 each |
 *   +----+----+----+----+----+----------+----------+------+------+----------------+------------------+
 * </pre>
 */
final class FxImage {
    static final int FCW = 0;
    static final int FSW = 2;
    static final int FTW = 4;
    static final int FOP = 6;
    static final int FIP = 8;
    static final int FDP = 16;
    static final int MXCSR = 24;
    static final int ST = 32;
    static final int XMM = 160;
    private static final int TOP_MASK = 0x3800;

    private FxImage() {
    }

    static void load(final FpuState f, final long at, final boolean is64) {
        final int fsw = Raw.getUnsignedShort(at + FSW);
        f.top = fsw >> 11 & 7;
        f.status = fsw & ~TOP_MASK;
        f.setControl(Raw.getUnsignedShort(at + FCW));
        f.used = Raw.getUnsignedByte(at + FTW);
        f.lastOpcode = Raw.getUnsignedShort(at + FOP) & 0x7FF;
        f.lastIp = Raw.getLong(at + FIP);
        f.lastDp = Raw.getLong(at + FDP);
        f.mxcsr = Raw.getInt(at + MXCSR);
        for (int i = 0; i < 8; i++) {
            final int physical = f.top + i & 7;
            f.significand[physical] = Raw.getLong(at + ST + 16 * i);
            f.signExponent[physical] = Raw.getUnsignedShort(at + ST + 16 * i + 8);
        }
        for (int i = 0; i < 32; i++) {
            f.xmm[i] = Raw.getLong(at + XMM + 8 * i);
        }
    }

    static void store(final FpuState f, final long at) {
        Raw.putShort(at + FCW, (short) f.control);
        Raw.putShort(at + FSW, (short) (f.status & ~TOP_MASK | f.top << 11));
        Raw.putShort(at + FTW, (short) f.used);
        Raw.putShort(at + FOP, (short) f.lastOpcode);
        Raw.putLong(at + FIP, f.lastIp);
        Raw.putLong(at + FDP, f.lastDp);
        Raw.putInt(at + MXCSR, f.mxcsr);
        for (int i = 0; i < 8; i++) {
            final int physical = f.top + i & 7;
            Raw.putLong(at + ST + 16 * i, f.significand[physical]);
            Raw.putLong(at + ST + 16 * i + 8, f.signExponent[physical]);
        }
        for (int i = 0; i < 32; i++) {
            Raw.putLong(at + XMM + 8 * i, f.xmm[i]);
        }
    }
}
