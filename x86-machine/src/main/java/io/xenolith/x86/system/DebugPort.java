package io.xenolith.x86.system;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Collects what a bare image prints: bytes written to the debug port 0xE9 (which reads as 0xE9, so that an image can
 * tell that it is there) and to the data register of the first serial port, whose status is always "ready to send".
 */
public final class DebugPort implements PortDevice {
    /** The debug port. */
    public static final int PORT = 0xE9;
    /** First of the eight ports of the serial interface. */
    public static final int SERIAL = 0x3F8;
    private static final int LINE_STATUS = SERIAL + 5;
    private static final int READY_TO_SEND = 0x60;

    private final ByteArrayOutputStream text = new ByteArrayOutputStream();

    @Override
    public long read(final int port, final int size) {
        return switch (port) {
            case PORT -> PORT;
            case LINE_STATUS -> READY_TO_SEND;
            default -> 0;
        };
    }

    @Override
    public void write(final int port, final int size, final long value) {
        if (port == PORT || port == SERIAL) {
            text.write((int) value);
        }
    }

    /** Everything printed so far. */
    public String text() {
        return text.toString(StandardCharsets.ISO_8859_1);
    }
}
