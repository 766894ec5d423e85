package io.xenolith.dom0.blkback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every spelling of a disk that xl knows. */
class DiskSpecTest {
    @ParameterizedTest
    @ValueSource(strings = {"file:/a/b.img,xvda,w", "/a/b.img,raw,xvda,rw", "/a/b.img,,xvda", "/a/b.img,raw,xvda,w",
            "format=raw, vdev=xvda, access=rw, target=/a/b.img", "tap:aio:/a/b.img,xvda,w", "tap2:aio:/a/b.img,xvda,w",
            "/a/b.img,raw,xvda,rw,direct-io-safe", "vdev=xvda,target=/a/b.img", "raw:/a/b.img,xvda,w",
            "/a/b.img,raw,xvda,w,backendtype=phy", "phy:/a/b.img,xvda,w", "file:/a/b.img,/dev/xvda,w"})
    void allMeanTheSame(final String spec) {
        final DiskSpec d = DiskSpec.parse(spec);
        assertEquals("/a/b.img", d.target());
        assertEquals("xvda", d.vdev());
        assertEquals(51712, d.number());
        assertTrue(d.writable());
        assertFalse(d.cdrom());
    }

    @Test
    void readOnlyDisksCdromsAndNames() {
        assertFalse(DiskSpec.parse("file:/a,xvda,r").writable());
        assertFalse(DiskSpec.parse("/a,raw,xvda,ro").writable());
        final DiskSpec cd = DiskSpec.parse("/a.iso,raw,hdc,devtype=cdrom");
        assertTrue(cd.cdrom());
        assertFalse(cd.writable());
        assertTrue(DiskSpec.parse("file:/a.iso,hdc:cdrom,r").cdrom());
        assertEquals("", DiskSpec.parse(",raw,hdc,cdrom").target());
        assertEquals("/dev/vg/lv", DiskSpec.parse("phy:vg/lv,xvda,w").target());
        assertEquals("/a,b=c", DiskSpec.parse("vdev=xvda,target=/a,b=c").target());
        assertFalse(DiskSpec.parse("/a,raw,xvda,w,no-discard").discard());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/a", "/a,raw", "/a,raw,zz9", "/a,qcow2,xvda,w", "/a,raw,xvda,x", "/a,raw,xvda,w,what",
            "tap:qcow2:/a,xvda,w", "colour=red,vdev=xvda,target=/a", ",raw,xvda,w", "/a,raw,xvda,w,script=/x",
            "/a,raw,xvda,w,backend=other"})
    void whatCannotBeIsSaidInASentence(final String spec) {
        final DiskSpec.DiskSpecException e =
                assertThrows(DiskSpec.DiskSpecException.class, () -> DiskSpec.parse(spec));
        assertTrue(e.getMessage().startsWith("The disk specification '") && e.getMessage().endsWith("."), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"xvda,51712", "xvdb,51728", "xvda1,51713", "xvdp15,51967", "xvdq,268439552", "xvdaa,268442112", "d0,51712",
            "d1p2,51730", "d16,268439552", "hda,768", "hdb1,833", "hdc,5632", "sda,2048", "sdb3,2067", "51712,51712",
            "0xca00,51712", "hde,-1", "xvd,-1", "nvme0,-1"})
    void deviceNumbers(final String name, final int number) {
        assertEquals(number, VirtualDevice.number(name));
    }
}
