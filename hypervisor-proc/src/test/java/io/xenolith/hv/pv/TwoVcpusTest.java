package io.xenolith.hv.pv;

import static io.xenolith.shm.abi.Hypercall.MMUEXT_OP;
import static io.xenolith.shm.abi.Hypercall.MMU_UPDATE;
import static io.xenolith.shm.abi.Hypercall.UPDATE_VA_MAPPING;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.hv.mm.Pte;
import io.xenolith.shm.Raw;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two vCPUs of one domain that work against each other on the same tables. */
class TwoVcpusTest {
    private static final long ARGS = 0x20000;
    private static final int PAGE = 0x70;
    private static final int ROUNDS = 500;
    private static final int WATCH_ROUNDS = 40;

    private PvTestRig rig;
    private PvVcpu second;

    @BeforeEach
    void build() throws IOException {
        rig = new PvTestRig(false, 2);
        rig.boot(PvTestRig.CODE);
        second = rig.domain.makeVcpu(1);
        second.environment().gate(new PvTestRig.Gate(second));
        assertEquals(0, second.space().setKernelRoot(rig.mfn(PvTestRig.L3_PFN)));
    }

    @AfterEach
    void remove() throws IOException {
        rig.close();
    }

    private long map(final long flags) {
        final long pte = Pte.of(rig.mfn(PAGE), flags);
        return rig.call(UPDATE_VA_MAPPING, PAGE * 4096L, pte & 0xffff_ffffL, pte >>> 32, 0);
    }

    private long ext(final int command) {
        rig.putInt32(ARGS, command);
        rig.putInt32(ARGS + 4, (int)rig.mfn(PAGE));
        rig.putInt32(ARGS + 8, 0);
        return rig.call(MMUEXT_OP, ARGS, 1, 0, 0x7ff0);
    }

    /**
     * One makes a page a table and a page again; the other stores to it all the time, also with translations that it should
     * have dropped. No store may arrive while it is a table.
     */
    @Test
    void noStoreReachesATableThroughTheOthersTranslations() throws InterruptedException {
        final AtomicReference<Throwable> defect = new AtomicReference<>();
        final AtomicLong stores = new AtomicLong();
        final Thread writer = Thread.ofPlatform().unstarted(() -> {
            try {
                write(stores);
            }
            catch (final Throwable t) {
                defect.set(t);
            }
        });
        writer.start();
        for (int i = 0; i < ROUNDS && defect.get() == null; i++) {
            final long seen = stores.get();
            while (stores.get() < seen + 2 && defect.get() == null) {
                Thread.onSpinWait(); // the other has a writable translation now
            }
            assertEquals(0, map(Pte.P));
            assertEquals(0, ext(0));
            watch("round " + i);
            assertEquals(0, ext(4));
            assertEquals(0, map(Pte.P | Pte.RW));
        }
        writer.interrupt();
        writer.join();
        assertEquals(null, defect.get());
    }

    private void write(final AtomicLong stores) {
        second.bindThread();
        long value = 0;
        while (!Thread.interrupted()) {
            try {
                second.memory().putLong(PAGE * 4096L + (value & 511) * 8, value++ << 1);
                stores.incrementAndGet();
            }
            catch (final GuestFault readOnly) {
                Thread.onSpinWait();
            }
        }
    }

    private void watch(final String context) {
        final long host = rig.machine.memory().addressOf(rig.mfn(PAGE));
        final long[] before = new long[512];
        for (int i = 0; i < 512; i++) {
            before[i] = Raw.getLong(host + i * 8L);
        }
        for (int n = 0; n < WATCH_ROUNDS; n++) {
            for (int i = 0; i < 512; i++) {
                assertEquals(before[i], Raw.getLong(host + i * 8L), context);
            }
        }
    }

    /** Both change the same tables; afterwards the counts are right. */
    @Test
    void countsAreRightAfterBothChangedTheSameTables() throws InterruptedException {
        final AtomicReference<Throwable> defect = new AtomicReference<>();
        final Thread other = Thread.ofPlatform().unstarted(() -> {
            try {
                second.bindThread();
                churn(second, 0x24000, 2);
            }
            catch (final Throwable t) {
                defect.set(t);
            }
        });
        other.start();
        churn(rig.vcpu, ARGS, 1);
        other.join();
        assertEquals(null, defect.get());
        second.space().release();
        new Recount(rig).check("after both");
    }

    private void churn(final PvVcpu v, final long args, final long seed) {
        final java.util.Random random = new java.util.Random(seed);
        for (int i = 0; i < 20_000; i++) {
            final int pfn = PAGE + random.nextInt(6);
            final int slotPfn = PAGE + random.nextInt(6);
            final long pte = random.nextInt(4) == 0 ? 0
                : Pte.of(rig.mfn(pfn), random.nextBoolean() ? Pte.P : Pte.P | Pte.RW);
            switch (random.nextInt(4)) {
                case 0, 1 -> v.environment().dispatcher().call(UPDATE_VA_MAPPING, slotPfn * 4096L,
                    pte & 0xffff_ffffL, pte >>> 32, 0, 0);
                case 2 -> {
                    rig.putInt64(args, rig.mfn(slotPfn) << 12 | random.nextInt(4) * 8);
                    rig.putInt64(args + 8, pte);
                    v.environment().dispatcher().call(MMU_UPDATE, args, 1, 0, 0x7ff0, 0);
                }
                default -> {
                    rig.putInt32(args, random.nextInt(2) == 0 ? random.nextInt(2) : 4);
                    rig.putInt32(args + 4, (int)rig.mfn(pfn));
                    v.environment().dispatcher().call(MMUEXT_OP, args, 1, 0, 0x7ff0, 0);
                }
            }
        }
    }
}
