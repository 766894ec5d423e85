package io.xenolith.dom0.toolstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Configurations as they come in a request. */
class DomainSpecTest {
    @TempDir
    private Path dir;

    private static Map<String, Object> minimal() {
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("name", "a");
        m.put("kernel", "/k");
        return m;
    }

    private static Map<String, Object> with(final String key, final Object value) {
        final Map<String, Object> m = minimal();
        m.put(key, value);
        return m;
    }

    @Test
    void defaultsAreXls() {
        final DomainSpec s = new DomainSpec(minimal());
        assertEquals(128, s.memory());
        assertEquals(1, s.vcpus());
        assertEquals(Action.DESTROY, s.action("on_poweroff"));
        assertEquals(Action.RESTART, s.action("on_reboot"));
        assertEquals(Action.DESTROY, s.action("on_crash"));
        assertEquals(Action.RENAME_RESTART, new DomainSpec(with("on_crash", "rename-restart")).action("on_crash"));
    }

    @Test
    void comesBackFromTheJournal() {
        final Map<String, Object> m = with("disk", List.of("file:/d,xvda,w"));
        m.put("memory", 64);
        final DomainSpec s = new DomainSpec(m);
        final DomainSpec again = DomainSpec.parse(s.json());
        assertEquals(s.json(), again.json());
        assertEquals(s.uuid(), again.uuid());
        assertEquals(64, again.memory());
    }

    @Test
    void refusesInASentence() {
        for (final Map<String, Object> wrong : List.of(with("name", ""), with("name", "7"), with("name", "a/b"),
                with("name", "Domain-0"), with("name", "-x"), with("kernel", ""), with("memory", "much"),
                with("memory", 0), with("vcpus", 99), with("uuid", "xyz"), with("on_crash", "explode"),
                with("vif", List.of("bridge=xenbr0")), with("maxmem", 5), with("cmdline", "x".repeat(9000)))) {
            final ToolstackException e = assertThrows(ToolstackException.class, () -> new DomainSpec(wrong));
            assertTrue(e.getMessage().endsWith("."), e.getMessage());
        }
    }

    @Test
    void disksAreTriedAtOnce() throws IOException {
        Files.write(dir.resolve("good"), new byte[512]);
        Files.write(dir.resolve("empty"), new byte[0]);
        assertEquals(1, disks("good,raw,xvda,w").size());
        refused("does not exist", "absent,raw,xvda,w");
        refused("is empty", "empty,raw,xvda,w");
        refused("cannot be opened", ",raw,xvda,w");
        refused("Two disks", "good,raw,xvda,w", "good,raw,xvda,r");
    }

    private List<?> disks(final String... lines) {
        return new DomainSpec(with("disk", java.util.Arrays.stream(lines).map(l -> dir + "/" + l).toList())).disks();
    }

    private void refused(final String words, final String... lines) {
        final ToolstackException e = assertThrows(ToolstackException.class, () -> disks(lines));
        assertTrue(e.getMessage().contains(words), e.getMessage());
    }
}
