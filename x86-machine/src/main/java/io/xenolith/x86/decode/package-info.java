/**
 * The instruction table, the decoder that it drives, and the cache of decoded blocks.
 *
 * <p>Blocks are found by machine frame and offset, never by virtual address: two mappings of one frame share their
 * code, and a store through either of them discards it.
 */
package io.xenolith.x86.decode;
