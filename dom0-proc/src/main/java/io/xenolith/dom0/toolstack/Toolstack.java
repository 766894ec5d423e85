package io.xenolith.dom0.toolstack;

import io.xenolith.dom0.EventPorts;
import io.xenolith.dom0.GrantedPages;
import io.xenolith.dom0.HostLoop;
import io.xenolith.dom0.blkback.BlockBackend;
import io.xenolith.dom0.blkback.DiskSpec;
import io.xenolith.dom0.builder.DomainBuilder;
import io.xenolith.dom0.builder.ImageException;
import io.xenolith.dom0.console.ConsoleBackend;
import io.xenolith.dom0.durable.DomainCells;
import io.xenolith.dom0.durable.Journal;
import io.xenolith.dom0.xenstore.LocalStore;
import io.xenolith.dom0.xenstore.XenstoreServer;
import io.xenolith.hv.control.DomainInfo;
import io.xenolith.hv.control.Domctl;
import io.xenolith.hv.control.DomctlException;
import io.xenolith.shm.KillPoint;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * The lives of domains: creation, the reaction to their end, destruction.
 *
 * <p>Reading and building happens on a thread of its own; everything else in the main loop. A domain is whole when it
 * is in the {@link DomainBook}; that entry is committed last, and whatever is not in the book when dom0 starts is
 * destroyed. So neither the death of a command nor dom0's own leaves half a domain.
 */
public final class Toolstack {
    /** What the toolstack works with. */
    public record Services(Domctl domctl, DomainBuilder builder, XenstoreServer xenstore, ConsoleBackend console,
                           BlockBackend blocks, DomainCells cells, HostLoop loop) { }

    private static final long GONE_NS = 30_000_000_000L;
    private static final long DETACH_NS = 10_000_000_000L;

    private final Services s;
    private final LocalStore store;
    private final DomainNodes nodes;
    private final DomainBook book;
    private final Set<String> names = new HashSet<>();
    private final ExecutorService builders = Executors.newSingleThreadExecutor(r -> {
        final Thread t = new Thread(r, "builder");
        t.setDaemon(true);
        return t;
    });

    /** @param section of the journal that keeps the book */
    public Toolstack(final Journal journal, final int section, final Services services) {
        this.s = services;
        this.store = services.xenstore().local();
        this.nodes = new DomainNodes(store);
        this.book = new DomainBook(journal, section);
    }

    Services services() {
        return s;
    }

    DomainBook book() {
        return book;
    }

    DomainNodes nodes() {
        return nodes;
    }

    LocalStore store() {
        return store;
    }

    // ---- the start of dom0 ----

    /** Puts the machine's state in order: what a killed predecessor left half done is taken away, the rest goes on. */
    public void start() {
        nodes.prepareMachine();
        for (final DomainInfo d : s.domctl().list()) {
            final DomainBook.Entry e = book.get(d.domid());
            if (d.domid() != 0 && (e == null || e.incarnation() != d.incarnation())) {
                destroyQuietly(d.domid());
                cleanUp(d.domid());
            } else if (d.domid() != 0 && d.state() == DomainInfo.State.BUILDING && !e.spec().isPaused()) {
                unpauseQuietly(d.domid());
            }
        }
        for (final DomainBook.Entry e : book.all()) {
            if (s.domctl().info(e.domid()) == null) {
                cleanUp(e.domid());
            }
        }
        store.commit();
        book.owed().forEach(spec -> create(spec, ignored -> { }));
        lookAtDomains();
    }

    private void destroyQuietly(final int domid) {
        try {
            s.domctl().destroy(domid);
        } catch (final DomctlException e) {
            // It went by itself.
        }
    }

    private void unpauseQuietly(final int domid) {
        try {
            s.domctl().unpause(domid);
        } catch (final DomctlException e) {
            // It died meanwhile; lookAtDomains() sees to it.
        }
    }

    // ---- creation ----

    /**
     * Makes a domain.
     *
     * @param then told the domid, or the sentence of the failure; from the main loop
     */
    void create(final DomainSpec spec, final Consumer<Result> then) {
        final DomainBook.Entry same = byUuid(spec.uuid().toString());
        if (same != null) {
            then.accept(new Result(-1, "A domain with the uuid " + spec.uuid() + " exists already: "
                    + same.spec().name() + "."));
            return;
        }
        if (findByName(spec.name()) >= 0 || !names.add(spec.name())) {
            then.accept(new Result(-1, "A domain named " + spec.name() + " exists already."));
            return;
        }
        builders.execute(() -> build(spec, then));
    }

    /** How a creation ended: a domid and no sentence, or -1 and a sentence. */
    record Result(int domid, String error) { }

    private DomainBook.Entry byUuid(final String uuid) {
        return book.all().stream().filter(e -> e.spec().uuid().toString().equals(uuid)).findFirst().orElse(null);
    }

    private void build(final DomainSpec spec, final Consumer<Result> then) {
        try {
            final List<DiskSpec> disks = spec.disks();
            final DomainBuilder.Prepared prepared = s.builder().prepare(spec.plan());
            final DomainBuilder.Built built = s.builder().build(prepared);
            KillPoint.hit(KillPoint.DOM0_CREATE_BUILT);
            s.loop().post(() -> handOver(spec, disks, built, then));
        } catch (final ImageException e) {
            final String sentence = e.getMessage().contains(spec.kernel()) ? e.getMessage() : spec.kernel() + ": " + e.getMessage();
            s.loop().post(() -> failed(spec, sentence, then));
        } catch (final ToolstackException | DomctlException e) {
            s.loop().post(() -> failed(spec, e.getMessage(), then));
        } catch (final OutOfMemoryError e) {
            s.loop().post(() -> failed(spec, "dom0 has too little memory to read the images of " + spec.name() + ".", then));
        } catch (final RuntimeException e) {
            e.printStackTrace();
            s.loop().post(() -> failed(spec, "Building " + spec.name() + " failed inside dom0: " + e + ".", then));
        }
    }

    private void failed(final DomainSpec spec, final String sentence, final Consumer<Result> then) {
        names.remove(spec.name());
        book.paid(spec);
        book.commit();
        then.accept(new Result(-1, sentence));
    }

    private void handOver(final DomainSpec spec, final List<DiskSpec> disks, final DomainBuilder.Built built,
                          final Consumer<Result> then) {
        final int domid = built.domid();
        try {
            nodes.create(spec, built);
            s.xenstore().introduce(domid, built.incarnation(), built.storeMfn(), built.storePort());
            disks.stream().filter(d -> !d.target().isEmpty()).forEach(d -> nodes.createDisk(domid, built.bits64(), d));
            nodes.createConsole(built);
            s.console().connect(domid, built.incarnation(), spec.name(), built.consolePort(), built.isGrub());
            s.domctl().setNameHint(domid, spec.name());
        } catch (final GrantedPages.RefusedException | EventPorts.PortException | DomctlException e) {
            destroyQuietly(domid);
            cleanUp(domid);
            failed(spec, "The domain " + spec.name() + " died while it was made: " + e.getMessage(), then);
            return;
        }
        // Its disks have to wait for nothing when it starts.
        s.loop().post(() -> release(spec, built, then));
    }

    /** The domain is whole: enters it in the book, and lets it run. */
    private void release(final DomainSpec spec, final DomainBuilder.Built built, final Consumer<Result> then) {
        names.remove(spec.name());
        KillPoint.hit(KillPoint.DOM0_CREATE_BOOK);
        book.put(new DomainBook.Entry(built.domid(), built.incarnation(), spec, false));
        book.paid(spec);
        book.commit();
        KillPoint.hit(KillPoint.DOM0_CREATE_UNPAUSE);
        if (!spec.isPaused()) {
            unpauseQuietly(built.domid());
        }
        then.accept(new Result(built.domid(), null));
        lookAtDomains();
    }

    // ---- the end ----

    /** Reacts to domains that have shut down, crashed or died. After VIRQ_DOM_EXC. */
    public void lookAtDomains() {
        for (final DomainBook.Entry e : book.all()) {
            final DomainInfo d = s.domctl().info(e.domid());
            if (d == null || d.incarnation() != e.incarnation() || d.state() == DomainInfo.State.DYING) {
                ended(e, DomainInfo.CRASH, false);
            } else if (d.state() == DomainInfo.State.SHUTDOWN && !e.ended()) {
                ended(e, d.shutdownReason(), true);
            }
        }
    }

    private void ended(final DomainBook.Entry e, final int reason, final boolean canKeep) {
        final Action action = e.ended() ? Action.DESTROY : e.spec().action(switch (reason) {
            case DomainInfo.POWEROFF -> "on_poweroff";
            case DomainInfo.REBOOT -> "on_reboot";
            case DomainInfo.WATCHDOG -> "on_watchdog";
            default -> "on_crash";
        });
        switch (action) {
            case PRESERVE -> keep(e, canKeep);
            case RESTART -> restart(e, e.spec());
            case RENAME_RESTART -> renameAndRestart(e, canKeep);
            default -> destroy(e.domid(), gone -> { });
        }
    }

    private void keep(final DomainBook.Entry e, final boolean canKeep) {
        if (!canKeep) {
            destroy(e.domid(), gone -> { });
            return;
        }
        book.put(new DomainBook.Entry(e.domid(), e.incarnation(), e.spec(), true));
        book.commit();
    }

    private void restart(final DomainBook.Entry e, final DomainSpec spec) {
        final DomainSpec again = spec.with("paused", false);
        book.owe(again);
        destroy(e.domid(), gone -> create(again, ignored -> { }));
    }

    private void renameAndRestart(final DomainBook.Entry e, final boolean canKeep) {
        if (!canKeep) {
            restart(e, e.spec());
            return;
        }
        int n = 1;
        while (findByName(e.spec().name() + "-" + n) >= 0) {
            n++;
        }
        final DomainSpec old = e.spec().with("name", e.spec().name() + "-" + n);
        nodes.rename(e.domid(), e.spec(), old.name());
        book.put(new DomainBook.Entry(e.domid(), e.incarnation(), old, true));
        final DomainSpec again = e.spec().with("uuid", java.util.UUID.randomUUID().toString()).with("paused", false);
        book.owe(again);
        book.commit();
        create(again, ignored -> { });
    }

    /**
     * Ends a domain and takes its nodes away.
     *
     * @param then told whether it is gone, when it is or after a while
     */
    void destroy(final int domid, final Consumer<Boolean> then) {
        final DomainInfo d = s.domctl().info(domid);
        destroyQuietly(domid);
        KillPoint.hit(KillPoint.DOM0_DESTROY_CLEANUP);
        cleanUp(domid);
        if (d == null) {
            then.accept(true);
            return;
        }
        s.loop().until(() -> {
            final DomainInfo now = s.domctl().info(domid);
            return now == null || now.incarnation() != d.incarnation();
        }, GONE_NS, then);
    }

    /** Everything of dom0 that belongs to the domain; repeatable. */
    private void cleanUp(final int domid) {
        final DomainBook.Entry e = book.get(domid);
        s.console().disconnect(domid);
        s.blocks().domainGone(domid);
        s.xenstore().release(domid);
        nodes.remove(domid, e == null ? null : e.spec());
        book.remove(domid);
        s.cells().release(domid);
        book.commit();
    }

    // ---- disks ----

    /** True when xenstore has such a device of the domain. */
    boolean hasDisk(final int domid, final int number) {
        return store.exists(BlockBackend.ROOT + "/" + domid + "/" + number);
    }

    void attachDisk(final int domid, final DiskSpec disk) {
        if (hasDisk(domid, disk.number())) {
            throw new ToolstackException("The domain has a device " + disk.vdev() + " already.");
        }
        final DomainInfo d = s.domctl().info(domid);
        if (d == null) {
            throw new ToolstackException("There is no domain " + domid + ".");
        }
        nodes.createDisk(domid, d.bits64(), disk);
        store.commit();
    }

    /** Asks the guest to let go of a disk; by force when it does not answer or {@code force} is set. */
    void detachDisk(final int domid, final int number, final boolean force, final Consumer<String> then) {
        final String back = BlockBackend.ROOT + "/" + domid + "/" + number;
        if (!hasDisk(domid, number)) {
            throw new ToolstackException("The domain " + domid + " has no device " + number + ".");
        }
        if (force) {
            nodes.removeDisk(domid, number);
            then.accept(null);
            return;
        }
        store.write(back + "/online", "0");
        if (!"6".equals(store.read(back + "/state"))) {
            store.write(back + "/state", "5");
        }
        s.loop().until(() -> !store.exists(back) || "6".equals(store.read(back + "/state")), DETACH_NS, closed -> {
            if (closed) {
                nodes.removeDisk(domid, number);
                store.commit();
            } else {
                store.write(back + "/online", "1");
                store.commit();
            }
            then.accept(closed ? null : "The guest does not let go of the device; use --force to take it away.");
        });
    }

    // ---- names ----

    /** Domid of a name or number; -1 when there is none. */
    int find(final String domain) {
        if (domain.matches("\\d{1,5}")) {
            final int domid = Integer.parseInt(domain);
            return s.domctl().info(domid) == null ? -1 : domid;
        }
        return domain.equals("Domain-0") ? 0 : findByName(domain);
    }

    private int findByName(final String name) {
        for (final DomainBook.Entry e : book.all()) {
            if (e.spec().name().equals(name)) {
                return e.domid();
            }
        }
        return -1;
    }

    void rename(final int domid, final String name) {
        DomainSpec.checkName(name);
        final DomainBook.Entry e = book.get(domid);
        if (e == null) {
            throw new ToolstackException("There is no domain " + domid + ".");
        }
        if (findByName(name) >= 0 || names.contains(name)) {
            throw new ToolstackException("A domain named " + name + " exists already.");
        }
        nodes.rename(domid, e.spec(), name);
        book.put(new DomainBook.Entry(domid, e.incarnation(), e.spec().with("name", name), e.ended()));
        book.commit();
    }

    /** All domains as the hypervisor knows them. */
    List<DomainInfo> domains() {
        return new ArrayList<>(s.domctl().list());
    }

    /** Name of a domain, for listings. */
    String nameOf(final int domid) {
        final DomainBook.Entry e = book.get(domid);
        if (e != null) {
            return e.spec().name();
        }
        final String name = nodes.name(domid);
        return name == null ? "(null)" : name;
    }

    /** What {@code xl list -l} shows of a domain's configuration. */
    Map<String, Object> configuration(final int domid) {
        final DomainBook.Entry e = book.get(domid);
        return e == null ? Map.of() : e.spec().shown();
    }
}
