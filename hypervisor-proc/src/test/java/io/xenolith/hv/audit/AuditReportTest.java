package io.xenolith.hv.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AuditReportTest {
    private static final Finding ONE = new Finding(FindingKind.FRAME_REFS, "frame 7", "its \"count\" is 3\nof 2");

    @Test
    void aCleanMachineSaysSo() {
        assertEquals("clean\n", Audit.report(List.of(), false));
        assertEquals("", Audit.report(List.of(), true));
    }

    @Test
    void findingsAreOneLineEach() {
        final Finding two = new Finding(FindingKind.PORT_PEER, "domain 1 port 2", "alone");
        assertEquals("port-peer: domain 1 port 2: alone\n1 finding\n", Audit.report(List.of(two), false));
    }

    @Test
    void jsonIsEscapedAndOnOneLine() {
        assertEquals("{\"kind\":\"frame-refs\",\"subject\":\"frame 7\",\"sentence\":\"its \\\"count\\\" is 3\\u000aof 2\"}\n",
            Audit.report(List.of(ONE), true));
    }

    @Test
    void labelsAreDistinct() {
        final Set<String> labels = new HashSet<>();
        for (final FindingKind k : FindingKind.values()) {
            assertTrue(labels.add(k.label()), k.label());
        }
    }

    @Test
    void aMachineWrongEverywhereDoesNotFillTheMemory() {
        final Findings f = new Findings();
        for (int i = 0; i < Findings.MAX + 10; i++) {
            f.add(FindingKind.FRAME_REFS, "frame " + i, "wrong");
        }
        assertEquals(Findings.MAX, f.list().size());
    }
}
