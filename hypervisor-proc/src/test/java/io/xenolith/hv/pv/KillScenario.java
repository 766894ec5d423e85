package io.xenolith.hv.pv;

import static io.xenolith.shm.abi.Hypercall.MEMORY_OP;
import static io.xenolith.shm.abi.Hypercall.MMUEXT_OP;
import static io.xenolith.shm.abi.Hypercall.SET_GDT;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING;
import static io.xenolith.shm.abi.Hypercall.VM_ASSIST;

import io.xenolith.hv.mm.Pte;
import java.io.IOException;
import java.nio.file.Path;

/** Child of {@link KillPointsTest}: a domain that passes every kill point of its own process. */
public final class KillScenario {
    private static final long ARGS = 0x20000;
    private static final long SELF = 0x7ff0;
    private static final int PAGE = 0x70;

    private final PvTestRig rig;

    private KillScenario(final Path directory) throws IOException {
        rig = new PvTestRig(false, 1, directory);
    }

    /** @param args the directory for the machine. */
    public static void main(final String[] args) throws IOException {
        final KillScenario scenario = new KillScenario(Path.of(args[0]));
        scenario.run();
        scenario.rig.close();
    }

    private void run() {
        rig.boot(PvTestRig.CODE);
        rig.call(VM_ASSIST, 0, 2);
        readOnly(PAGE, Pte.P);
        ext(0, rig.mfn(PAGE), 0);
        ext(4, rig.mfn(PAGE), 0);
        rig.putInt32(ARGS, (int)rig.mfn(PAGE));
        rig.call(SET_GDT, ARGS, 16);
        rig.call(SET_GDT, ARGS, 0);
        ext(13, PAGE * 4096L, 16);
        ext(5, rig.mfn(PvTestRig.L3_PFN), 0);
        balloon();
        rig.load(PvTestRig.CODE, new byte[] {0x0f, 0x0b});
        rig.run();
    }

    private void balloon() {
        rig.call(UPDATE_VA_MAPPING, PAGE * 4096L, 0, 0, 0);
        reservation(1, rig.mfn(PAGE));
        reservation(6, PAGE);
    }

    private void reservation(final int operation, final long extent) {
        final int[] words = {(int)ARGS + 0x40, 1, 0, 0, 0x7ff0};
        for (int i = 0; i < words.length; i++) {
            rig.putInt32(ARGS + i * 4L, words[i]);
        }
        rig.putInt32(ARGS + 0x40, (int)extent);
        if (rig.call(MEMORY_OP, operation, ARGS) != 1) {
            throw new AssertionError("memory_op " + operation);
        }
    }

    private void readOnly(final int pfn, final long flags) {
        final long pte = Pte.of(rig.mfn(pfn), flags);
        rig.call(UPDATE_VA_MAPPING, pfn * 4096L, pte & 0xffff_ffffL, pte >>> 32, 0);
    }

    private void ext(final int command, final long arg1, final long arg2) {
        rig.putInt32(ARGS, command);
        rig.putInt32(ARGS + 4, (int)arg1);
        rig.putInt32(ARGS + 8, (int)arg2);
        if (rig.call(MMUEXT_OP, ARGS, 1, 0, SELF) != 0) {
            throw new AssertionError("mmuext_op " + command);
        }
    }
}
