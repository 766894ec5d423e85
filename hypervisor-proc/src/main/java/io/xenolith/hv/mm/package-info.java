/**
 * Direct paging: the guest's page tables are the ones the MMU walks, and every change to them goes through here, as a
 * hypercall or as an intercepted store. Also the domain's memory reservation and its descriptor tables.
 *
 * <p>Vocabulary: an <i>mfn</i> is a machine frame number; a <i>maddr</i> a machine address; a <i>vaddr</i> a guest linear
 * address; a <i>slot</i> the index of an entry in its table; <i>level</i> 1 tables map frames.
 */
package io.xenolith.hv.mm;
