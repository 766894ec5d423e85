package io.xenolith.dom0;

import java.util.HashMap;
import java.util.Map;

/** Event channels without a hypervisor: remembers who was notified, raises what the test raises. */
public final class MockPorts implements EventPorts {
    private record Peer(int domid, int port) { }

    private final Map<Peer, Integer> bound = new HashMap<>();
    private final Map<Integer, Runnable> handlers = new HashMap<>();
    private final Map<Integer, Integer> sent = new HashMap<>();
    private int next = 10;
    /** Remote port that cannot be bound. */
    public int refused = -1;

    @Override
    public int bind(final int domid, final int remotePort, final Runnable handler) throws PortException {
        if (remotePort == refused) {
            throw new PortException("port " + remotePort + " is not offered");
        }
        final int port = bound.computeIfAbsent(new Peer(domid, remotePort), p -> next++);
        handlers.put(port, handler);
        handler.run();
        return port;
    }

    @Override
    public void send(final int localPort) {
        sent.merge(localPort, 1, Integer::sum);
    }

    @Override
    public void close(final int localPort) {
        handlers.remove(localPort);
        bound.values().removeIf(p -> p == localPort);
    }

    /** The domain notifies us on the channel whose end there is {@code remotePort}. */
    public void raise(final int domid, final int remotePort) {
        final Integer port = bound.get(new Peer(domid, remotePort));
        if (port != null && handlers.containsKey(port)) {
            handlers.get(port).run();
        }
    }

    /** Every domain notifies us on everything. */
    public void raiseAll() {
        handlers.values().forEach(Runnable::run);
    }

    /** Notifications sent to the domain's port since the last call. */
    public int takeSent(final int domid, final int remotePort) {
        final Integer port = bound.get(new Peer(domid, remotePort));
        final Integer n = port == null ? null : sent.remove(port);
        return n == null ? 0 : n;
    }

    /** Channels that are bound. */
    public int open() {
        return handlers.size();
    }
}
