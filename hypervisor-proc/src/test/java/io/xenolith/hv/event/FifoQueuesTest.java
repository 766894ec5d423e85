package io.xenolith.hv.event;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenolith.hv.audit.Audit;
import io.xenolith.hv.audit.AuditRig;
import io.xenolith.hv.audit.Finding;
import io.xenolith.hv.audit.FindingKind;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.hv.frames.FrameType;
import io.xenolith.hv.hypercall.CallerFrames;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.EvtchnRecord;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FifoQueuesTest {
    private static final int PENDING = 1 << 31;
    private static final int MASKED = 1 << 30;
    private static final int LINKED = 1 << 29;
    private static final int CONTROL = AuditRig.UNMAPPED + 20;
    private static final int ARRAY = AuditRig.UNMAPPED + 21;
    private static final int OFFSET = 128;

    private AuditRig rig;
    private EventChannels channels;
    private OwnEvents own;
    private Holds frames;

    /** References as a domain's process takes them. */
    private static final class Holds implements CallerFrames {
        private final AuditRig.Guest guest;

        Holds(final AuditRig.Guest guest) {
            this.guest = guest;
        }

        @Override
        public int getWritable(final long mfn) {
            return guest.tables.getFrameAndType(mfn, FrameType.WRITABLE);
        }

        @Override
        public void putWritable(final long mfn) {
            guest.tables.putFrameAndType(mfn);
        }

        @Override
        public int mapGranted(final long hostAddress, final boolean containsPte, final long mfn, final boolean writable,
            final boolean user, final long available) {
            throw new AssertionError();
        }

        @Override
        public int unmapGranted(final long hostAddress, final boolean containsPte, final long mfn,
            final boolean writable, final long replacement) {
            throw new AssertionError();
        }

        @Override
        public int steal(final long mfn) {
            throw new AssertionError();
        }

        @Override
        public void unsteal(final long mfn) {
            throw new AssertionError();
        }
    }

    @BeforeEach
    void build() throws Exception {
        rig = new AuditRig();
        rig.hypervisor.startServing();
        channels = new EventChannels(rig.machine);
        own = new OwnEvents(rig.machine, channels, rig.a.domid);
        frames = new Holds(rig.a);
    }

    @AfterEach
    void remove() throws Exception {
        rig.close();
    }

    private void start() {
        assertEquals(0, own.initControl(frames, rig.a.mfns[CONTROL], OFFSET, 0));
        assertEquals(0, own.expandArray(frames, rig.a.mfns[ARRAY]));
    }

    private long address(final int pfn) {
        return rig.machine.memory().addressOf(rig.a.mfns[pfn]);
    }

    private int word(final int port) {
        return Raw.getInt(address(ARRAY) + port * 4L);
    }

    private int ready() {
        return Raw.getInt(address(CONTROL) + OFFSET);
    }

    private int head(final int priority) {
        return Raw.getInt(address(CONTROL) + OFFSET + 8 + priority * 4L);
    }

    private void arrive(final int port) {
        channels.raise(rig.a.domid, port);
        own.derive(0);
    }

    @Test
    void badControlBlocksAreRefused() {
        assertEquals(-Errno.EINVAL, own.initControl(frames, rig.b.mfns[5], 0, 0));
        assertEquals(-Errno.EINVAL, own.initControl(frames, rig.a.mfns[AuditRig.L1], 0, 0));
        assertEquals(-Errno.EINVAL, own.initControl(frames, rig.a.mfns[CONTROL], 4, 0));
        assertEquals(-Errno.EINVAL, own.initControl(frames, rig.a.mfns[CONTROL], 4096 - 64, 0));
        assertEquals(-Errno.ENOENT, own.initControl(frames, rig.a.mfns[CONTROL], 0, 5));
        assertEquals(-Errno.EOPNOTSUPP, own.expandArray(frames, rig.a.mfns[ARRAY]));
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void eventsAreLinkedInOrderOfArrival() {
        start();
        own.unmask(rig.aToB, 0);
        own.unmask(rig.aToDom0, 0);
        own.setPriority(rig.aToDom0, 3);
        arrive(rig.aToB);
        assertEquals(PENDING | LINKED, word(rig.aToB));
        assertEquals(1 << EventChannels.DEFAULT_PRIORITY, ready());
        assertEquals(rig.aToB, head(EventChannels.DEFAULT_PRIORITY));
        arrive(rig.aToDom0);
        assertEquals(rig.aToDom0, head(3));
        own.unmask(rig.ipiPort, 0);
        arrive(rig.ipiPort);
        assertEquals(PENDING | LINKED | rig.ipiPort, word(rig.aToB), "the tail links to the next");
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void aMaskedPortIsNotLinked() {
        start();
        arrive(rig.aToB);
        assertEquals(PENDING | MASKED, word(rig.aToB));
        own.unmask(rig.aToB, 0);
        assertEquals(PENDING | LINKED, word(rig.aToB));
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void anEventInNoQueueIsFound() {
        start();
        Raw.putInt(address(ARRAY) + rig.aToB * 4L, PENDING);
        Raw.putByte(rig.a.sharedInfo() + 1, (byte)0);
        assertEquals(List.of(FindingKind.EVENT_LOST), Audit.run(rig.machine).stream().map(Finding::kind).toList());
    }

    @Test
    void aPortsPriorityGoesWithIt() {
        start();
        own.setPriority(rig.ipiPort, 2);
        close(rig.ipiPort);
        assertEquals(rig.ipiPort, (int)rig.a.mailbox.call(0, GlobalOp.PORT_BIND_IPI, 0, 0, 0, 0));
        assertEquals(EventChannels.DEFAULT_PRIORITY, Raw.getInt(rig.a.port(rig.ipiPort) + EvtchnRecord.PRIORITY));
    }

    /** An event that came before the port had a word must not reach the port's next user. */
    @Test
    void anEventOfAClosedPortIsForgotten() {
        assertEquals(0, own.initControl(frames, rig.a.mfns[CONTROL], OFFSET, 0));
        arrive(rig.ipiPort);
        close(rig.ipiPort);
        rig.a.mailbox.call(0, GlobalOp.PORT_BIND_IPI, 0, 0, 0, 0);
        assertEquals(0, own.expandArray(frames, rig.a.mfns[ARRAY]));
        assertEquals(MASKED, word(rig.ipiPort));
    }

    private void close(final int port) {
        assertEquals(0, rig.a.mailbox.call(0, GlobalOp.PORT_CLOSE, port, 0, 0, 0));
        own.forget(port);
    }
}
