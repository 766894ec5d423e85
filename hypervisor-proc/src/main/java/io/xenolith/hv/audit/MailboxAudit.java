package io.xenolith.hv.audit;

import io.xenolith.hv.control.GlobalOp;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Mailbox;

/** Mailboxes: every posted request has somebody who will serve it, every answer belongs to its request. */
final class MailboxAudit {
    private final View view;

    MailboxAudit(final View view) {
        this.view = view;
    }

    void run() {
        for (final DomainView d : view.domains) {
            for (int v = 0; v < d.vcpus(); v++) {
                box(d, v, view.hv.mailbox(d.slot, v));
            }
        }
    }

    private void box(final DomainView d, final int vcpu, final long box) {
        final int state = Raw.getInt(box + Mailbox.STATE);
        final int sequence = Raw.getInt(box + Mailbox.SEQUENCE);
        final int op = Raw.getInt(box + Mailbox.OP);
        final String subject = d.name() + " mailbox " + vcpu;
        if (state == Mailbox.POSTED) {
            posted(subject + " sequence " + sequence, op);
        }
        else if (state == Mailbox.DONE && Raw.getInt(box + Mailbox.SERVED) != sequence) {
            view.findings.add(FindingKind.MAILBOX_STATE, subject, "request %d is answered, and the last one served is %d",
                sequence, Raw.getInt(box + Mailbox.SERVED));
        }
        else if (state < Mailbox.IDLE || state > Mailbox.DONE) {
            view.findings.add(FindingKind.MAILBOX_STATE, subject, "its state is %d, which is none", state);
        }
    }

    /** The audit itself may have been asked for through a mailbox, and a busy hypervisor will come to the others. */
    private void posted(final String subject, final int op) {
        if (op == GlobalOp.AUDIT.number() || MachineAudit.hypervisorWorks(view)) {
            return;
        }
        final GlobalOp known = GlobalOp.of(op);
        view.findings.add(FindingKind.MAILBOX_STUCK, subject, "the request %s is posted, and nobody serves it",
            known == null ? "number " + op : known.name());
    }
}
