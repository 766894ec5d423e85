package io.xenolith.hv.hypercall;

import io.xenolith.shm.Doorbell;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ConsoleRing;
import io.xenolith.shm.hv.Header;
import java.nio.charset.StandardCharsets;

/**
 * What a domain writes by console_io, on its way to the machine's console: gathered into lines with the domain's number in
 * front, control characters made visible, and limited in rate, because the guest may write for ever.
 */
public final class DomainConsole {
    private static final int LINE = 256;
    /** Bytes that may be written in a burst. */
    private static final long BURST = 64 * 1024;
    /** Bytes per second after that. */
    private static final long RATE = 16 * 1024;
    private static final long SECOND = 1_000_000_000L;

    private final long ring;
    private final long doorbell;
    private final byte[] line = new byte[LINE + 64];
    private final int prefix;
    private int length;
    private long allowance = BURST;
    private long lastNs;
    private long dropped;

    /**
     * @param ring   address of the machine's console ring.
     * @param header address of the machine's header.
     * @param domid  the domain.
     */
    public DomainConsole(final long ring, final long header, final int domid) {
        this.ring = ring;
        this.doorbell = header + Header.CONSOLE_DOORBELL;
        final byte[] head = ("(d" + domid + ") ").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(head, 0, line, 0, head.length);
        prefix = head.length;
        length = prefix;
        lastNs = System.nanoTime();
    }

    /** Adds one byte; a full line or a line end is passed on. @param b the byte. */
    public synchronized void write(final byte b) {
        if (b == '\n' || length == prefix + LINE) {
            flush();
        }
        if (b != '\n' && b != '\r' && b != 0) {
            line[length++] = b >= ' ' && b < 0x7f || b == '\t' ? b : (byte)'.';
        }
    }

    /** Writes a line of our own about the domain. @param text one line. */
    public synchronized void log(final String text) {
        flushPending();
        for (final byte b : text.getBytes(StandardCharsets.UTF_8)) {
            write(b);
        }
        flush();
    }

    /** Passes on a line that has not ended. */
    public synchronized void flushPending() {
        if (length > prefix) {
            flush();
        }
    }

    private void flush() {
        final long now = System.nanoTime();
        allowance = Math.min(BURST, allowance + (now - lastNs) * RATE / SECOND);
        lastNs = now;
        line[length++] = '\n';
        if (allowance < length) {
            dropped++;
        }
        else {
            reportDropped();
            ConsoleRing.append(ring, line, 0, length);
            allowance -= length;
            Doorbell.ring(doorbell);
        }
        length = prefix;
    }

    private void reportDropped() {
        if (dropped > 0) {
            final byte[] text = (new String(line, 0, prefix, StandardCharsets.US_ASCII) + "(" + dropped
                + " lines dropped)\n").getBytes(StandardCharsets.US_ASCII);
            ConsoleRing.append(ring, text, 0, text.length);
            dropped = 0;
        }
    }

    /** @return address of the console ring, for tests. */
    long ring() {
        return ring;
    }

    /** @return bytes ever written to the machine's console. */
    long written() {
        return Raw.getLong(ring + ConsoleRing.WRITTEN);
    }
}
