package io.xenolith.shm.abi;

import static org.agrona.BitUtil.SIZE_OF_BYTE;
import static org.agrona.BitUtil.SIZE_OF_SHORT;

/**
 * Extra information about the packet in the slot before.
 *
 * <pre>
 *       +----------------------+
 *     0 | type        u8       | [F][B] TYPE_*
 *     1 | flags       u8       | [F][B] FLAG_MORE
 *     2 | gsoSize     u16      | [F][B] segmentation: largest payload
 *     4 | gsoType     u8       | [F][B] segmentation: kind
 *     6 | gsoFeatures u16      | [F][B] segmentation: features
 *     2 | mcastAddr   6 bytes  | [F] multicast address
 *     8 +----------------------+
 * </pre>
 */
public final class NetifExtraInfo {
    /** Segmentation. */
    public static final int TYPE_GSO = 1;
    /** Listen to a multicast address. */
    public static final int TYPE_MCAST_ADD = 2;
    /** Stop listening. */
    public static final int TYPE_MCAST_DEL = 3;
    /** Packet hash. */
    public static final int TYPE_HASH = 4;
    /** Another extra-info slot follows. */
    public static final int FLAG_MORE = 0x1;

    /** u8: TYPE_*. */
    public static final int TYPE = 0;
    /** u8: FLAG_MORE. */
    public static final int FLAGS = TYPE + SIZE_OF_BYTE;
    /** u16: segmentation: largest payload. */
    public static final int GSO_SIZE = FLAGS + SIZE_OF_BYTE;
    /** u8: segmentation: kind. */
    public static final int GSO_TYPE = GSO_SIZE + SIZE_OF_SHORT;
    /** u16: segmentation: features. */
    public static final int GSO_FEATURES = GSO_TYPE + SIZE_OF_BYTE + 1;
    /** 6 bytes: multicast address. */
    public static final int MCAST_ADDR = GSO_SIZE;
    /** Bytes of the structure, padding included. */
    public static final int LENGTH = GSO_FEATURES + SIZE_OF_SHORT;

    private NetifExtraInfo() {
    }
}
