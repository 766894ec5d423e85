package io.xenolith.dom0.toolstack;

import com.fasterxml.jackson.jr.ob.JSON;

import io.xenolith.shm.Doorbell;
import io.xenolith.shm.KillPoint;
import io.xenolith.shm.Machine;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.RunWord;
import io.xenolith.shm.hv.ToolstackSlot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * dom0's end of the toolstack slots: a thread that parks on their doorbell, hands requests on, writes answers back
 * and frees the slots of commands that died.
 *
 * <p>Slots are written by processes of the machine's owner; still, nothing in them is trusted to be well formed.
 */
public final class SlotServer {
    private static final long SWEEP_NS = 1_000_000_000L;

    private final Machine machine;
    private final Consumer<Request> handler;
    private final boolean[] mine = new boolean[ToolstackSlot.SLOTS];
    private final boolean[] suspect = new boolean[ToolstackSlot.SLOTS];
    private volatile boolean stopped;

    /** @param handler takes each request, on this server's thread */
    public SlotServer(final Machine machine, final Consumer<Request> handler) {
        this.machine = machine;
        this.handler = handler;
    }

    /** Starts the thread. */
    public void start() {
        final Thread t = new Thread(this::run, "toolstack");
        t.setDaemon(true);
        t.start();
    }

    /** Ends the thread soon. */
    public void stop() {
        stopped = true;
        Doorbell.ring(doorbell());
    }

    private long doorbell() {
        return machine.hv().header() + Header.TOOLSTACK_DOORBELL;
    }

    private void run() {
        long nextSweep = System.nanoTime() + SWEEP_NS;
        // From here on 'xenolith up' knows that dom0 serves.
        setRun(RunWord.RING0);
        while (!stopped) {
            final int seen = Doorbell.value(doorbell());
            final boolean busy = serveAll();
            if (busy && System.nanoTime() - nextSweep >= 0) {
                sweep();
                nextSweep = System.nanoTime() + SWEEP_NS;
            }
            setRun(RunWord.PARKED);
            Doorbell.await(doorbell(), seen, busy ? SWEEP_NS : Doorbell.FOREVER);
            setRun(RunWord.RING0);
        }
    }

    private void setRun(final int state) {
        Raw.putLongVolatile(machine.hv().header() + Header.TOOLSTACK_RUN, RunWord.of(state, 0));
    }

    /** Takes what is posted; true when some slot is in use. */
    private boolean serveAll() {
        boolean busy = false;
        for (int i = 0; i < ToolstackSlot.SLOTS; i++) {
            final int state = Raw.getIntVolatile(machine.hv().toolstack(i) + ToolstackSlot.STATE);
            busy |= state != ToolstackSlot.FREE;
            if (state == ToolstackSlot.POSTED || state == ToolstackSlot.SERVING) {
                take(i);
            }
        }
        return busy;
    }

    /** Claims a slot that is posted, or that a predecessor of this process was serving. */
    private synchronized int claim(final int i) {
        final long s = machine.hv().toolstack(i);
        final int state = Raw.getIntVolatile(s + ToolstackSlot.STATE);
        if (mine[i] || state != ToolstackSlot.POSTED && state != ToolstackSlot.SERVING) {
            return ToolstackSlot.FREE;
        }
        KillPoint.hit(KillPoint.DOM0_SLOT_TAKE);
        mine[i] = Raw.casInt(s + ToolstackSlot.STATE, state, ToolstackSlot.SERVING);
        return mine[i] ? state : ToolstackSlot.FREE;
    }

    private void take(final int i) {
        final int was = claim(i);
        if (was == ToolstackSlot.FREE) {
            return;
        }
        final long s = machine.hv().toolstack(i);
        final int sequence = Raw.getInt(s + ToolstackSlot.SEQUENCE);
        final Consumer<Map<String, Object>> answer = m -> answer(i, sequence, m);
        try {
            final Map<String, Object> text = JSON.std.mapFrom(read(i));
            handler.accept(new Request(String.valueOf(text.get("op")), args(text), (long) i << 32 | sequence & 0xffff_ffffL,
                    was == ToolstackSlot.SERVING, answer));
        } catch (final IOException | RuntimeException e) {
            answer.accept(error(new ToolstackException("The request cannot be read: " + e.getMessage() + ".")));
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> args(final Map<String, Object> text) {
        return text.get("args") instanceof final Map<?, ?> m ? (Map<String, Object>) m : Map.of();
    }

    private String read(final int i) {
        final int n = Raw.getInt(machine.hv().toolstack(i) + ToolstackSlot.TEXT_USED);
        final byte[] text = new byte[Math.clamp(n, 0, ToolstackSlot.TEXT_LENGTH)];
        Raw.copyOut(machine.hv().toolstackText(i), text, 0, text.length);
        return new String(text, StandardCharsets.UTF_8);
    }

    private synchronized void answer(final int i, final int sequence, final Map<String, Object> answer) {
        final long s = machine.hv().toolstack(i);
        if (Raw.getInt(s + ToolstackSlot.SEQUENCE) != sequence) {
            // The command died and the slot has another user.
            return;
        }
        final byte[] text = json(answer);
        Raw.copyIn(text, 0, machine.hv().toolstackAnswer(i), text.length);
        Raw.putInt(s + ToolstackSlot.ANSWER_USED, text.length);
        mine[i] = false;
        KillPoint.hit(KillPoint.DOM0_SLOT_ANSWER);
        if (Raw.casInt(s + ToolstackSlot.STATE, ToolstackSlot.SERVING, ToolstackSlot.ANSWERED)) {
            Doorbell.ring(s + ToolstackSlot.DOORBELL);
        }
    }

    private static byte[] json(final Map<String, Object> answer) {
        try {
            final byte[] text = JSON.std.asBytes(answer);
            if (text.length <= ToolstackSlot.TEXT_LENGTH) {
                return text;
            }
            return JSON.std.asBytes(error(new ToolstackException("The answer is too long: " + text.length + " bytes.")));
        } catch (final IOException e) {
            throw new IllegalStateException("answer not expressible in JSON", e);
        }
    }

    /** The answer that tells of a refusal. */
    static Map<String, Object> error(final ToolstackException e) {
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("error", e.getMessage());
        m.put("code", e.code());
        return m;
    }

    /** Frees slots whose command is dead. One that is being claimed just now has no pid yet: only when seen twice. */
    private synchronized void sweep() {
        for (int i = 0; i < ToolstackSlot.SLOTS; i++) {
            final long s = machine.hv().toolstack(i);
            final int state = Raw.getIntVolatile(s + ToolstackSlot.STATE);
            final boolean dead = state != ToolstackSlot.FREE && !mine[i]
                    && !ProcessIdentity.read(s + ToolstackSlot.PID, s + ToolstackSlot.START_TIME).isAlive();
            if (dead && suspect[i]) {
                Raw.getAndAddInt(s + ToolstackSlot.SEQUENCE, 1);
                Raw.putInt(s + ToolstackSlot.PID, 0);
                Raw.casInt(s + ToolstackSlot.STATE, state, ToolstackSlot.FREE);
            }
            suspect[i] = dead;
        }
    }
}
