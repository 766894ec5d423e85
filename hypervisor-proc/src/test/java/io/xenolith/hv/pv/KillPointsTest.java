package io.xenolith.hv.pv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.Processes;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.FrameRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A domain's process killed at each of the points that its memory management passes: the frames it leaves behind still say
 * whose they are, and no other frame has been touched, which is all that the sweep by owner needs.
 */
class KillPointsTest {
    private static final int KILLED = 128 + Processes.SIGKILL;

    @ParameterizedTest
    @EnumSource(value = KillPoint.class, mode = EnumSource.Mode.MATCH_ANY,
        names = {"M2P_BEFORE_.*", "FRAME_BEFORE_.*", "TABLE_BEFORE_.*", "VCPU_BEFORE_.*", "MAGAZINE_BEFORE_.*", "DOMAIN_BEFORE_PAGES",
            "DOMAIN_BEFORE_SETTING", "DOMAIN_BEFORE_CRASH_REPORT"})
    void whatIsLeftBehindCanBeSwept(final KillPoint point) throws Exception {
        final MachineDir dir = new MachineDir(PvTestRig.freshDirectory());
        try {
            assertEquals(KILLED, start(point, dir.path()).waitFor(), () -> point + " was not reached");
            check(Machine.attachDead(dir));
        }
        finally {
            dir.delete();
        }
    }

    private static Process start(final KillPoint point, final Path directory) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + Path.of(System.getProperty("xenolith.root"), "launch", "jvm.args"));
        command.add("-D" + KillPoint.PROPERTY + "=" + point);
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(KillScenario.class.getName());
        command.add(directory.toString());
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static void check(final Machine machine) {
        int its = 0;
        for (long mfn = 1; mfn < machine.hv().frames(); mfn++) {
            final long frame = machine.hv().frame(mfn);
            final long owner = Raw.getLong(frame + FrameRecord.OWNER);
            if (FrameRecord.domid(owner) == PvTestRig.DOMID) {
                its++;
                final int state = FrameRecord.state(owner);
                assertTrue(state == FrameRecord.STATE_OWNED || state == FrameRecord.STATE_SHARED
                    || state == FrameRecord.STATE_MAGAZINE, "frame " + mfn + " is in state " + state);
            }
            else {
                assertEquals(0, Raw.getLong(frame + FrameRecord.TYPE_INFO), "type of a frame of nobody: " + mfn);
                assertEquals(0, Raw.getInt(frame + FrameRecord.REFS), "references to a frame of nobody: " + mfn);
            }
        }
        assertTrue(its >= PvTestRig.PAGES, "frames still have their owner: " + its);
    }
}
