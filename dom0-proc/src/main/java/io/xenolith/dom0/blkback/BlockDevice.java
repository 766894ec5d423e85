package io.xenolith.dom0.blkback;

import static io.xenolith.shm.abi.XenbusState.CLOSED;
import static io.xenolith.shm.abi.XenbusState.CLOSING;
import static io.xenolith.shm.abi.XenbusState.CONNECTED;
import static io.xenolith.shm.abi.XenbusState.INITIALISED;
import static io.xenolith.shm.abi.XenbusState.INITIALISING;
import static io.xenolith.shm.abi.XenbusState.INIT_WAIT;
import static io.xenolith.shm.abi.XenbusState.UNKNOWN;

import io.xenolith.dom0.EventPorts;
import io.xenolith.dom0.GrantedPages;
import io.xenolith.dom0.durable.RingRecord;
import io.xenolith.dom0.durable.RingRecords;
import io.xenolith.dom0.xenstore.LocalStore;

import java.io.IOException;
import java.nio.file.Path;

/**
 * One virtual block device of a domain: the back half of the xenbus state machine.
 *
 * <pre>
 *   front                 back
 *   1 Initialising        1 -> 2 InitWait      features written
 *   3 Initialised (or 4)  2 -> 4 Connected     ring mapped, sectors written
 *   5 Closing             4 -> 5 Closing       nothing is taken any more; what is in flight is answered
 *   6 Closed              .. -> 6 Closed       ring, port and pages given back
 *   1 again               6 -> 2 InitWait      a boot loader has handed over to its kernel
 *   node gone             .. -> 6 Closed
 * </pre>
 * The toolstack unplugs a device by {@code online} 0 and back state 5; a front-end that is connected then closes, one
 * that never was has nothing to close. A front-end that breaks the protocol is disconnected, once: back state 5.
 */
final class BlockDevice {
    private static final int MAX_RING_ORDER = 4;
    private static final int ABI_32 = 1;
    private static final int ABI_64 = 2;
    private static final int INFO_CDROM = 1;
    private static final int INFO_READ_ONLY = 4;

    private final int domid;
    private final int number;
    private final String path;
    private final BlockBackend.Services services;
    private final LocalStore store;
    private final BlockStatistics statistics = new BlockStatistics();
    private String frontend;
    private BlockFile file;
    private boolean writable;
    private boolean discard;
    private BlockRing ring;
    private int afterDrain;
    private String reported;

    BlockDevice(final int domid, final int number, final BlockBackend.Services services) {
        this.domid = domid;
        this.number = number;
        this.path = BlockBackend.ROOT + "/" + domid + "/" + number;
        this.services = services;
        this.store = services.store();
    }

    // ---- what the ring needs ----

    BlockFile file() {
        return file;
    }

    boolean isWritable() {
        return writable;
    }

    boolean canDiscard() {
        return discard;
    }

    BlockStatistics statistics() {
        return statistics;
    }

    BlockRing ring() {
        return ring;
    }

    int domid() {
        return domid;
    }

    int number() {
        return number;
    }

    // ---- beginning ----

    /**
     * Opens the disk and follows the front-end.
     *
     * @return false while xenstore does not yet say enough
     */
    boolean begin() {
        frontend = store.read(path + "/frontend");
        final String target = store.read(path + "/params");
        if (frontend == null || target == null || store.read(path + "/mode") == null) {
            return false;
        }
        writable = store.read(path + "/mode").startsWith("w");
        try {
            file = BlockFile.open(Path.of(target), writable);
        } catch (final IOException e) {
            fatal(e.getMessage());
            return true;
        }
        discard = writable && file.canDiscard() && "1".equals(store.read(path + "/discard-enable"));
        if (state(path) == INITIALISING) {
            advertise();
            setState(INIT_WAIT);
            store.write(path + "/physical-device-path", file.path().toString());
            store.write(path + "/hotplug-status", "connected");
        }
        return true;
    }

    /** From now on the front-end's state moves ours; its first event comes at once. */
    void follow() {
        if (file != null) {
            store.watch(frontend + "/state", path, changed -> frontendChanged());
        }
    }

    private void advertise() {
        store.write(path + "/feature-max-indirect-segments", Integer.toString(BlockRequest.MAX_INDIRECT));
        store.write(path + "/multi-queue-max-queues", "1");
        store.write(path + "/max-ring-page-order", Integer.toString(MAX_RING_ORDER));
    }

    // ---- the state machine ----

    void frontendChanged() {
        if (file == null || afterDrain != 0) {
            return;
        }
        final int back = state(path);
        switch (state(frontend)) {
            case INITIALISING -> frontendInitialises(back);
            case INITIALISED, CONNECTED -> frontendIsReady(back);
            case CLOSING -> disconnect(CLOSING);
            case UNKNOWN, CLOSED -> disconnect(CLOSED);
            default -> { }
        }
    }

    private void frontendInitialises(final int back) {
        if (!isOnline()) {
            disconnect(CLOSED);
        } else if (back == CLOSING || back == CLOSED || back == CONNECTED) {
            disconnect(INIT_WAIT);
        }
    }

    private void frontendIsReady(final int back) {
        if (back == INIT_WAIT) {
            connect();
        } else if (back == CONNECTED && ring == null) {
            fatal("the ring's record was lost");
        }
    }

    /** The toolstack may have asked for the end of the device. */
    void backendChanged() {
        if (file != null && !isOnline() && ring == null && state(path) == CLOSING) {
            setState(CLOSED);
        }
    }

    private boolean isOnline() {
        return "1".equals(store.read(path + "/online"));
    }

    // ---- connecting ----

    private void connect() {
        final GrantedPages.Page[] pages;
        RingRecord record = null;
        RingPages ringPages = null;
        int port = 0;
        try {
            final int[] grefs = readGrefs();
            final int remotePort = number(frontend + "/event-channel");
            final boolean wide = isWide();
            pages = pin(grefs);
            ringPages = new RingPages(pages, wide);
            record = services.records().create(RingRecords.KIND_BLOCK, domid, number, ringPages.slots());
            if (record == null) {
                throw new IllegalArgumentException("dom0 has no room for another ring");
            }
            port = services.ports().bind(domid, remotePort, this::eventArrived);
            record.setConnection(port, remotePort, wide ? ABI_64 : ABI_32, grefs);
        } catch (final IllegalArgumentException | GrantedPages.RefusedException | EventPorts.PortException e) {
            undo(ringPages, record);
            fatal(e.getMessage());
            return;
        }
        writeConnectedKeys();
        setState(CONNECTED);
        store.commit();
        ring = new BlockRing(domid, this, ringPages, record, port, services);
        ring.start();
        eventArrived();
    }

    private void undo(final RingPages pages, final RingRecord record) {
        if (record != null) {
            services.records().remove(record);
        }
        if (pages != null) {
            pages.release();
        }
    }

    private int[] readGrefs() {
        if (store.exists(frontend + "/multi-queue-num-queues") && number(frontend + "/multi-queue-num-queues") != 1) {
            throw new IllegalArgumentException("the front-end wants several queues");
        }
        if (!store.exists(frontend + "/ring-page-order")) {
            return new int[]{number(frontend + "/ring-ref")};
        }
        final int order = number(frontend + "/ring-page-order");
        if (order > MAX_RING_ORDER) {
            throw new IllegalArgumentException("the front-end's ring is too large: order=" + order);
        }
        final int[] grefs = new int[1 << order];
        for (int i = 0; i < grefs.length; i++) {
            // Order 0 may be spelled either way.
            final String key = frontend + "/ring-ref" + i;
            grefs[i] = number(order == 0 && !store.exists(key) ? frontend + "/ring-ref" : key);
        }
        return grefs;
    }

    private boolean isWide() {
        final String protocol = store.read(frontend + "/protocol");
        if (protocol == null || protocol.isEmpty()) {
            return services.width().applyAsInt(domid) == 64;
        }
        return switch (protocol) {
            case "x86_32-abi" -> false;
            case "x86_64-abi" -> true;
            default -> throw new IllegalArgumentException("the front-end's protocol is unknown: " + clip(protocol));
        };
    }

    private GrantedPages.Page[] pin(final int[] grefs) throws GrantedPages.RefusedException {
        final GrantedPages.Page[] pages = new GrantedPages.Page[grefs.length];
        int n = 0;
        try {
            for (final int gref : grefs) {
                pages[n++] = services.pages().pin(domid, gref, true);
            }
            return pages;
        } catch (final GrantedPages.RefusedException e) {
            for (int i = 0; i < n - 1; i++) {
                pages[i].release();
            }
            throw e;
        }
    }

    private int number(final String key) {
        final String s = store.read(key);
        if (s == null || !s.matches("\\d{1,10}") || Long.parseLong(s) > 0xffff_ffffL) {
            throw new IllegalArgumentException("the front-end's " + key.substring(key.lastIndexOf('/') + 1)
                    + " is no number");
        }
        return (int) Long.parseLong(s);
    }

    private static String clip(final String s) {
        return s.length() <= 40 ? s : s.substring(0, 40);
    }

    private void writeConnectedKeys() {
        store.write(path + "/feature-flush-cache", "1");
        if (discard) {
            store.write(path + "/feature-discard", "1");
            store.write(path + "/discard-granularity", "4096");
            store.write(path + "/discard-alignment", "0");
            store.write(path + "/discard-secure", "0");
        }
        store.write(path + "/feature-barrier", "1");
        store.write(path + "/feature-persistent", "0");
        store.write(path + "/sectors", Long.toString(file.sectors()));
        final boolean cdrom = "cdrom".equals(store.read(path + "/device-type"));
        store.write(path + "/info", Integer.toString((cdrom ? INFO_CDROM : 0) | (writable ? 0 : INFO_READ_ONLY)));
        store.write(path + "/sector-size", Integer.toString(BlockFile.SECTOR));
        store.write(path + "/physical-sector-size", Integer.toString(BlockFile.SECTOR));
    }

    /** Takes up the ring that a predecessor of this process had connected. */
    void reconnect(final RingRecord record) {
        if (file == null || state(path) != CONNECTED || record.pages() == 0) {
            services.records().remove(record);
            return;
        }
        RingPages pages = null;
        try {
            pages = new RingPages(pin(record.grefs()), record.abi() == ABI_64);
            final int port = services.ports().bind(domid, record.remotePort(), this::eventArrived);
            ring = new BlockRing(domid, this, pages, record, port, services);
            ring.recover();
            eventArrived();
        } catch (final GrantedPages.RefusedException | EventPorts.PortException e) {
            undo(pages, record);
            fatal(e.getMessage());
        }
    }

    private void eventArrived() {
        services.due().accept(this);
    }

    // ---- disconnecting ----

    private void disconnect(final int next) {
        if (ring == null) {
            setState(next);
            return;
        }
        afterDrain = next;
        ring.beginClose();
        services.due().accept(this);
    }

    /** One turn of the main loop for this device. */
    int poll() {
        if (ring == null) {
            return 0;
        }
        final int work = ring.consume();
        ring.publish();
        reportFailure();
        if (ring.isBroken() && afterDrain == 0) {
            error("the front-end's ring index is impossible");
            afterDrain = CLOSING;
            ring.beginClose();
        }
        if (afterDrain != 0 && ring.isIdle()) {
            drained();
        } else if (ring.wantsTurn()) {
            services.due().accept(this);
        }
        return work;
    }

    /** A failing disk is said once; what it failed at has been answered with an error each time. */
    private void reportFailure() {
        final String failure = ring.lastFailure();
        if (failure != null && !failure.equals(reported)) {
            reported = failure;
            error(failure);
            System.err.println("domain " + domid + ", disk " + number + ": " + failure);
        }
    }

    private void drained() {
        final int next = afterDrain;
        final boolean again = !ring.isBroken();
        giveBack();
        setState(next);
        store.commit();
        if (again) {
            // It may have gone on while we were waiting for the disk.
            frontendChanged();
        }
    }

    private void giveBack() {
        final BlockRing r = ring;
        ring = null;
        afterDrain = 0;
        r.release();
        services.records().remove(r.record());
    }

    /**
     * The device's nodes are gone, or its domain is: ends as soon as the disk lets it.
     *
     * @return true when nothing is left
     */
    boolean end() {
        if (ring != null) {
            ring.beginClose();
            ring.publish();
            if (!ring.isIdle()) {
                return false;
            }
            giveBack();
        }
        if (frontend != null) {
            store.unwatch(frontend + "/state", path);
        }
        if (file != null) {
            file.close();
            file = null;
        }
        return true;
    }

    // ---- xenstore ----

    private int state(final String half) {
        final String s = store.read(half + "/state");
        return s != null && s.matches("\\d") ? s.charAt(0) - '0' : 0;
    }

    private void setState(final int s) {
        if (store.exists(path + "/state") && state(path) != s) {
            store.write(path + "/state", Integer.toString(s));
        }
    }

    private void fatal(final String sentence) {
        error(sentence);
        setState(CLOSING);
    }

    private void error(final String sentence) {
        store.write("/local/domain/0/error/backend/vbd/" + domid + "/" + number + "/error", sentence);
    }
}
