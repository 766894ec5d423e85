/**
 * The block back-end: virtual block devices on image files and block devices of the host.
 *
 * <p>{@link io.xenolith.dom0.blkback.BlockBackend} follows xenstore and runs the xenbus state machine of every
 * device; {@link io.xenolith.dom0.blkback.BlockRing} is a connected ring;
 * {@link io.xenolith.dom0.blkback.BlockRequest} a request, copied out of it and checked;
 * {@link io.xenolith.dom0.blkback.BlockFile} the storage underneath. Data moves between file and guest frame in one
 * system call; nothing in between touches it.
 *
 * <p>The main loop takes requests and publishes responses; worker threads do what can block.
 */
package io.xenolith.dom0.blkback;
