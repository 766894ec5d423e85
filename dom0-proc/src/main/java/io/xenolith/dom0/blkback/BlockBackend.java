package io.xenolith.dom0.blkback;

import io.xenolith.dom0.EventPorts;
import io.xenolith.dom0.GrantedPages;
import io.xenolith.dom0.durable.RingRecords;
import io.xenolith.dom0.xenstore.LocalStore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;

/**
 * All block devices of dom0, found through xenstore: a device is a directory
 * {@code /local/domain/0/backend/vbd/DOMID/NUMBER}.
 */
public final class BlockBackend {
    /** Where the devices are. */
    public static final String ROOT = "/local/domain/0/backend/vbd";

    /** What devices work with. */
    record Services(LocalStore store, EventPorts ports, GrantedPages pages, BlockWorkers workers, RingRecords records,
                    IntUnaryOperator width, Consumer<BlockDevice> due) { }

    private final LocalStore store;
    private final BlockWorkers workers;
    private final Services services;
    private final Map<String, BlockDevice> devices = new HashMap<>();
    private final Set<BlockDevice> due = new LinkedHashSet<>();
    private final List<BlockDevice> ending = new ArrayList<>();
    private boolean recovering;

    /**
     * @param store   dom0's own store
     * @param records where rings are written down
     * @param workers threads for the disks
     * @param width   gives a domain's width, 32 or 64
     */
    public BlockBackend(final LocalStore store, final EventPorts ports, final GrantedPages pages,
                        final RingRecords records, final BlockWorkers workers, final IntUnaryOperator width) {
        this.store = store;
        this.workers = workers;
        this.services = new Services(store, ports, pages, workers, records, width, due::add);
    }

    /** Takes up the devices of a predecessor and looks for new ones from now on. */
    public void start() {
        recovering = true;
        scan();
        final Set<String> connected = new HashSet<>();
        for (final RingRecords.Found f : services.records().all()) {
            final BlockDevice d = devices.get(key(f.domid(), f.device()));
            if (f.kind() == RingRecords.KIND_BLOCK && d != null && connected.add(key(f.domid(), f.device()))) {
                d.reconnect(f.ring());
            } else {
                services.records().remove(f.ring());
            }
        }
        recovering = false;
        devices.values().forEach(BlockDevice::follow);
        store.watch(ROOT, "blkback", this::changed);
    }

    private static String key(final int domid, final int number) {
        return domid + "/" + number;
    }

    private void changed(final String path) {
        if (path.length() <= ROOT.length()) {
            scan();
            return;
        }
        final String[] parts = path.substring(ROOT.length() + 1).split("/");
        if (parts.length < 2) {
            scan();
        } else {
            look(parts[0], parts[1]);
        }
    }

    private void scan() {
        for (final String domid : store.list(ROOT)) {
            for (final String number : store.list(ROOT + "/" + domid)) {
                look(domid, number);
            }
        }
        for (final String key : devices.keySet().toArray(String[]::new)) {
            if (!store.exists(ROOT + "/" + key)) {
                retire(key);
            }
        }
    }

    private void look(final String domid, final String number) {
        final String key = domid + "/" + number;
        final BlockDevice known = devices.get(key);
        if (!store.exists(ROOT + "/" + key)) {
            retire(key);
        } else if (known != null) {
            known.backendChanged();
        } else if (domid.matches("\\d{1,5}") && number.matches("\\d{1,9}")
                && store.exists(ROOT + "/" + key + "/state")) {
            begin(key, Integer.parseInt(domid), Integer.parseInt(number));
        }
    }

    private void begin(final String key, final int domid, final int number) {
        final BlockDevice d = new BlockDevice(domid, number, services);
        if (d.begin()) {
            devices.put(key, d);
            if (!recovering) {
                d.follow();
            }
        }
    }

    private void retire(final String key) {
        final BlockDevice d = devices.remove(key);
        if (d != null) {
            due.remove(d);
            if (!d.end()) {
                ending.add(d);
            }
        }
    }

    /** A domain is gone: its devices end, whatever state they are in. */
    public void domainGone(final int domid) {
        for (final String key : devices.keySet().toArray(String[]::new)) {
            if (key.startsWith(domid + "/")) {
                retire(key);
            }
        }
    }

    /** True when some device of the domain still waits for its disk, and so holds pages of the domain. */
    public boolean holds(final int domid) {
        return ending.stream().anyMatch(d -> d.domid() == domid);
    }

    /**
     * One turn: answers what workers have finished, takes what front-ends have asked for.
     *
     * @return what was done
     */
    public int poll() {
        int work = 0;
        for (BlockJob j = workers.nextDone(); j != null; j = workers.nextDone()) {
            j.ring.completed(j);
            work++;
            due.add(j.ring.device());
        }
        for (final BlockDevice d : due.toArray(BlockDevice[]::new)) {
            due.remove(d);
            work += d.poll();
        }
        ending.removeIf(BlockDevice::end);
        return work;
    }

    /** True when some device wants another turn at once. */
    public boolean hasWork() {
        return !due.isEmpty();
    }

    /** Counters of a domain's devices, by device number. */
    public Map<Integer, Map<String, Long>> statistics(final int domid) {
        final Map<Integer, Map<String, Long>> all = new LinkedHashMap<>();
        for (final BlockDevice d : devices.values()) {
            if (d.domid() == domid) {
                all.put(d.number(), d.statistics().all());
            }
        }
        return all;
    }
}
