package io.xenolith.dom0.toolstack;

import com.fasterxml.jackson.jr.ob.JSON;

import io.xenolith.dom0.blkback.BlockFile;
import io.xenolith.dom0.blkback.DiskSpec;
import io.xenolith.dom0.builder.DomainBuilder;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * A domain's configuration under the keys of xl.cfg, as {@code create} receives it: checked, and kept as long as the
 * domain lives, so that it can be made again.
 */
final class DomainSpec {
    private static final int MAX_NAME = 100;
    private static final int MAX_JSON = 8 << 10;
    private static final long DEFAULT_MEMORY = 128;

    private final Map<String, Object> map;

    /** @throws ToolstackException when something is missing or makes no sense */
    DomainSpec(final Map<String, Object> map) {
        this.map = new LinkedHashMap<>(map);
        this.map.putIfAbsent("uuid", UUID.randomUUID().toString());
        if (text("uuid").isEmpty()) {
            this.map.put("uuid", UUID.randomUUID().toString());
        }
        check();
    }

    /** Reads what {@link #json} gave. */
    static DomainSpec parse(final String json) {
        try {
            return new DomainSpec(JSON.std.mapFrom(json));
        } catch (final IOException e) {
            throw new IllegalStateException("a domain's configuration in the journal is damaged", e);
        }
    }

    private void check() {
        if (json().length() > MAX_JSON) {
            throw new ToolstackException("The configuration of " + name() + " is too long.");
        }
        checkName(name());
        if (text("kernel").isEmpty()) {
            throw new ToolstackException("The configuration of " + name() + " names no kernel.");
        }
        number("memory", DEFAULT_MEMORY, 1, 1 << 24);
        number("maxmem", memory(), memory(), 1 << 24);
        number("vcpus", 1, 1, 32);
        number("maxvcpus", vcpus(), vcpus(), 32);
        try {
            uuid();
        } catch (final IllegalArgumentException e) {
            throw new ToolstackException("The uuid '" + text("uuid") + "' is none.");
        }
        if (!list("vif").isEmpty()) {
            throw new ToolstackException("The domain " + name() + " wants a network interface (vif), which we lack.");
        }
        for (final String key : List.of("on_poweroff", "on_reboot", "on_crash", "on_watchdog")) {
            action(key);
        }
    }

    /** @throws ToolstackException when a domain cannot be called that */
    static void checkName(final String name) {
        if (name.isEmpty() || name.length() > MAX_NAME || name.startsWith(".") || name.startsWith("-")
                || !name.matches("[-A-Za-z0-9_.:+@ ]+")) {
            throw new ToolstackException("'" + name + "' cannot be a domain's name; use letters, digits and -_.:+@.");
        }
        if (name.equals("Domain-0") || name.matches("\\d+")) {
            throw new ToolstackException("'" + name + "' cannot be a domain's name: it means another domain.");
        }
    }

    private String text(final String key) {
        final Object v = map.get(key);
        return v == null ? "" : v.toString();
    }

    private List<String> list(final String key) {
        return map.get(key) instanceof final List<?> l ? l.stream().map(String::valueOf).toList() : List.of();
    }

    private long number(final String key, final long otherwise, final long least, final long most) {
        final Object v = map.get(key);
        final long n;
        try {
            n = v == null || v.toString().isEmpty() ? otherwise : Long.parseLong(v.toString());
        } catch (final NumberFormatException e) {
            throw new ToolstackException("The value of '" + key + "' is no number: " + v + ".");
        }
        if (n < least || n > most) {
            throw new ToolstackException("The value of '" + key + "' must lie between " + least + " and " + most
                    + ", not " + n + ".");
        }
        return n;
    }

    String name() {
        return text("name");
    }

    UUID uuid() {
        return UUID.fromString(text("uuid"));
    }

    String kernel() {
        return text("kernel");
    }

    String ramdisk() {
        return text("ramdisk");
    }

    String commandLine() {
        return text("cmdline");
    }

    long memory() {
        return number("memory", DEFAULT_MEMORY, 1, 1 << 24);
    }

    long maxMemory() {
        return number("maxmem", memory(), 1, 1 << 24);
    }

    int vcpus() {
        return (int) number("vcpus", 1, 1, 32);
    }

    int maxVcpus() {
        return (int) number("maxvcpus", vcpus(), 1, 32);
    }

    boolean isPaused() {
        return Boolean.TRUE.equals(map.get("paused"));
    }

    /** What to do when the domain ends; {@code key} is one of the {@code on_} keys. */
    Action action(final String key) {
        final String name = text(key);
        return Action.of(name.isEmpty() ? key.equals("on_reboot") ? "restart" : "destroy" : name);
    }

    /**
     * The disks, each checked to be there and to open.
     *
     * @throws ToolstackException with the sentence of the first that is not usable
     */
    List<DiskSpec> disks() {
        final List<DiskSpec> disks = new ArrayList<>();
        final Set<Integer> numbers = new HashSet<>();
        for (final String line : list("disk")) {
            final DiskSpec d = checkedDisk(line, text("directory"));
            if (!numbers.add(d.number())) {
                throw new ToolstackException("Two disks of " + name() + " have the virtual device " + d.vdev() + ".");
            }
            disks.add(d);
        }
        return disks;
    }

    /** Reads one disk specification, relative paths below {@code directory}, and tries the disk. */
    static DiskSpec checkedDisk(final String line, final String directory) {
        try {
            final DiskSpec d = DiskSpec.parse(line).relativeTo(Path.of(directory));
            if (!d.target().isEmpty()) {
                BlockFile.open(Path.of(d.target()), d.writable()).close();
            }
            return d;
        } catch (final DiskSpec.DiskSpecException | IOException | java.nio.file.InvalidPathException e) {
            throw new ToolstackException(e.getMessage());
        }
    }

    /** What the builder needs. */
    DomainBuilder.Plan plan() {
        return new DomainBuilder.Plan(Path.of(kernel()), ramdisk().isEmpty() ? null : Path.of(ramdisk()), commandLine(),
                memory(), maxMemory(), maxVcpus(), uuid());
    }

    /** The same under another name or uuid. */
    DomainSpec with(final String key, final Object value) {
        final Map<String, Object> m = new LinkedHashMap<>(map);
        m.put(key, value);
        return new DomainSpec(m);
    }

    /** The whole as JSON. */
    String json() {
        try {
            return JSON.std.asString(map);
        } catch (final IOException e) {
            throw new IllegalStateException("configuration not expressible in JSON", e);
        }
    }

    /** The form in which {@code xl list -l} shows it. */
    Map<String, Object> shown() {
        final Map<String, Object> c = new LinkedHashMap<>();
        c.put("type", "pv");
        c.put("name", name());
        c.put("uuid", text("uuid"));
        c.put("run_hotplug_scripts", "True");
        final Map<String, Object> b = new LinkedHashMap<>();
        b.put("max_vcpus", maxVcpus());
        b.put("avail_vcpus", java.util.stream.IntStream.range(0, vcpus()).boxed().toList());
        b.put("max_memkb", maxMemory() << 10);
        b.put("target_memkb", memory() << 10);
        b.put("video_memkb", 0);
        b.put("kernel", kernel());
        putUnlessEmpty(b, "cmdline", commandLine());
        putUnlessEmpty(b, "ramdisk", ramdisk());
        b.put("type.pv", Map.of());
        final List<Object> disks = new ArrayList<>();
        for (final String line : list("disk")) {
            disks.add(shownDisk(DiskSpec.parse(line)));
        }
        final Map<String, Object> all = new LinkedHashMap<>();
        all.put("c_info", c);
        all.put("b_info", b);
        all.put("disks", disks);
        for (final String key : List.of("on_poweroff", "on_reboot", "on_crash", "on_watchdog")) {
            putUnlessEmpty(all, key, text(key));
        }
        return all;
    }

    private static Map<String, Object> shownDisk(final DiskSpec d) {
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("pdev_path", d.target());
        m.put("vdev", d.vdev());
        m.put("format", "raw");
        m.put("readwrite", d.writable() ? 1 : 0);
        return m;
    }

    private static void putUnlessEmpty(final Map<String, Object> m, final String key, final String value) {
        if (!value.isEmpty()) {
            m.put(key, value);
        }
    }
}
