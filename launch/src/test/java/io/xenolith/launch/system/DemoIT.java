package io.xenolith.launch.system;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.Map;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** The command of the README's first page. */
class DemoIT
{
    @Test
    void endsWell() throws IOException, InterruptedException
    {
        final Script demo = Script.run(Map.of(), "demo").succeeded();
        assertTrue(demo.output().contains("demo: all as it should be"), demo.output());
    }
}
