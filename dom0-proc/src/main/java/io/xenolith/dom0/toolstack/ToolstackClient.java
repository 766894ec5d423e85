package io.xenolith.dom0.toolstack;

import com.fasterxml.jackson.jr.ob.JSON;

import io.xenolith.hv.control.Restarter;
import io.xenolith.hv.control.Spawner;
import io.xenolith.shm.Doorbell;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineException;
import io.xenolith.shm.ProcessIdentity;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.Header;
import io.xenolith.shm.hv.ToolstackSlot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A command's connection to dom0: posts requests as JSON in a slot of the machine and waits for the answers.
 *
 * <p>Requests: {@code {"op": name, "args": {...}}}. Answers: what the operation gives, or
 * {@code {"error": sentence, "code": n}}. A request outlives dom0's process: its successor answers it.
 */
public final class ToolstackClient implements AutoCloseable {
    private static final long LOOK_NS = 500_000_000L;
    private static final long SLOT_WAIT_NS = 10_000_000_000L;

    private final Machine machine;
    private final Runnable whenSlow;

    private ToolstackClient(final Machine machine, final Runnable whenSlow) {
        this.machine = machine;
        this.whenSlow = whenSlow;
    }

    /**
     * Connects to the machine in a directory. While an answer is awaited, dead processes of the machine are
     * brought back.
     *
     * @throws MachineException when there is none, with the sentence to show
     */
    public static ToolstackClient open(final MachineDir dir) {
        final Machine machine = Machine.attach(dir);
        return open(machine, new Restarter(machine, new Spawner())::restartIfDead);
    }

    /**
     * Connects to a machine.
     *
     * @param whenSlow called now and then while an answer is awaited; looks after dead processes
     */
    public static ToolstackClient open(final Machine machine, final Runnable whenSlow) {
        return new ToolstackClient(machine, whenSlow);
    }

    /**
     * Makes a request and waits for the answer, as long as it takes.
     *
     * @param op   operation
     * @param args its arguments: strings, numbers, booleans, lists and maps of them
     * @return the answer; an error is an answer too
     */
    public Map<String, Object> call(final String op, final Map<String, Object> args) {
        final Map<String, Object> request = new LinkedHashMap<>();
        request.put("op", op);
        request.put("args", args);
        final byte[] text;
        try {
            text = JSON.std.asBytes(request);
        } catch (final IOException e) {
            throw new IllegalArgumentException("request not expressible in JSON: op=" + op, e);
        }
        if (text.length > ToolstackSlot.TEXT_LENGTH) {
            return error("The request is too long for the machine: " + text.length + " bytes.");
        }
        final int slot = claim();
        if (slot < 0) {
            return error("Too many commands are talking to dom0 at once.");
        }
        return exchange(slot, text);
    }

    private static Map<String, Object> error(final String sentence) {
        final Map<String, Object> m = new LinkedHashMap<>();
        m.put("error", sentence);
        m.put("code", 1);
        return m;
    }

    private int claim() {
        final long end = System.nanoTime() + SLOT_WAIT_NS;
        while (System.nanoTime() < end) {
            for (int i = 0; i < ToolstackSlot.SLOTS; i++) {
                final long s = machine.hv().toolstack(i);
                if (Raw.casInt(s + ToolstackSlot.STATE, ToolstackSlot.FREE, ToolstackSlot.CLAIMED)) {
                    ProcessIdentity.self().write(s + ToolstackSlot.PID, s + ToolstackSlot.START_TIME);
                    machine.hv().backToolstackText(i);
                    return i;
                }
            }
            ring();
            pause();
        }
        return -1;
    }

    private static void pause() {
        try {
            Thread.sleep(10);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Map<String, Object> exchange(final int slot, final byte[] text) {
        final long s = machine.hv().toolstack(slot);
        final long area = machine.hv().toolstackText(slot);
        Raw.copyIn(text, 0, area, text.length);
        Raw.putInt(s + ToolstackSlot.TEXT_USED, text.length);
        Raw.getAndAddInt(s + ToolstackSlot.SEQUENCE, 1);
        Raw.putIntVolatile(s + ToolstackSlot.STATE, ToolstackSlot.POSTED);
        ring();
        awaitAnswer(s);
        final byte[] answer = new byte[Math.min(ToolstackSlot.TEXT_LENGTH, Raw.getInt(s + ToolstackSlot.ANSWER_USED))];
        Raw.copyOut(machine.hv().toolstackAnswer(slot), answer, 0, answer.length);
        Raw.putInt(s + ToolstackSlot.PID, 0);
        Raw.putIntVolatile(s + ToolstackSlot.STATE, ToolstackSlot.FREE);
        try {
            return JSON.std.mapFrom(new String(answer, StandardCharsets.UTF_8));
        } catch (final IOException e) {
            return error("dom0's answer cannot be read: " + e.getMessage() + ".");
        }
    }

    private void awaitAnswer(final long s) {
        while (true) {
            final int seen = Doorbell.value(s + ToolstackSlot.DOORBELL);
            if (Raw.getIntVolatile(s + ToolstackSlot.STATE) == ToolstackSlot.ANSWERED) {
                return;
            }
            if (Raw.getInt(machine.hv().header() + Header.POWER) == Header.POWER_GOING_DOWN) {
                throw new MachineException(MachineException.Kind.DEAD, "The machine was switched off.",
                        "Start it again with 'xenolith up'.");
            }
            Doorbell.await(s + ToolstackSlot.DOORBELL, seen, LOOK_NS);
            whenSlow.run();
        }
    }

    private void ring() {
        Doorbell.ring(machine.hv().header() + Header.TOOLSTACK_DOORBELL);
    }

    @Override
    public void close() {
        // The mapping lives as long as the process; a slot is held only during a call.
    }
}
