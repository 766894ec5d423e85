package io.xenolith.dom0.toolstack;

import io.xenolith.dom0.blkback.BlockBackend;
import io.xenolith.dom0.blkback.DiskSpec;
import io.xenolith.dom0.builder.DomainBuilder;
import io.xenolith.dom0.xenstore.LocalStore;
import io.xenolith.dom0.xenstore.Perms;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What xenstore holds of a domain, with the names, order and permissions that xl gives it.
 */
final class DomainNodes {
    private static final Perms PRIVATE = Perms.of("n0");

    private final LocalStore store;

    DomainNodes(final LocalStore store) {
        this.store = store;
    }

    static String home(final int domid) {
        return "/local/domain/" + domid;
    }

    private static String libxl(final int domid) {
        return "/libxl/" + domid;
    }

    private static String vm(final DomainSpec spec) {
        return "/vm/" + spec.uuid();
    }

    /** What is there before any domain. */
    void prepareMachine() {
        store.mkdir("/tool", PRIVATE);
        store.mkdir("/tool/xenstored", PRIVATE);
        store.mkdir("/local", PRIVATE);
        store.mkdir("/local/domain", PRIVATE);
        store.mkdir(home(0), PRIVATE);
        for (final String feature : List.of("poweroff", "reboot", "suspend")) {
            writeOnce(home(0) + "/control/feature-" + feature, "1");
        }
        writeOnce(home(0) + "/domid", "0");
        writeOnce(home(0) + "/name", "Domain-0");
        writeOnce("/local/pool/0/name", "Pool-0");
        store.mkdir("/vm", PRIVATE);
        store.mkdir("/libxl", PRIVATE);
    }

    private void writeOnce(final String path, final String value) {
        if (!store.exists(path)) {
            store.write(path, value);
        }
    }

    // ---- creation ----

    /** Everything but the devices. */
    void create(final DomainSpec spec, final DomainBuilder.Built built) {
        final int domid = built.domid();
        final Perms readable = Perms.of("n0", "r" + domid);
        final Perms own = Perms.of("n" + domid);
        remove(domid, spec);
        store.mkdir(home(domid), readable);
        store.mkdir(vm(spec), readable);
        store.mkdir(libxl(domid), PRIVATE);
        store.mkdir(libxl(domid) + "/device", PRIVATE);
        put(domid, "vm", vm(spec));
        put(domid, "name", spec.name());
        store.write(vm(spec) + "/name", spec.name());
        for (final String dir : List.of("cpu", "memory", "device")) {
            store.mkdir(home(domid) + "/" + dir, readable);
        }
        store.write(home(domid) + "/device/suspend/event-channel", "", own);
        store.mkdir(home(domid) + "/control", readable);
        for (final String key : List.of("control/shutdown", "control/feature-poweroff", "control/feature-reboot",
                "control/feature-suspend", "control/sysrq", "data", "drivers", "feature", "attr", "error")) {
            store.write(home(domid) + "/" + key, "", own);
        }
        store.write(vm(spec) + "/uuid", spec.uuid().toString());
        put(domid, "control/platform-feature-multiprocessor-suspend", "1");
        put(domid, "control/platform-feature-xs_reset_watches", "1");
        store.write(libxl(domid) + "/type", "pv");
        createSecond(spec, built);
        store.write(libxl(domid) + "/dm-version", "qemu_xen");
    }

    private void createSecond(final DomainSpec spec, final DomainBuilder.Built built) {
        final int domid = built.domid();
        put(domid, "memory/static-max", Long.toString(spec.maxMemory() << 10));
        put(domid, "memory/target", Long.toString(spec.memory() << 10));
        put(domid, "memory/videoram", "0");
        put(domid, "domid", Integer.toString(domid));
        put(domid, "store/port", Integer.toString(built.storePort()));
        put(domid, "store/ring-ref", Long.toString(built.storeMfn()));
        for (int v = 0; v < spec.maxVcpus(); v++) {
            put(domid, "cpu/" + v + "/availability", v < spec.vcpus() ? "online" : "offline");
        }
        store.write(vm(spec) + "/image/ostype", "linux");
        store.write(vm(spec) + "/image/kernel", spec.kernel());
        if (!spec.ramdisk().isEmpty()) {
            store.write(vm(spec) + "/image/ramdisk", spec.ramdisk());
        }
        if (!spec.commandLine().isEmpty()) {
            store.write(vm(spec) + "/image/cmdline", spec.commandLine());
        }
        final long now = System.currentTimeMillis();
        store.write(vm(spec) + "/start_time", String.format("%d.%02d", now / 1000, now % 1000 / 10));
    }

    private void put(final int domid, final String key, final String value) {
        store.write(home(domid) + "/" + key, value);
    }

    /** The console's nodes. */
    void createConsole(final DomainBuilder.Built built) {
        final int domid = built.domid();
        final Perms readable = Perms.of("n0", "r" + domid);
        final String front = home(domid) + "/console";
        final String back = home(0) + "/backend/console/" + domid + "/0";
        final String kept = libxl(domid) + "/device/console/0";
        store.mkdir(home(0) + "/backend/console", PRIVATE);
        store.mkdir(home(0) + "/backend/console/" + domid, PRIVATE);
        store.write(kept + "/frontend", front);
        store.write(kept + "/backend", back);
        store.mkdir(front, readable);
        store.write(front + "/backend", back);
        store.write(front + "/backend-id", "0", Perms.of("n" + domid, "r0"));
        store.write(front + "/limit", "1048576");
        store.write(front + "/type", "xenconsoled");
        store.write(front + "/output", "pty");
        store.write(front + "/tty", "");
        store.write(front + "/port", Integer.toString(built.consolePort()));
        store.write(front + "/ring-ref", Long.toString(built.consoleMfn()));
        store.mkdir(back, readable);
        store.write(back + "/frontend", front);
        for (final String dir : List.of(back, kept)) {
            store.write(dir + "/frontend-id", Integer.toString(domid));
            store.write(dir + "/online", "1");
            store.write(dir + "/state", "1");
            store.write(dir + "/protocol", "vt100");
        }
    }

    /** The nodes of one disk, both halves. */
    void createDisk(final int domid, final boolean bits64, final DiskSpec disk) {
        final Perms own = Perms.of("n" + domid, "r0");
        final Perms readable = Perms.of("n0", "r" + domid);
        final String front = home(domid) + "/device/vbd/" + disk.number();
        final String back = BlockBackend.ROOT + "/" + domid + "/" + disk.number();
        final String kept = libxl(domid) + "/device/vbd/" + disk.number();
        store.mkdir(home(domid) + "/device/vbd", readable);
        store.mkdir(BlockBackend.ROOT, PRIVATE);
        store.mkdir(BlockBackend.ROOT + "/" + domid, PRIVATE);
        store.write(kept + "/frontend", front);
        store.write(kept + "/backend", back);
        store.mkdir(front, own);
        store.write(front + "/backend", back);
        store.write(front + "/backend-id", "0");
        store.write(front + "/state", "1");
        store.write(front + "/virtual-device", Integer.toString(disk.number()));
        store.write(front + "/device-type", disk.cdrom() ? "cdrom" : "disk");
        store.write(front + "/trusted", "1");
        store.write(front + "/protocol", bits64 ? "x86_64-abi" : "x86_32-abi");
        store.mkdir(back, readable);
        store.write(back + "/frontend", front);
        describeDisk(back, domid, disk);
        describeDisk(kept, domid, disk);
    }

    private void describeDisk(final String dir, final int domid, final DiskSpec disk) {
        store.write(dir + "/params", disk.target());
        store.write(dir + "/script", "/etc/xen/scripts/block");
        store.write(dir + "/frontend-id", Integer.toString(domid));
        store.write(dir + "/online", "1");
        store.write(dir + "/removable", disk.cdrom() ? "1" : "0");
        store.write(dir + "/bootable", "1");
        store.write(dir + "/state", "1");
        store.write(dir + "/dev", disk.vdev());
        store.write(dir + "/type", Files.isRegularFile(Path.of(disk.target())) ? "file" : "phy");
        store.write(dir + "/mode", disk.writable() ? "w" : "r");
        store.write(dir + "/device-type", disk.cdrom() ? "cdrom" : "disk");
        store.write(dir + "/discard-enable", disk.writable() && disk.discard() ? "1" : "0");
        store.write(dir + "/specification", "xen");
    }

    // ---- change and removal ----

    void rename(final int domid, final DomainSpec spec, final String name) {
        put(domid, "name", name);
        store.write(vm(spec) + "/name", name);
    }

    /** Removes the nodes of one disk. */
    void removeDisk(final int domid, final int number) {
        store.remove(BlockBackend.ROOT + "/" + domid + "/" + number);
        removeEmpty(BlockBackend.ROOT + "/" + domid);
        removeEmpty(BlockBackend.ROOT);
        store.remove(home(domid) + "/device/vbd/" + number);
        store.remove(libxl(domid) + "/device/vbd/" + number);
        removeEmpty(home(0) + "/backend");
    }

    /** Removes everything of a domain, whatever there is. */
    void remove(final int domid, final DomainSpec spec) {
        final String vm = store.read(home(domid) + "/vm");
        for (final String kind : store.list(home(0) + "/backend")) {
            store.remove(home(0) + "/backend/" + kind + "/" + domid);
            removeEmpty(home(0) + "/backend/" + kind);
        }
        removeEmpty(home(0) + "/backend");
        for (final String kind : store.list(home(0) + "/error/backend")) {
            store.remove(home(0) + "/error/backend/" + kind + "/" + domid);
            removeEmpty(home(0) + "/error/backend/" + kind);
        }
        removeEmpty(home(0) + "/error/backend");
        removeEmpty(home(0) + "/error");
        store.remove(home(domid));
        store.remove(libxl(domid));
        if (vm != null && vm.startsWith("/vm/")) {
            store.remove(vm);
        }
        if (spec != null) {
            store.remove(vm(spec));
        }
    }

    private void removeEmpty(final String path) {
        if (store.exists(path) && store.list(path).isEmpty()) {
            store.remove(path);
        }
    }

    String name(final int domid) {
        return store.read(home(domid) + "/name");
    }
}
