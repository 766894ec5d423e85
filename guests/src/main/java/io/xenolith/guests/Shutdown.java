package io.xenolith.guests;

import static io.xenolith.x86.asm.Mem.at;

import io.xenolith.shm.abi.Hypercall;
import io.xenolith.shm.abi.SchedOp;
import io.xenolith.x86.asm.Label;

/** Ends the domain. */
final class Shutdown {
    private Shutdown() {
    }

    /** Emits a shutdown for a fixed reason; does not return. */
    static void emitShutdown(final Kernel k, final int reason) {
        final Label argument = k.variable("shutdown" + k.position(), SchedOp.Shutdown.LENGTH);
        k.mov(at(argument).dword(), reason);
        final Label again = k.label();
        k.bind(again);
        k.hypercall(Hypercall.SCHED_OP, SchedOp.SHUTDOWN, argument);
        k.jmp(again);
    }
}
