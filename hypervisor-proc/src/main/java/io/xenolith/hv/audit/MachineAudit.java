package io.xenolith.hv.audit;

import static io.xenolith.shm.hv.IntentRecord.COUNT;
import static io.xenolith.shm.hv.IntentRecord.LIST_SIZE;
import static io.xenolith.shm.hv.IntentRecord.SEQUENCE;
import static io.xenolith.shm.hv.IntentRecord.STEP;

import io.xenolith.hv.control.DomainProcess;
import io.xenolith.hv.control.GlobalOp;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.IntentRecord;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.ToolstackSlot;
import java.nio.charset.StandardCharsets;

/** The words of which a machine has one: STOPPED, the intent record; and the toolstack's slots. */
final class MachineAudit {
    private final View view;

    MachineAudit(final View view) {
        this.view = view;
    }

    void run() {
        stopped();
        intent();
        for (int i = 0; i < ToolstackSlot.SLOTS; i++) {
            toolstack(i);
        }
    }

    /** A stop that a command asked for is no defect. */
    private void stopped() {
        final int why = view.headerInt(Header.STOPPED);
        if (why != Header.STOP_NONE && why != Header.STOP_REQUESTED) {
            view.findings.add(FindingKind.MACHINE_STOPPED, "machine", "every vCPU is held (reason %d): %s", why,
                stopReason());
        }
    }

    private String stopReason() {
        final byte[] text = new byte[Header.STOP_REASON_LENGTH];
        Raw.copyOut(view.header + Header.STOP_REASON, text, 0, text.length);
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        return length == 0 ? "no reason was given" : new String(text, 0, length, StandardCharsets.UTF_8);
    }

    private void intent() {
        final long intent = view.hv.intent();
        final int number = Raw.getInt(intent + IntentRecord.OP);
        final GlobalOp op = GlobalOp.of(number);
        if (op == GlobalOp.NONE || op == GlobalOp.AUDIT || op != null && hypervisorWorks(view)) {
            return;
        }
        final String subject = "intent " + (op == null ? "operation " + number : op.name()) + " sequence "
            + Raw.getInt(intent + SEQUENCE);
        final int count = Raw.getInt(intent + COUNT);
        view.findings.add(FindingKind.INTENT_STUCK, subject,
            "the operation stands at step %d and nobody goes on with it%s", Raw.getInt(intent + STEP),
            count < 0 || count > LIST_SIZE ? "; its list of " + count + " entries is impossible" : "");
    }

    /** Whether the hypervisor process is busy: then what waits for it is not stuck, however long it takes. */
    static boolean hypervisorWorks(final View view) {
        return RunWord.isRunning(Raw.getLong(view.header + Header.HYPERVISOR_RUN))
            && DomainProcess.hypervisor(view.hv).isAlive();
    }

    /**
     * A command that died leaves a slot, which dom0 frees. While dom0 serves the request it may take its time.
     */
    private void toolstack(final int i) {
        final long slot = view.hv.toolstack(i);
        final int state = Raw.getInt(slot + ToolstackSlot.STATE);
        final String subject = "toolstack slot " + i;
        if (state < ToolstackSlot.FREE || state > ToolstackSlot.ANSWERED) {
            view.findings.add(FindingKind.TOOLSTACK_SLOT, subject, "its state is %d, which is none", state);
        }
        else if (state != ToolstackSlot.FREE && state != ToolstackSlot.SERVING) {
            final ProcessIdentity command =
                ProcessIdentity.read(slot + ToolstackSlot.PID, slot + ToolstackSlot.START_TIME);
            if (!command.isAlive()) {
                view.findings.add(FindingKind.TOOLSTACK_SLOT, subject,
                    "it is held (state %d) by process %d, which is gone", state, command.pid());
            }
        }
    }
}
