/**
 * The xenstore: a small tree of strings through which domains, back-ends and tools find each other.
 *
 * <p>{@link io.xenolith.dom0.xenstore.StoreState} is everything that must survive dom0's process, and redoes
 * itself from the journal; {@link io.xenolith.dom0.xenstore.Store} is the meaning of each operation: paths,
 * permissions, quotas, transactions, watches; {@link io.xenolith.dom0.xenstore.RequestHandler} is the wire
 * protocol of one message (xs_wire.h); {@link io.xenolith.dom0.xenstore.XenstoreServer} moves bytes between the
 * rings of the domains and the handler. dom0's own parts use {@link io.xenolith.dom0.xenstore.LocalStore}.
 *
 * <p>Guests are hostile: any byte sequence ends in a reply, in an error reply, or in the connection being marked
 * as broken in its own ring page. Everything here runs in dom0's main loop.
 */
package io.xenolith.dom0.xenstore;
