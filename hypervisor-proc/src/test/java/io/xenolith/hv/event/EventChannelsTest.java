package io.xenolith.hv.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.audit.Audit;
import io.xenolith.hv.audit.AuditRig;
import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.EvtchnRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventChannelsTest {
    private AuditRig rig;
    private EventChannels channels;

    @BeforeEach
    void build() throws Exception {
        rig = new AuditRig();
        channels = new EventChannels(rig.machine);
    }

    @AfterEach
    void remove() throws Exception {
        rig.close();
    }

    private boolean raised(final AuditRig.Guest g, final int port) {
        return EventChannels.raised(Raw.getLong(g.port(port) + EvtchnRecord.BINDING));
    }

    @Test
    void whatIsSentArrivesInTheGuestsWords() {
        assertEquals(0, channels.send(rig.b.domid, rig.bToA));
        assertTrue(raised(rig.a, rig.aToB));
        assertEquals(VcpuRecord.ATTENTION_EVENT, Raw.getInt(rig.a.vcpu + VcpuRecord.ATTENTION));
        final OwnEvents own = new OwnEvents(rig.machine, channels, rig.a.domid);
        own.derive(0);
        assertFalse(raised(rig.a, rig.aToB));
        assertTrue(own.pending(rig.aToB));
        assertEquals(1, Raw.getInt(rig.a.sharedInfo() + 4), "selector");
        assertEquals(1, Raw.getByte(rig.a.sharedInfo()), "up-call");
        assertFalse(own.deliverable(0), "the mask byte is set at the start");
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void aMaskedPortWaitsForItsUnmask() {
        Raw.putInt(rig.a.sharedInfo() + 0x880, 1 << rig.aToB);
        channels.send(rig.b.domid, rig.bToA);
        final OwnEvents own = new OwnEvents(rig.machine, channels, rig.a.domid);
        own.derive(0);
        assertEquals(0, Raw.getByte(rig.a.sharedInfo()));
        assertEquals(0, own.unmask(rig.aToB, 0));
        assertEquals(1, Raw.getByte(rig.a.sharedInfo()));
        assertEquals(List.of(), Audit.run(rig.machine));
    }

    @Test
    void portsThatCannotSendSayNothingOrNo() {
        final int unbound = rig.ipiPort + 1;
        assertEquals(0, channels.send(rig.a.domid, unbound));
        assertEquals(-Errno.EINVAL, channels.send(rig.a.domid, rig.timerPort));
        assertEquals(-Errno.EINVAL, channels.send(rig.a.domid, 0));
        assertEquals(-Errno.EINVAL, channels.send(rig.a.domid, 500));
        assertEquals(-Errno.EINVAL, channels.send(rig.a.domid, 1 << 20));
        assertEquals(-Errno.EINVAL, channels.send(rig.a.domid, -1));
    }

    /** A sender may be so slow that its target has been taken down, tables and all. */
    @Test
    void aTargetThatIsGoneIsNoTrap() {
        rig.destroy(rig.b);
        assertEquals(1, rig.hypervisor.reap());
        Raw.putLong(rig.a.port(rig.aToB) + EvtchnRecord.BINDING, EvtchnRecord.binding(
            EvtchnRecord.STATE_INTERDOMAIN, 0, 0, rig.b.domid, rig.b.incarnation));
        assertEquals(0, channels.send(rig.a.domid, rig.aToB));
        assertEquals(0, channels.port(rig.b.domid, rig.bToA));
        assertEquals(0, rig.hv.evtchnIfBacked(rig.b.slot, rig.bToA));
        assertEquals(0, rig.hv.vcpuIfBacked(rig.b.slot, 0));
        assertEquals(0, rig.hv.activeIfBacked(rig.b.slot, 0));
        channels.raiseVirq(rig.b.domid, 0, Virq.TIMER);
        channels.rederive(-1);
    }

    /** A sender that died between its one store and its advice: the advice is repeated. */
    @Test
    void adviceThatADeadSenderOwedIsRepeated() {
        Raw.getAndOrLong(rig.a.port(rig.aToB) + EvtchnRecord.BINDING, (long)EvtchnRecord.FLAG_RAISED << 8);
        assertEquals(1, Audit.run(rig.machine).size());
        channels.rederive(rig.b.domid);
        assertEquals(List.of(), Audit.run(rig.machine));
        assertEquals(VcpuRecord.ATTENTION_EVENT, Raw.getInt(rig.a.vcpu + VcpuRecord.ATTENTION));
    }
}
