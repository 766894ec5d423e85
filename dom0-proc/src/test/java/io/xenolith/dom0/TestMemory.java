package io.xenolith.dom0;

import java.lang.foreign.Arena;

/** Page-aligned, zeroed memory that stands in for frames of the machine. */
public final class TestMemory {
    private TestMemory() {
    }

    /** Address of {@code bytes} zero bytes, never freed. */
    public static long allocate(final long bytes) {
        return Arena.global().allocate(bytes, 4096).address();
    }
}
