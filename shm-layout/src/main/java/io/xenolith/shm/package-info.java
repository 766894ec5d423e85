/**
 * Shared memory: the machine directory, its two mapped files, raw access to them, doorbells over futexes,
 * and the identity of the processes that share them.
 *
 * <p>Everything here works on absolute addresses inside the two mappings. Addresses are private to one process
 * and are never stored in a shared file; what is stored there is a frame number, a slot number or an offset.
 */
package io.xenolith.shm;
