/**
 * The hypervisor process: its main loop, machine creation and re-attachment, the mailbox by which other processes ask it
 * for what only it may change, domains' birth and death, supervision of processes, and the audit.
 *
 * <p>Everything here follows the crash rules: any process may be killed between any two stores. Global operations are
 * planned, committed in the one intent record, applied by idempotent stores, answered. Deaths are swept by owner.
 */
package io.xenolith.hv.control;
