package io.xenolith.dom0;

import io.xenolith.shm.Raw;
import io.xenolith.shm.abi.XenstoreInterface;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/** The guest's side of a xenstore ring: raw bytes by the public layout, right ones and wrong ones. */
public final class MockStoreClient {
    /** A message from the server. */
    public record Message(int type, int request, int tx, byte[] payload) {
        public String text() {
            return new String(payload, StandardCharsets.ISO_8859_1);
        }
    }

    public static final int CONTROL = 0;
    public static final int DIRECTORY = 1;
    public static final int READ = 2;
    public static final int GET_PERMS = 3;
    public static final int WATCH = 4;
    public static final int UNWATCH = 5;
    public static final int TRANSACTION_START = 6;
    public static final int TRANSACTION_END = 7;
    public static final int INTRODUCE = 8;
    public static final int GET_DOMAIN_PATH = 10;
    public static final int WRITE = 11;
    public static final int MKDIR = 12;
    public static final int RM = 13;
    public static final int SET_PERMS = 14;
    public static final int WATCH_EVENT = 15;
    public static final int ERROR = 16;
    public static final int IS_DOMAIN_INTRODUCED = 17;
    public static final int RESET_WATCHES = 21;
    public static final int DIRECTORY_PART = 22;

    private final long page;
    private final Runnable server;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final Deque<Message> events = new ArrayDeque<>();
    private int nextRequest = 1;

    /** @param server run whenever the client waits */
    public MockStoreClient(final long page, final Runnable server) {
        this.page = page;
        this.server = server;
    }

    /** Puts raw bytes into the ring, waiting for room. */
    public void send(final byte[] bytes) {
        int done = 0;
        while (done < bytes.length) {
            final int prod = Raw.getInt(page + XenstoreInterface.REQ_PROD);
            final int room = 1024 - (prod - Raw.getIntVolatile(page + XenstoreInterface.REQ_CONS));
            final int n = Math.min(room, bytes.length - done);
            for (int i = 0; i < n; i++) {
                Raw.putByte(page + XenstoreInterface.REQ + (prod + i & 1023), bytes[done + i]);
            }
            Raw.putIntVolatile(page + XenstoreInterface.REQ_PROD, prod + n);
            done += n;
            if (done < bytes.length) {
                server.run();
            }
        }
    }

    public static byte[] message(final int type, final int request, final int tx, final byte[] payload) {
        return ByteBuffer.allocate(16 + payload.length).order(ByteOrder.LITTLE_ENDIAN).putInt(type).putInt(request)
                .putInt(tx).putInt(payload.length).put(payload).array();
    }

    public static byte[] bytes(final String s) {
        return s.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** One request and its reply; watch events on the way are kept. */
    public Message call(final int type, final int tx, final String payload) {
        final int id = post(type, tx, payload);
        final Message m = next();
        if (m.request() != id) {
            throw new AssertionError("reply to another request: " + m.request() + " for " + id);
        }
        return m;
    }

    /** Sends a request without waiting. */
    public int post(final int type, final int tx, final String payload) {
        final int id = nextRequest++;
        send(message(type, id, tx, bytes(payload)));
        return id;
    }

    /** The text of a reply that must be none of error. */
    public String ok(final int type, final int tx, final String payload) {
        final Message m = call(type, tx, payload);
        if (m.type() != type) {
            throw new AssertionError("refused: " + m.text());
        }
        return m.text();
    }

    /** The name of the error that must come. */
    public String error(final int type, final int tx, final String payload) {
        final Message m = call(type, tx, payload);
        if (m.type() != ERROR) {
            throw new AssertionError("accepted: " + m.text());
        }
        return m.text().substring(0, m.text().length() - 1);
    }

    /** The next reply. */
    public Message next() {
        final long end = System.nanoTime() + 20_000_000_000L;
        while (true) {
            final Message m = take();
            if (m != null && m.type() == WATCH_EVENT) {
                events.add(m);
            } else if (m != null) {
                return m;
            } else {
                server.run();
            }
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("no reply");
            }
        }
    }

    /** The next watch event as "path token", or null when none has come. */
    public String event() {
        server.run();
        for (Message m = take(); m != null; m = take()) {
            if (m.type() != WATCH_EVENT) {
                throw new AssertionError("reply without request: " + m.text());
            }
            events.add(m);
        }
        final Message m = events.poll();
        return m == null ? null : m.text().replace('\0', ' ').trim();
    }

    private Message take() {
        drain();
        final byte[] all = received.toByteArray();
        if (all.length < 16) {
            return null;
        }
        final ByteBuffer b = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
        final int length = b.getInt(12);
        if (all.length < 16 + length) {
            return null;
        }
        final byte[] payload = new byte[length];
        b.get(16, payload);
        received.reset();
        received.write(all, 16 + length, all.length - 16 - length);
        return new Message(b.getInt(0), b.getInt(4), b.getInt(8), payload);
    }

    private void drain() {
        int cons = Raw.getInt(page + XenstoreInterface.RSP_CONS);
        final int prod = Raw.getIntVolatile(page + XenstoreInterface.RSP_PROD);
        while (cons != prod) {
            received.write(Raw.getByte(page + XenstoreInterface.RSP + (cons & 1023)));
            cons++;
        }
        Raw.putIntVolatile(page + XenstoreInterface.RSP_CONS, cons);
    }

    /** The error word of the connection. */
    public int connectionError() {
        return Raw.getInt(page + XenstoreInterface.ERROR);
    }
}
