/**
 * Xen's public interface: where every field of the structures lies that hypervisor and guests share, and the
 * numbers they exchange. Names follow the public headers (Debian's libxen-dev), so that documentation of Xen
 * applies.
 *
 * <p>Structures that are the same for 32-bit and 64-bit guests are classes of constants. Where the two ABIs
 * differ there is one object per ABI, {@code X32} and {@code X64}, with a field per offset; {@code of(width)}
 * chooses. A test compares all of them with what a C compiler makes of the headers.
 *
 * <p>In the pictures, {@code word} is C's {@code unsigned long}, and the tag names the writers: [HV] hypervisor
 * code, [DOM0] the domain builder, [GUEST] the guest, [F] the front-end or, of grants and events, another
 * domain's hypervisor code, [B] the back-end.
 */
package io.xenolith.shm.abi;
