package io.xenolith.dom0.toolstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.dom0.Rig;
import io.xenolith.dom0.TestMemory;
import io.xenolith.dom0.blkback.DiskSpec;
import io.xenolith.dom0.builder.DomainBuilder;
import io.xenolith.dom0.xenstore.LocalStore;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The store after a creation, beside the store of real Xen 4.17 with a domain of the same configuration
 * ({@code xenstore-ls -fp}; its network device left out).
 */
class DomainNodesTest {
    private static final long JOURNAL = 1 << 20;

    @TempDir
    private Path dir;
    private Rig rig;
    private LocalStore store;
    private DomainNodes nodes;
    private DomainSpec spec;
    private DomainBuilder.Built built;
    private Path disk;

    @BeforeEach
    void start() throws IOException {
        rig = new Rig(TestMemory.allocate(Rig.bytes(JOURNAL)), JOURNAL, dir).start();
        store = rig.store.local();
        nodes = new DomainNodes(store);
        disk = dir.resolve("disk");
        Files.write(disk, new byte[4096]);
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("name", "xsl");
        m.put("uuid", "f2ef4113-9b90-450f-9ed8-4c89ccd61ebe");
        m.put("kernel", "/payload/vmlinux");
        m.put("ramdisk", "/payload/domu-initrd.img");
        m.put("cmdline", "console=hvc0 quiet rig=blk rig=net");
        m.put("memory", 256);
        spec = new DomainSpec(m);
        built = new DomainBuilder.Built(4, 1, true, 2041857, 1, 2041858, 2, false);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void create() {
        nodes.prepareMachine();
        nodes.create(spec, built);
        nodes.createDisk(4, true, DiskSpec.parse("phy:" + disk + ",xvda,r"));
        rig.settle();
        nodes.createConsole(built);
        rig.settle();
    }

    private List<String> dump() {
        final List<String> all = new ArrayList<>();
        walk("/", all);
        return all;
    }

    private void walk(final String path, final List<String> all) {
        if (!path.equals("/")) {
            all.add(path + " = \"" + store.read(path) + "\"   (" + store.perms(path) + ")");
        }
        for (final String child : store.list(path)) {
            walk(path.equals("/") ? "/" + child : path + "/" + child, all);
        }
    }

    @Test
    void looksAsOnRealXen() throws IOException {
        create();
        final String golden;
        try (InputStream in = DomainNodesTest.class.getResourceAsStream("xenstore-paused.txt")) {
            golden = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        // What differs for a reason: a file needs no loop device, there is no pseudo-terminal, time passes.
        final List<String> expected = golden.lines()
                .filter(l -> !l.contains("/physical-device =") && !l.contains("/start_time"))
                .map(l -> l.replace("/dev/loop5", disk.toString()).replace("type = \"phy\"", "type = \"file\"")
                        .replace("/dev/pts/0", "")).toList();
        final List<String> actual = dump().stream().filter(l -> !l.contains("/start_time")).toList();
        assertEquals(String.join("\n", expected), String.join("\n", actual));
    }

    @Test
    void removalLeavesNothing() {
        nodes.prepareMachine();
        final List<String> before = dump();
        create();
        nodes.remove(4, spec);
        rig.settle();
        assertEquals(before, dump());
        assertEquals(0, rig.ports.open());
        assertTrue(rig.blocks.statistics(4).isEmpty());
    }
}
