package io.xenolith.dom0;

import io.xenolith.hv.control.DomctlException;
import io.xenolith.hv.event.EventChannels;
import io.xenolith.hv.event.Events;
import io.xenolith.hv.event.PortStatus;
import io.xenolith.shm.Machine;
import io.xenolith.shm.hv.DomainRecord;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** dom0's event channels on the hypervisor. Main loop only. */
final class HvPorts implements EventPorts {
    private final Machine machine;
    private final Events events;
    private final Map<Integer, Runnable> handlers = new HashMap<>();
    private final List<Runnable> fresh = new ArrayList<>();

    HvPorts(final Machine machine, final Events events) {
        this.machine = machine;
        this.events = events;
    }

    @Override
    public int bind(final int domid, final int remotePort, final Runnable handler) throws PortException {
        int port = events.portOf(domid, remotePort);
        if (port == 0 || handlers.containsKey(port)) {
            try {
                port = events.bindInterdomain(domid, remotePort);
            } catch (final DomctlException e) {
                throw new PortException(e.getMessage());
            }
        }
        handlers.put(port, handler);
        // Whatever was raised before there was a handler.
        fresh.add(handler);
        return port;
    }

    /** Binds a virtual interrupt, or finds it bound by a predecessor. */
    void bindVirq(final int virq, final Runnable handler) throws DomctlException {
        final int bound = events.virqPort(virq);
        handlers.put(bound != 0 ? bound : events.bindVirq(virq), handler);
        fresh.add(handler);
    }

    @Override
    public void send(final int localPort) {
        events.send(localPort);
    }

    @Override
    public void close(final int localPort) {
        if (handlers.remove(localPort) != null) {
            events.close(localPort);
        }
    }

    /** Runs the handlers of all ports that were raised. */
    int poll() {
        int work = fresh.size();
        final List<Runnable> now = new ArrayList<>(fresh);
        fresh.clear();
        now.forEach(Runnable::run);
        work += events.poll(port -> {
            final Runnable handler = handlers.get(port);
            if (handler != null) {
                handler.run();
            }
        });
        return work;
    }

    /** After everything was taken up: closes ports that a predecessor had bound and nobody wants. */
    void closeOthers() {
        final EventChannels channels = new EventChannels(machine);
        for (int port = 1; machine.hv().hasPort(DomainRecord.slot(0), port); port++) {
            final PortStatus s = channels.status(0, port);
            final boolean joined = s != null && (s.state() == PortStatus.INTERDOMAIN || s.state() == PortStatus.UNBOUND);
            if (joined && !handlers.containsKey(port)) {
                events.close(port);
            }
        }
    }
}
