package io.xenolith.shm.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The layout classes against the C compiler's view of Xen's public headers. */
class AbiLayoutTest {
    private static final String PACKAGE = "io.xenolith.shm.abi.";

    /** Where a compiler and the headers are present, the kept table must be what they say today. */
    @Test
    void keptTableIsWhatTheCompilerSays() throws IOException, InterruptedException {
        final List<String> kept = new ArrayList<>();
        OffsetTable.kept().forEach((name, v) -> kept.add(name + "\t" + v[0] + "\t" + v[1]));
        if (!OffsetTable.canMake()) {
            System.out.println("no C compiler with -m32 and -m64, or no libxen-dev: the kept table is used as it is");
            assertEquals(OffsetTable.claims().size(), kept.size());
            return;
        }
        final List<String> made = OffsetTable.make();
        final List<String> changed = new ArrayList<>(made.subList(1, made.size()));
        changed.removeAll(kept);
        assertEquals(List.of(), changed, "lines the compiler says differently: make offsets.txt anew (OffsetTable)");
        assertEquals(made.size() - 1, kept.size());
    }

    @Test
    void everyFieldLiesWhereTheCompilerPutsIt() throws IOException, ReflectiveOperationException {
        final Map<String, String[]> table = OffsetTable.kept();
        final List<String> wrong = new ArrayList<>();
        for (final OffsetTable.Claim claim : OffsetTable.claims()) {
            final String[] expected = table.get(claim.java());
            compare(claim.java(), Abi.X32, expected[0], wrong);
            compare(claim.java(), Abi.X64, expected[1], wrong);
        }
        assertEquals(List.of(), wrong);
        assertTrue(table.size() > 800, "the table is whole");
    }

    private static void compare(final String java, final Abi abi, final String expected, final List<String> wrong)
            throws ReflectiveOperationException {
        final int dot = java.lastIndexOf('.');
        final Class<?> type = Class.forName(PACKAGE + java.substring(0, dot).replace('.', '$'));
        final String name = java.substring(dot + 1);
        final boolean perAbi = hasField(type, name) && !Modifier.isStatic(type.getDeclaredField(name).getModifiers());
        if (OffsetTable.ABSENT.equals(expected) && !perAbi) {
            return; // one constant serves: the structure, or the constant, exists in one ABI only
        }
        final int actual = perAbi ? type.getDeclaredField(name).getInt(type.getField(abi.name()).get(null))
                : type.getDeclaredField(constantName(type, name)).getInt(null);
        final String shown = actual == Struct.ABSENT && perAbi ? OffsetTable.ABSENT : Integer.toString(actual);
        if (!shown.equals(expected)) {
            wrong.add(java + " in " + abi + ": " + shown + ", the compiler says " + expected);
        }
    }

    private static boolean hasField(final Class<?> type, final String name) {
        return Stream.of(type.getDeclaredFields()).anyMatch(f -> f.getName().equals(name));
    }

    /** Fields are named in camel case in the table, and are constants in classes that serve both ABIs. */
    private static String constantName(final Class<?> type, final String name) {
        return hasField(type, name) ? name : name.replaceAll("([A-Z])", "_$1").toUpperCase(java.util.Locale.ROOT);
    }

    /** A field that nobody compares would be a field that nobody has checked. */
    @Test
    void everyPublicNumberIsInTheTable() throws Exception {
        final TreeSet<String> claimed = new TreeSet<>();
        for (final OffsetTable.Claim c : OffsetTable.claims()) {
            final int dot = c.java().lastIndexOf('.');
            final Class<?> type = Class.forName(PACKAGE + c.java().substring(0, dot).replace('.', '$'));
            final String name = c.java().substring(dot + 1);
            claimed.add(c.java().substring(0, dot + 1) + constantName(type, name));
        }
        final TreeSet<String> present = new TreeSet<>();
        for (final Class<?> type : layoutClasses()) {
            for (final Field f : type.getDeclaredFields()) {
                if (Modifier.isPublic(f.getModifiers()) && f.getType() == int.class) {
                    present.add(type.getName().substring(PACKAGE.length()).replace('$', '.') + '.' + f.getName());
                }
            }
        }
        assertEquals(claimed, present);
    }

    private static List<Class<?>> layoutClasses() throws IOException, URISyntaxException, ClassNotFoundException {
        final Path dir = Path.of(Abi.class.getResource("Abi.class").toURI()).getParent();
        final List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> files = Files.list(dir)) {
            for (final Path p : (Iterable<Path>) files::iterator) {
                final String name = p.getFileName().toString().replace(".class", "");
                if (!name.equals("package-info") && !name.endsWith("Test") && !name.startsWith("OffsetTable")) {
                    types.add(Class.forName(PACKAGE + name));
                }
            }
        }
        return types;
    }

    @Test
    void sizesThatTheAbiFixes() {
        assertEquals(0x40, VcpuInfo.X32.length);
        assertEquals(0x40, VcpuInfo.X64.length);
        assertEquals(0x458, StartInfo.X32.length);
        assertEquals(0x490, StartInfo.X64.length);
        assertEquals(2800, VcpuGuestContext.X32.length);
        assertEquals(5168, VcpuGuestContext.X64.length);
        assertEquals(112, BlkifRequest.X64.length);
        assertEquals(108, BlkifRequest.X32.length);
        assertEquals(1024, Abi.X32.twoLevelPorts());
        assertEquals(4096, Abi.X64.twoLevelPorts());
    }
}
