/**
 * Linear addresses to machine addresses: page walks, two software TLBs, and every load and store a guest makes.
 *
 * <p>Vocabulary. A <em>linear</em> address is what segmentation produces; a <em>physical</em> address is what a
 * page walk produces (for a paravirtual guest: a machine address); an <em>mfn</em> is a physical address shifted
 * right by twelve; a <em>host</em> address is where that byte is mapped in this process. Linear addresses travel
 * as {@code long}; outside long mode their upper half is zero.
 *
 * <p>{@link io.xenolith.x86.mmu.Mmu} is the class to read first. Behaviour follows Intel's Software Developer's
 * Manual, volume 3, chapter 4 (paging) in the version that describes no process-context identifiers.
 */
package io.xenolith.x86.mmu;
