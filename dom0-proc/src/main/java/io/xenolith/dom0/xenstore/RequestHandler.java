package io.xenolith.dom0.xenstore;

import java.util.ArrayList;
import java.util.List;

/**
 * One request of a domain: from the bytes of its message to the bytes of its reply, queued to the domain.
 *
 * <p>Any content is answered: what is no valid request gets an ERROR reply. Only the length can be so wrong that
 * no reply is possible; the server deals with that before it comes here.
 */
final class RequestHandler {
    private static final byte[] OK = Wire.strings("OK");
    private static final int LAST_KNOWN_TYPE = 26;

    private final Store store;
    private final long[] byType = new long[LAST_KNOWN_TYPE + 1];
    private long errors;

    RequestHandler(final Store store) {
        this.store = store;
    }

    /** Handles a whole message: 16 bytes of header and as many of payload as the header says. */
    void handle(final Connection c, final byte[] message) {
        final int type = Wire.getInt(message, 0);
        final int request = Wire.getInt(message, 4);
        final int tx = Wire.getInt(message, 8);
        final byte[] payload = java.util.Arrays.copyOfRange(message, XsType.HEADER_BYTES, message.length);
        if (type >= 0 && type <= LAST_KNOWN_TYPE) {
            byType[type]++;
        }
        byte[] reply;
        int replyType = type;
        try {
            reply = answer(c, type, tx, payload);
            if (reply.length > XsType.MAX_PAYLOAD) {
                throw XsError.E2BIG.exception();
            }
        } catch (final XsException e) {
            errors++;
            replyType = XsType.ERROR;
            reply = Wire.strings(e.error().name());
        }
        store.state().send(c, Wire.message(replyType, request, tx, reply));
        if (type == XsType.WATCH && replyType == XsType.WATCH) {
            firstEvent(c, payload);
        }
    }

    private byte[] answer(final Connection c, final int type, final int tx, final byte[] payload) {
        return switch (type) {
            case XsType.READ, XsType.DIRECTORY, XsType.GET_PERMS, XsType.DIRECTORY_PART ->
                    read(c, type, store.transaction(c, tx), payload);
            case XsType.WRITE, XsType.MKDIR, XsType.RM, XsType.SET_PERMS ->
                    change(c, type, store.transaction(c, tx), payload);
            case XsType.TRANSACTION_START -> start(c, tx);
            case XsType.TRANSACTION_END -> end(c, tx, payload);
            case XsType.WATCH -> watch(c, payload);
            case XsType.UNWATCH -> unwatch(c, payload);
            case XsType.RESET_WATCHES -> reset(c);
            case XsType.GET_DOMAIN_PATH -> Wire.strings(StorePath.ofDomain(domid(payload)));
            case XsType.IS_DOMAIN_INTRODUCED -> introduced(payload);
            case XsType.CONTROL, XsType.INTRODUCE, XsType.RELEASE, XsType.RESUME, XsType.SET_TARGET ->
                    throw XsError.EACCES.exception();
            default -> throw XsError.ENOSYS.exception();
        };
    }

    // ---- nodes ----

    private byte[] read(final Connection c, final int type, final Transaction t, final byte[] payload) {
        final String path = StorePath.canonical(c.domid(), strings(payload, type == XsType.DIRECTORY_PART ? 2 : 1).get(0));
        return switch (type) {
            case XsType.READ -> store.read(c, t, path);
            case XsType.GET_PERMS -> Wire.strings(store.readable(c, t, path).perms.strings().toArray(String[]::new));
            case XsType.DIRECTORY -> {
                final Node n = store.readable(c, t, path);
                yield n.children.isEmpty() ? new byte[0] : Wire.strings(n.children.toArray(String[]::new));
            }
            default -> directoryPart(store.readable(c, t, path), strings(payload, 2).get(1));
        };
    }

    /** Generation, then names from a byte offset on, as many as fit; an empty name ends the list. */
    private static byte[] directoryPart(final Node n, final String offset) {
        final int from = decimal(offset);
        final byte[] all = n.children.isEmpty() ? new byte[0] : Wire.strings(n.children.toArray(String[]::new));
        if (from > all.length) {
            throw XsError.EINVAL.exception();
        }
        final byte[] head = Wire.strings(Long.toString(n.generation));
        int to = Math.min(all.length, from + XsType.MAX_PAYLOAD - head.length - 1);
        while (to < all.length && to > from && all[to - 1] != 0) {
            to--;
        }
        final byte[] reply = new byte[head.length + to - from + (to == all.length ? 1 : 0)];
        System.arraycopy(head, 0, reply, 0, head.length);
        System.arraycopy(all, from, reply, head.length, to - from);
        return reply;
    }

    private byte[] change(final Connection c, final int type, final Transaction t, final byte[] payload) {
        final int nul = Wire.firstNul(payload);
        if (nul < 0) {
            throw XsError.EINVAL.exception();
        }
        final String path = StorePath.canonical(c.domid(), Wire.text(java.util.Arrays.copyOf(payload, nul)));
        switch (type) {
            case XsType.WRITE -> store.write(c, t, path, java.util.Arrays.copyOfRange(payload, nul + 1, payload.length));
            case XsType.SET_PERMS -> store.setPerms(c, t, path, Perms.parse(Wire.split(payload, nul + 1)));
            case XsType.MKDIR -> {
                strings(payload, 1);
                store.mkdir(c, t, path);
            }
            default -> {
                strings(payload, 1);
                store.remove(c, t, path);
            }
        }
        return OK;
    }

    // ---- transactions ----

    private byte[] start(final Connection c, final int tx) {
        if (tx != 0) {
            throw XsError.EBUSY.exception();
        }
        return Wire.strings(Integer.toUnsignedString(store.start(c).id));
    }

    private byte[] end(final Connection c, final int tx, final byte[] payload) {
        final String how = strings(payload, 1).get(0);
        final Transaction t = store.transaction(c, tx);
        if (t == null) {
            throw XsError.ENOENT.exception();
        }
        if (!how.equals("T") && !how.equals("F")) {
            throw XsError.EINVAL.exception();
        }
        store.end(c, t, how.equals("T"));
        return OK;
    }

    // ---- watches ----

    private byte[] watch(final Connection c, final byte[] payload) {
        final List<String> s = strings(payload, 2);
        if (s.get(1).length() > XsType.MAX_RELATIVE_PATH) {
            throw XsError.EINVAL.exception();
        }
        store.watch(c, s.get(0), s.get(1));
        return OK;
    }

    /** A new watch fires once, with the path as the domain gave it. */
    private void firstEvent(final Connection c, final byte[] payload) {
        final List<String> s = Wire.split(payload, 0);
        store.state().send(c, Wire.message(XsType.WATCH_EVENT, 0, 0, Wire.strings(s.get(0), s.get(1))));
    }

    private byte[] unwatch(final Connection c, final byte[] payload) {
        final List<String> s = strings(payload, 2);
        store.unwatch(c, s.get(0), s.get(1));
        return OK;
    }

    private byte[] reset(final Connection c) {
        store.state().reset(c);
        return OK;
    }

    // ---- domains ----

    private byte[] introduced(final byte[] payload) {
        final int domid = domid(payload);
        return Wire.strings(domid == 0 || store.state().connection(domid) != null ? "T" : "F");
    }

    private static int domid(final byte[] payload) {
        final int n = decimal(strings(payload, 1).get(0));
        if (n >= 0x7ff0) {
            throw XsError.EINVAL.exception();
        }
        return n;
    }

    private static int decimal(final String s) {
        if (s.isEmpty() || s.length() > 9 || !s.chars().allMatch(ch -> ch >= '0' && ch <= '9')) {
            throw XsError.EINVAL.exception();
        }
        return Integer.parseInt(s);
    }

    private static List<String> strings(final byte[] payload, final int count) {
        final List<String> s = Wire.split(payload, 0);
        if (s.size() < count || s.size() > count && count == 1) {
            throw XsError.EINVAL.exception();
        }
        return new ArrayList<>(s);
    }

    /** Requests handled, by message type. */
    long[] byType() {
        return byType.clone();
    }

    /** Requests refused. */
    long errors() {
        return errors;
    }
}
