package io.xenolith.hv.trap;

import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.pv.PvVcpu;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.PrivilegedOp;

/**
 * Port input and output of a domain that owns no ports: reads give all ones, writes vanish. Whether the guest may use them
 * at all is decided by its I/O privilege level and bitmap, as on silicon.
 *
 * <p>Two ports remember what is written, because guests probe with them: 0xcf8 (PCI address) and 0x61 (speaker gate).
 */
final class PortIo {
    private static final int PCI_ADDRESS = 0xcf8;
    private static final int SPEAKER = 0x61;
    private static final int SPEAKER_BITS = 3;

    private final PvVcpu v;
    private final Cpu c;
    private int pciAddress;
    private int speaker;

    PortIo(final PvVcpu vcpu) {
        v = vcpu;
        c = vcpu.cpu();
    }

    /** Emulates IN, OUT, INS or OUTS. Returns false when #GP(0) is due. */
    boolean access(final PrivilegedOp op, final int port, final int size) {
        if (!allowed(port, size)) {
            return false;
        }
        switch (op) {
            case IN -> c.setRegister(Cpu.RAX, size, read(port, size));
            case OUT -> write(port, size, (int)c.register(Cpu.RAX, size));
            default -> { } // INS and OUTS ask for permission, then do their elements by IN and OUT
        }
        return true;
    }

    private boolean allowed(final int port, final int size) {
        return v.ioplAllows() || bitmapAllows(port, size);
    }

    private boolean bitmapAllows(final int port, final int size) {
        if (port + size > v.ioBitmapPorts()) {
            return false;
        }
        try {
            for (int p = port; p < port + size; p++) {
                if ((v.memory().getByte(v.ioBitmap() + (p >> 3)) >> (p & 7) & 1) != 0) {
                    return false;
                }
            }
            return true;
        }
        catch (final GuestFault fault) {
            return false;
        }
    }

    private int read(final int port, final int size) {
        if (port == PCI_ADDRESS && size == 4) {
            return pciAddress;
        }
        return port == SPEAKER && size == 1 ? speaker : -1;
    }

    private void write(final int port, final int size, final int value) {
        if (port == PCI_ADDRESS && size == 4) {
            pciAddress = value;
        }
        else if (port == SPEAKER && size == 1) {
            speaker = value & SPEAKER_BITS;
        }
    }
}
