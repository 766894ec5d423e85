package io.xenolith.dom0;

/**
 * dom0's event channels as its parts use them: a handler per port, called in the main loop. Real ones stand on
 * the hypervisor; tests bring their own.
 */
public interface EventPorts {
    /** A port could not be bound: the other side is gone or does not offer it. */
    final class PortException extends Exception {
        private static final long serialVersionUID = 1L;

        /** @param sentence what went wrong */
        public PortException(final String sentence) {
            super(sentence, null, false, false);
        }
    }

    /**
     * Binds a domain's unbound port, or finds the port that was bound to it before dom0's restart. The handler is
     * called at least once after this.
     *
     * @return dom0's own port
     */
    int bind(int domid, int remotePort, Runnable handler) throws PortException;

    /** Sends an event. A peer that is gone is no error. */
    void send(int localPort);

    /** Closes a port and forgets its handler. Closing twice is no error. */
    void close(int localPort);
}
