package io.xenolith.x86.bare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.x86.system.BareMetal;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The same bare images under QEMU and under {@link BareMetal}: equal logs, line by line. */
class QemuComparisonTest {
    private static final String CPU = System.getProperty("xenolith.qemu.cpu", "qemu64,-lm,-syscall");
    private static final int PHYSICAL_BITS = 36;
    private static final int EXIT_STATUS = 0x21 << 1 | 1;

    @Test
    void segmentLoads() {
        compare(SegmentScenarios::loads);
    }

    @Test
    void descriptorQueries() {
        compare(SegmentScenarios::queries);
    }

    @Test
    void farJumpsAndCalls() {
        compare(TransferScenarios::jumpsAndCalls);
    }

    @Test
    void callGateRoundTrips() {
        compare(TransferScenarios::gateRoundTrips);
    }

    @Test
    void farReturnsAndIret() {
        compare(TransferScenarios::returns);
    }

    @Test
    void flagsAfterIret() {
        compare(TransferScenarios::returnedFlags);
    }

    @Test
    void interruptGates() {
        compare(TransferScenarios::interruptGates);
    }

    @Test
    void softwareInterrupts() {
        compare(TransferScenarios::softwareInterrupts);
    }

    @Test
    void taskSwitches() {
        compare(TaskScenarios::switches);
    }

    @Test
    void brokenTasks() {
        compare(TaskScenarios::brokenTasks);
    }

    @Test
    void taskReturns() {
        compare(TaskScenarios::returns);
    }

    @Test
    void doubleFaults() {
        compare(TaskScenarios::doubleFaults);
    }

    @Test
    void innerStacks() {
        compare(TaskScenarios::innerStacks);
    }

    @Test
    void tableLoads() {
        compare(TaskScenarios::tableLoads);
    }

    @Test
    void legacyPaging() {
        compare(PagingScenarios::legacy);
    }

    @Test
    void paePaging() {
        compare(PagingScenarios::pae);
    }

    @Test
    void privilegedInstructions() {
        compare(SystemScenarios::privileged);
    }

    @Test
    void controlRegisters() {
        compare(SystemScenarios::controlRegisters);
    }

    @Test
    void ports() {
        compare(SystemScenarios::ports);
    }

    @Test
    void debugging() {
        compare(SystemScenarios::debugging);
    }

    private static void compare(final Consumer<BareKernel> scenarios) {
        final BareKernel kernel = new BareKernel();
        scenarios.accept(kernel);
        final byte[] image = kernel.image();
        final QemuSystem.Outcome theirs = QemuSystem.run(image, CPU);
        assertEquals(EXIT_STATUS, theirs.status(), () -> "QEMU must reach the end; its log: "
            + theirs.log().substring(Math.max(0, theirs.log().length() - 1500)));
        final BareRun.Outcome ours = BareRun.run(image, PHYSICAL_BITS);
        assertSameLog(theirs.log(), ours.log());
        assertEquals(BareMetal.Stop.EXIT, ours.stop());
        assertEquals(EXIT_STATUS, ours.status());
    }

    private static void assertSameLog(final String theirs, final String ours) {
        final String[] t = theirs.split("\n");
        final String[] o = ours.split("\n");
        final StringBuilder differences = new StringBuilder();
        String heading = "";
        int count = 0;
        for (int n = 0; n < Math.max(t.length, o.length) && count < 40; n++) {
            final String a = n < t.length ? t[n] : "(end)";
            final String b = n < o.length ? o[n] : "(end)";
            heading = a.startsWith(" ") || a.startsWith("v=") ? heading : a;
            if (!a.equals(b)) {
                count++;
                differences.append(heading).append("\n   qemu ").append(a).append("\n   ours ").append(b).append('\n');
            }
        }
        assertEquals("", differences.toString());
    }
}
