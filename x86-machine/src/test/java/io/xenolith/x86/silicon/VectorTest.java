package io.xenolith.x86.silicon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.Instructions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Differences of the past, replayed on the model alone: needs no child and no particular host. */
class VectorTest {
    private static final int BEFORE = 0;
    private static final int SILICON = CaseLayout.HALF_BYTES;
    private static final int MODEL = 2 * CaseLayout.HALF_BYTES;

    private final Plan plan = new Plan(Instructions.table(), null);
    private final ChildProgram child = new ChildProgram();
    private final Model model = new Model(Instructions.table(), child);
    private final PrivateMemory memory = new PrivateMemory(2);
    private final Comparer comparer = new Comparer(child);

    @Test
    void everyKeptVectorAgrees() throws IOException {
        final List<String> wrong = new ArrayList<>();
        int count = 0;
        for (final String line : lines()) {
            final List<String> difference = replay(Vector.read(line));
            if (difference != null) {
                wrong.add(line + "\n  " + String.join("\n  ", difference));
            }
            count++;
        }
        assertEquals(List.of(), wrong);
        assertTrue(count > 20, "vectors read: " + count);
    }

    private static List<String> lines() throws IOException {
        try (InputStream in = VectorTest.class.getResourceAsStream("vectors.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(s -> !s.startsWith("#")).toList();
        }
    }

    private List<String> replay(final Vector v) {
        final Case c = v.toCase(plan);
        final long base = memory.addressOf(0);
        for (final int offset : Vector.words()) {
            final long before = v.before.getOrDefault(offset, Vector.usual(offset));
            Raw.putLong(base + BEFORE + offset, before);
            Raw.putLong(base + SILICON + offset, v.after.getOrDefault(offset, Vector.unchanged(offset, before)));
        }
        model.run(base + BEFORE, base + MODEL, c.codeOffset, c.code, c.length, c.blocks);
        return comparer.compare(c, base + BEFORE, base + SILICON, base + MODEL);
    }
}
