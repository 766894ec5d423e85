/** Event channels: ports, pending bits, up-calls, virtual interrupts. Start with {@code EventChannels}. */
package io.xenolith.hv.event;
