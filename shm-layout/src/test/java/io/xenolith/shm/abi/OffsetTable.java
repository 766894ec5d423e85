package io.xenolith.shm.abi;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks the C compiler where the fields of Xen's public structures lie, for both ABIs, and keeps the answer as the
 * test resource {@code offsets.txt}.
 *
 * <p>The program made from {@code fields.txt} is only compiled to assembly text, never linked or run: each value
 * is an operand of an assembly comment. So {@code -m32} works without 32-bit libraries.
 *
 * <p>To make the table anew (needs a C compiler and libxen-dev):
 * <pre>
 *   mvn -pl shm-layout test-compile
 *   java -cp shm-layout/target/test-classes:shm-layout/target/classes io.xenolith.shm.abi.OffsetTable \
 *        shm-layout/src/test/resources/io/xenolith/shm/abi/offsets.txt
 * </pre>
 */
final class OffsetTable {
    /** Header whose presence means that the public headers are installed. */
    static final Path HEADER = Path.of("/usr/include/xen/xen.h");
    /** Stands for a field that an ABI does not have. */
    static final String ABSENT = "-";

    private static final String INTERFACE_VERSION = "0x00040e00";
    private static final String[] HEADERS = {
        "stddef.h", "stdint.h", "string.h", null, "xen/xen.h", "xen/errno.h", "xen/event_channel.h", "xen/memory.h",
        "xen/physdev.h", "xen/sched.h", "xen/vcpu.h", "xen/version.h", "xen/features.h", "xen/callback.h",
        "xen/nmi.h", "xen/elfnote.h", "xen/grant_table.h", "xen/io/ring.h", "xen/io/blkif.h", "xen/io/netif.h",
        "xen/io/console.h", "xen/io/xenbus.h", "xen/io/xs_wire.h"
    };
    private static final Pattern ANSWER = Pattern.compile("@@ (\\d+) (-?\\d+) @@");

    /**
     * A line of {@code fields.txt}.
     *
     * @param kind     offset, size or constant
     * @param java     class and field
     * @param c        C type, or expression of a constant
     * @param member32 member in the 32-bit ABI, {@link #ABSENT} for none
     * @param member64 member in the 64-bit ABI
     */
    record Claim(String kind, String java, String c, String member32, String member64) {
        boolean isIn(final int bits) {
            return !ABSENT.equals(bits == 32 ? member32 : member64);
        }

        String expression(final int bits) {
            return switch (kind) {
                case "offset" -> "offsetof(" + c + ", " + (bits == 32 ? member32 : member64) + ")";
                case "size" -> "sizeof(" + c + ")";
                case "constant" -> "(" + c + ")";
                default -> throw new IllegalArgumentException(kind);
            };
        }
    }

    private OffsetTable() {
    }

    public static void main(final String[] args) throws IOException, InterruptedException {
        Files.writeString(Path.of(args[0]), String.join("\n", make()) + "\n");
    }

    /** True when the table can be made here. */
    static boolean canMake() throws IOException, InterruptedException {
        if (!Files.exists(HEADER)) {
            return false;
        }
        try {
            compile(32, "");
            return true;
        } catch (IOException | IllegalStateException noCompilerForBoth) {
            return false;
        }
    }

    /** The kept table: Java field to {32-bit value, 64-bit value}. */
    static Map<String, String[]> kept() throws IOException {
        final Map<String, String[]> table = new LinkedHashMap<>();
        for (final String line : resource("offsets.txt")) {
            final String[] columns = line.split("\t");
            table.put(columns[0], new String[] {columns[1], columns[2]});
        }
        return table;
    }

    /** What the layout classes claim. */
    static List<Claim> claims() throws IOException {
        final List<Claim> claims = new ArrayList<>();
        for (final String line : resource("fields.txt")) {
            final String[] c = line.split("\t");
            claims.add(new Claim(c[0], c[1], c[2], c[3], c[4]));
        }
        return claims;
    }

    private static List<String> resource(final String name) throws IOException {
        try (InputStream in = OffsetTable.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                    .filter(l -> !l.isBlank() && !l.startsWith("#")).toList();
        }
    }

    /** The lines of the table, made by the compiler. */
    static List<String> make() throws IOException, InterruptedException {
        final List<Claim> claims = claims();
        final Map<Integer, String> v32 = values(claims, 32);
        final Map<Integer, String> v64 = values(claims, 64);
        final List<String> lines = new ArrayList<>();
        lines.add("# Made by OffsetTable from libxen-dev's headers: Java field, 32-bit value, 64-bit value.");
        for (int i = 0; i < claims.size(); i++) {
            lines.add(claims.get(i).java() + "\t" + v32.getOrDefault(i, ABSENT) + "\t"
                    + v64.getOrDefault(i, ABSENT));
        }
        return lines;
    }

    private static Map<Integer, String> values(final List<Claim> claims, final int bits)
            throws IOException, InterruptedException {
        final StringBuilder program = new StringBuilder();
        for (final String header : HEADERS) {
            program.append(header == null ? "#define __XEN_INTERFACE_VERSION__ " + INTERFACE_VERSION
                    : "#include <" + header + ">").append('\n');
        }
        for (int i = 0; i < claims.size(); i++) {
            if (claims.get(i).isIn(bits)) {
                program.append("void f").append(i).append("(void){__asm__(\"@@ ").append(i)
                        .append(" %c0 @@\" : : \"i\"((long long)(").append(claims.get(i).expression(bits))
                        .append(")));}\n");
            }
        }
        final Map<Integer, String> values = new LinkedHashMap<>();
        final Matcher m = ANSWER.matcher(compile(bits, program.toString()));
        while (m.find()) {
            values.put(Integer.valueOf(m.group(1)), m.group(2));
        }
        return values;
    }

    /** Compiles a program to assembly text. */
    private static String compile(final int bits, final String program) throws IOException, InterruptedException {
        final Path source = Files.createTempFile("offsets", ".c");
        final Path output = Files.createTempFile("offsets", ".s");
        try {
            Files.writeString(source, program);
            final Process cc = new ProcessBuilder("cc", "-m" + bits, "-ffreestanding", "-O1", "-fno-pic", "-S", "-o",
                    output.toString(), source.toString()).redirectErrorStream(true).start();
            final String messages = new String(cc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (cc.waitFor() != 0) {
                throw new IllegalStateException("cc -m" + bits + ":\n" + messages);
            }
            return Files.readString(output);
        } finally {
            Files.delete(source);
            Files.delete(output);
        }
    }
}
