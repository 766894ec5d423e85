package io.xenolith.dom0.toolstack;

import io.xenolith.dom0.blkback.BlockBackend;
import io.xenolith.dom0.blkback.DiskSpec;
import io.xenolith.dom0.blkback.VirtualDevice;
import io.xenolith.hv.control.DomainInfo;
import io.xenolith.hv.control.DomctlException;
import io.xenolith.shm.Machine;
import io.xenolith.shm.PhysicalMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ConsoleRing;
import io.xenolith.shm.hv.Header;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What each request does: one method per operation, called in the main loop.
 *
 * <p>A request that a killed predecessor may have begun comes again ({@link Request#again}). What it had done then counts
 * as done.
 */
public final class Operations {
    private static final int CONSOLE_TEXT = 48 << 10;
    private static final long INPUT_WAIT_NS = 60_000_000_000L;

    /** One operation: answers its request at once, later, or by throwing. */
    @FunctionalInterface
    private interface Operation {
        void run(Request r) throws DomctlException;
    }

    private final Machine machine;
    private final Toolstack toolstack;
    private final Map<String, Operation> table = new TreeMap<>();

    /** @param toolstack does the work */
    public Operations(final Machine machine, final Toolstack toolstack) {
        this.machine = machine;
        this.toolstack = toolstack;
        table.put("create", this::create);
        table.put("list", this::list);
        table.put("destroy", this::destroy);
        table.put("shutdown", r -> control(r, "poweroff"));
        table.put("reboot", r -> control(r, "reboot"));
        table.put("pause", this::pause);
        table.put("unpause", this::unpause);
        table.put("rename", this::rename);
        table.put("domid", r -> answer(r, "domid", domain(r)));
        table.put("domname", r -> answer(r, "name", toolstack.nameOf(domain(r))));
        table.put("console-info", this::consoleInfo);
        table.put("console-input", this::consoleInput);
        table.put("block-attach", this::blockAttach);
        table.put("block-detach", this::blockDetach);
        table.put("block-list", this::blockList);
        table.put("info", this::info);
        table.put("dmesg", this::dmesg);
        table.put("statistics", this::statistics);
        table.put("xenstore-ls", this::xenstoreList);
    }

    /** Does a request; every way out answers it exactly once. */
    public void run(final Request r) {
        try {
            final Operation o = table.get(r.op());
            if (o == null) {
                throw new ToolstackException(38, "dom0 does not know the operation '" + r.op() + "'.");
            }
            o.run(r);
        } catch (final ToolstackException e) {
            r.answer().accept(SlotServer.error(e));
        } catch (final DomctlException e) {
            r.answer().accept(SlotServer.error(new ToolstackException(e.getMessage())));
        } catch (final RuntimeException e) {
            if (!r.again()) {
                throw e;
            }
            // It may have ended our predecessor in the same way: once is enough.
            r.answer().accept(SlotServer.error(new ToolstackException("dom0 fails at this request: " + e + ".")));
        }
    }

    private static void answer(final Request r, final Object... pairs) {
        final Map<String, Object> m = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            m.put((String) pairs[i], pairs[i + 1]);
        }
        r.answer().accept(m);
    }

    private static void fail(final Request r, final String sentence) {
        r.answer().accept(SlotServer.error(new ToolstackException(sentence)));
    }

    private int domain(final Request r) {
        final String name = r.needed("domain");
        final int domid = toolstack.find(name);
        if (domid < 0) {
            throw new ToolstackException(3, "There is no domain " + (name.matches("\\d+") ? name : "named " + name) + ".");
        }
        return domid;
    }

    private int guest(final Request r) {
        final int domid = domain(r);
        if (domid == 0) {
            throw new ToolstackException(1, "'" + r.op() + "' cannot be done to Domain-0.");
        }
        return domid;
    }

    // ---- lives ----

    private void create(final Request r) {
        final DomainSpec spec = new DomainSpec(r.args());
        if (r.again()) {
            // A predecessor may have finished it and died before it could say so.
            for (final DomainBook.Entry e : toolstack.book().all()) {
                if (e.spec().uuid().equals(spec.uuid()) && e.spec().name().equals(spec.name())) {
                    answer(r, "domid", e.domid());
                    return;
                }
            }
        }
        toolstack.create(spec, result -> {
            if (result.error() != null) {
                fail(r, result.error());
            } else {
                answer(r, "domid", result.domid());
            }
        });
    }

    private void destroy(final Request r) {
        if (r.again() && toolstack.find(r.text("domain")) < 0) {
            answer(r);
            return;
        }
        final int domid = guest(r);
        toolstack.destroy(domid, gone -> {
            if (gone) {
                answer(r);
            } else {
                fail(r, "The domain " + domid + " is dying, but something still holds its memory.");
            }
        });
    }

    private void control(final Request r, final String command) {
        if (r.again() && toolstack.find(r.text("domain")) < 0) {
            answer(r);
            return;
        }
        final int domid = guest(r);
        final DomainInfo d = toolstack.services().domctl().info(domid);
        if (d.state() != DomainInfo.State.LIVE && !r.again()) {
            throw new ToolstackException("The domain " + domid + " does not run.");
        }
        toolstack.store().write(DomainNodes.home(domid) + "/control/shutdown", command);
        toolstack.store().commit();
        answer(r);
    }

    private void pause(final Request r) throws DomctlException {
        final int domid = guest(r);
        if (!r.again() || toolstack.services().domctl().info(domid).pauseCount() == 0) {
            toolstack.services().domctl().pause(domid);
        }
        answer(r);
    }

    private void unpause(final Request r) throws DomctlException {
        final int domid = guest(r);
        final DomainInfo d = toolstack.services().domctl().info(domid);
        if (!r.again() || d.pauseCount() > 0 || d.state() == DomainInfo.State.BUILDING) {
            toolstack.services().domctl().unpause(domid);
        }
        answer(r);
    }

    private void rename(final Request r) {
        final String name = r.needed("name");
        if (!r.again() || toolstack.find(name) < 0) {
            toolstack.rename(guest(r), name);
        }
        answer(r);
    }

    // ---- listing ----

    private void list(final Request r) {
        final int only = r.text("domain").isEmpty() ? -1 : domain(r);
        final List<Object> rows = new ArrayList<>();
        for (final DomainInfo d : toolstack.domains()) {
            // There is no configuration of dom0 to show.
            final boolean shown = only < 0 ? d.domid() != 0 || !r.flag("long") : only == d.domid();
            if (shown) {
                rows.add(r.flag("long") ? details(d) : row(d));
            }
        }
        answer(r, "domains", rows);
    }

    private Map<String, Object> details(final DomainInfo d) {
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("domid", d.domid());
        m.put("config", toolstack.configuration(d.domid()));
        return m;
    }

    private Map<String, Object> row(final DomainInfo d) {
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("name", toolstack.nameOf(d.domid()));
        m.put("domid", d.domid());
        m.put("mem", d.totalPages() * PhysicalMemory.FRAME_SIZE >> 20);
        m.put("vcpus", d.online());
        m.put("state", flags(d));
        m.put("time", cpuTimeNs(d) / 100_000_000L / 10.0);
        m.put("uuid", String.valueOf(d.handle()));
        m.put("reason", d.shutdownReason() < 0 ? "-" : Integer.toString(d.shutdownReason()));
        m.put("pid", d.pid());
        return m;
    }

    /** dom0 runs no vCPU threads of the machine: its processor time is this process's. */
    private static long cpuTimeNs(final DomainInfo d) {
        return d.domid() != 0 ? d.cpuTimeNs()
                : ProcessHandle.current().info().totalCpuDuration().map(java.time.Duration::toNanos).orElse(0L);
    }

    /** Six letters as xl prints them: running, blocked, paused, shutdown, crashed, dying. */
    private static String flags(final DomainInfo d) {
        final boolean down = d.state() == DomainInfo.State.SHUTDOWN;
        final boolean dying = d.state() == DomainInfo.State.DYING;
        return (d.running() || d.domid() == 0 ? "r" : "-")
                + (d.blocked() && d.domid() != 0 && !down && !dying ? "b" : "-")
                + (d.pauseCount() > 0 && !dying ? "p" : "-")
                + (down ? "s" : "-")
                + (down && d.shutdownReason() == DomainInfo.CRASH ? "c" : "-")
                + (dying ? "d" : "-");
    }

    // ---- console ----

    private void consoleInfo(final Request r) {
        final int domid = domain(r);
        final java.nio.file.Path log = toolstack.services().console().log(domid);
        if (log == null) {
            throw new ToolstackException("The domain " + domid + " has no console.");
        }
        final DomainInfo d = toolstack.services().domctl().info(domid);
        final boolean ended = d == null || d.state() == DomainInfo.State.SHUTDOWN || d.state() == DomainInfo.State.DYING;
        answer(r, "log", log.toString(), "start", toolstack.services().console().logStart(domid), "ended", ended);
    }

    /** Answers when all keys are queued: a sender that is faster than the guest waits. */
    private void consoleInput(final Request r) {
        final int domid = domain(r);
        final byte[] keys = r.text("data").getBytes(StandardCharsets.ISO_8859_1);
        final int[] done = {0};
        toolstack.services().loop().until(() -> {
            final byte[] rest = java.util.Arrays.copyOfRange(keys, done[0], keys.length);
            final int n = toolstack.services().console().input(domid, rest, r.id(), done[0] == 0 && r.again());
            done[0] = n < 0 ? -1 : done[0] + n;
            return done[0] < 0 || done[0] >= keys.length;
        }, INPUT_WAIT_NS, all -> {
            if (done[0] < 0) {
                fail(r, "The domain " + domid + " has no console.");
            } else if (!all) {
                fail(r, "The domain " + domid + " does not read its console.");
            } else {
                answer(r, "accepted", keys.length);
            }
        });
    }

    // ---- disks ----

    private void blockAttach(final Request r) {
        final int domid = guest(r);
        final DiskSpec disk = DomainSpec.checkedDisk(r.needed("disk"), r.text("directory"));
        if (!r.again() || !toolstack.hasDisk(domid, disk.number())) {
            toolstack.attachDisk(domid, disk);
        }
        answer(r, "vdev", disk.number());
    }

    private void blockDetach(final Request r) {
        final int domid = guest(r);
        final int number = VirtualDevice.number(r.needed("device"));
        if (number < 0) {
            throw new ToolstackException("'" + r.text("device") + "' is no virtual device, such as xvda.");
        }
        if (r.again() && !toolstack.hasDisk(domid, number)) {
            answer(r);
            return;
        }
        toolstack.detachDisk(domid, number, r.flag("force"), refusal -> {
            if (refusal == null) {
                answer(r);
            } else {
                fail(r, refusal);
            }
        });
    }

    private void blockList(final Request r) {
        final int domid = domain(r);
        final String base = DomainNodes.home(domid) + "/device/vbd";
        final List<Object> disks = new ArrayList<>();
        for (final String id : toolstack.store().list(base)) {
            final String front = base + "/" + id;
            final Map<String, Object> m = new LinkedHashMap<>();
            m.put("vdev", number(id));
            m.put("backend-id", 0);
            m.put("handle", domid);
            m.put("state", number(toolstack.store().read(front + "/state")));
            m.put("event-channel", number(toolstack.store().read(front + "/event-channel")));
            m.put("ring-ref", number(toolstack.store().read(front + "/ring-ref")));
            m.put("backend", BlockBackend.ROOT + "/" + domid + "/" + id);
            m.put("params", toolstack.store().read(BlockBackend.ROOT + "/" + domid + "/" + id + "/params"));
            disks.add(m);
        }
        answer(r, "disks", disks);
    }

    private static long number(final String s) {
        return s != null && s.matches("\\d{1,18}") ? Long.parseLong(s) : -1;
    }

    // ---- the machine ----

    private void info(final Request r) {
        final long header = machine.hv().header();
        final long frames = Raw.getLong(header + Header.FRAMES);
        final int cpus = Raw.getInt(header + Header.PCPUS);
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("host", hostName());
        m.put("release", System.getProperty("os.version"));
        m.put("version", "Xenolith on Java " + Runtime.version());
        m.put("machine", "x86_64");
        m.put("nr_cpus", cpus);
        m.put("max_cpu_id", cpus - 1);
        m.put("nr_nodes", 1);
        m.put("cores_per_socket", cpus);
        m.put("threads_per_core", 1);
        m.put("cpu_mhz", String.format("%.3f", Raw.getLong(header + Header.TSC_FREQUENCY) / 1e6));
        m.put("virt_caps", "pv gnttab-v1 gnttab-v2");
        m.put("total_memory", frames * PhysicalMemory.FRAME_SIZE >> 20);
        m.put("free_memory", toolstack.services().domctl().freeFrames() * PhysicalMemory.FRAME_SIZE >> 20);
        m.put("sharing_freed_memory", 0);
        m.put("sharing_used_memory", 0);
        m.put("outstanding_claims", 0);
        m.put("free_cpus", 0);
        m.put("xen_major", 4);
        m.put("xen_minor", 17);
        m.put("xen_extra", ".xenolith");
        m.put("xen_version", "4.17.xenolith");
        m.put("xen_caps", "xen-3.0-x86_64 xen-3.0-x86_32p");
        m.put("xen_pagesize", PhysicalMemory.FRAME_SIZE);
        m.put("platform_params", "virt_start=0xffff800000000000");
        m.put("machine_directory", machine.dir().path().toString());
        m.put("xend_config_format", 4);
        r.answer().accept(m);
    }

    private static String hostName() {
        try {
            return java.nio.file.Files.readString(java.nio.file.Path.of("/proc/sys/kernel/hostname")).trim();
        } catch (final java.io.IOException e) {
            return "(none)";
        }
    }

    private void dmesg(final Request r) {
        final long ring = machine.hv().consoleRing();
        final byte[] all = ConsoleRing.read(ring, Raw.getLong(ring + ConsoleRing.READ_FROM));
        if (r.flag("clear")) {
            Raw.putLong(ring + ConsoleRing.READ_FROM, Raw.getLong(ring + ConsoleRing.WRITTEN));
        }
        final int from = Math.max(0, all.length - CONSOLE_TEXT);
        answer(r, "text", printable(new String(all, from, all.length - from, StandardCharsets.ISO_8859_1)));
    }

    /** Guests write to this console: control characters must neither act on a terminal nor blow up the JSON. */
    private static String printable(final String s) {
        final StringBuilder b = new StringBuilder(s.length());
        for (int i = 0; i < s.length(); i++) {
            final char c = s.charAt(i);
            b.append(c >= ' ' && c < 0x7f || c == '\n' || c == '\t' ? c : c == '\r' ? "" : ".");
        }
        return b.toString();
    }

    private void statistics(final Request r) {
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("xenstore", toolstack.services().xenstore().counters());
        if (!r.text("domain").isEmpty()) {
            final Map<String, Object> disks = new LinkedHashMap<>();
            toolstack.services().blocks().statistics(domain(r)).forEach((k, v) -> disks.put(Integer.toString(k), v));
            m.put("disks", disks);
        }
        r.answer().accept(m);
    }

    /** The store as {@code xenstore-ls -fp} prints it. */
    private void xenstoreList(final Request r) {
        final StringBuilder out = new StringBuilder();
        final String root = r.text("path").isEmpty() ? "/" : r.text("path");
        if (!toolstack.store().exists(root)) {
            throw new ToolstackException(2, "There is no node " + root + ".");
        }
        walk(root, out);
        answer(r, "text", out.toString());
    }

    private void walk(final String path, final StringBuilder out) {
        if (!path.equals("/")) {
            out.append(path).append(" = \"").append(printable(toolstack.store().read(path))).append("\"   (")
                    .append(toolstack.store().perms(path)).append(")\n");
        }
        for (final String child : toolstack.store().list(path)) {
            walk(path.equals("/") ? "/" + child : path + "/" + child, out);
        }
    }
}
