package io.xenolith.hv.pv;

import static io.xenolith.shm.abi.Hypercall.CALLBACK_OP;
import static io.xenolith.shm.abi.Hypercall.CONSOLE_IO;
import static io.xenolith.shm.abi.Hypercall.GET_DEBUGREG;
import static io.xenolith.shm.abi.Hypercall.MEMORY_OP;
import static io.xenolith.shm.abi.Hypercall.MULTICALL;
import static io.xenolith.shm.abi.Hypercall.PHYSDEV_OP;
import static io.xenolith.shm.abi.Hypercall.SET_DEBUGREG;
import static io.xenolith.shm.abi.Hypercall.SET_SEGMENT_BASE;
import static io.xenolith.shm.abi.Hypercall.SYSCTL;
import static io.xenolith.shm.abi.Hypercall.VM_ASSIST;
import static io.xenolith.shm.abi.Hypercall.XEN_VERSION;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenolith.hv.hypercall.Errno;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.ConsoleRing;
import io.xenolith.shm.hv.DomainCounter;
import io.xenolith.shm.hv.DomainRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls that neither page nor trap: versions, assists, the console, privileges, batches, and what everybody is refused. */
class PlainCallsTest {
    private static final long ARGS = 0x20000;
    private static final long BUFFER = 0x21000;
    private static final long UNMAPPED = 0x3000_0000;

    private PvTestRig rig;

    @BeforeEach
    void build() throws IOException {
        rig = new PvTestRig();
        rig.boot(PvTestRig.CODE);
    }

    @AfterEach
    void remove() throws IOException {
        rig.close();
    }

    private String text(final long address, final int length) {
        final byte[] bytes = new byte[length];
        Raw.copyOut(rig.host(address), bytes, 0, length);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private void dirty(final long address, final int length) {
        for (int i = 0; i < length; i++) {
            Raw.putByte(rig.host(address + i), (byte)0xee);
        }
    }

    @Test
    void versionsFillTheirWholeBuffers() {
        assertEquals(4 << 16 | 17, rig.call(XEN_VERSION, 0, 0));
        dirty(BUFFER, 1024);
        assertEquals(0, rig.call(XEN_VERSION, 3, BUFFER));
        assertTrue(text(BUFFER, 64).startsWith("xen-3.0-x86_64 xen-3.0-x86_32p"));
        assertEquals(0, Raw.getByte(rig.host(BUFFER + 1023)), "to the last byte");
        assertEquals(-Errno.EFAULT, rig.call(XEN_VERSION, 3, UNMAPPED));
        assertEquals(0, rig.call(XEN_VERSION, 5, BUFFER));
        assertEquals(0xf580_0000, rig.int32(BUFFER));
        assertEquals(4096, rig.call(XEN_VERSION, 7, 0));
        assertEquals(-Errno.ENOSYS, rig.call(XEN_VERSION, 99, 0));
    }

    @Test
    void featuresFollowTheAssist() {
        rig.putInt32(BUFFER, 0);
        assertEquals(0, rig.call(XEN_VERSION, 6, BUFFER));
        assertEquals(1 << 4 | 1 << 5 | 1 << 6 | 1 << 7, rig.int32(BUFFER + 4));
        assertEquals(0, rig.call(VM_ASSIST, 1, 3));
        assertEquals(0, rig.call(XEN_VERSION, 6, BUFFER));
        assertEquals(1 << 5 | 1 << 6 | 1 << 7, rig.int32(BUFFER + 4));
        rig.putInt32(BUFFER, 1);
        assertEquals(-Errno.EINVAL, rig.call(XEN_VERSION, 6, BUFFER));
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "0, 5, 0", "0, 6, -22", "0, 32, -22", "1, 2, 0", "2, 0, -38", "0, -1, -22"})
    void assistsAreOfKnownTypes(final long command, final long type, final long result) {
        assertEquals(result, rig.call(VM_ASSIST, command, type));
    }

    @Test
    void theConsoleGetsWholeLinesWithTheDomainInFront() {
        final long ring = rig.machine.hv().consoleRing();
        final long from = Raw.getLong(ring + ConsoleRing.WRITTEN);
        rig.load(BUFFER, "one\r\ntwo\u0007".getBytes(StandardCharsets.US_ASCII));
        assertEquals(0, rig.call(CONSOLE_IO, 0, 9, BUFFER));
        assertEquals("(d1) one\n", new String(ConsoleRing.read(ring, from), StandardCharsets.US_ASCII));
        rig.load(BUFFER, "!\n".getBytes(StandardCharsets.US_ASCII));
        assertEquals(0, rig.call(CONSOLE_IO, 0, 2, BUFFER));
        assertEquals("(d1) one\n(d1) two.!\n", new String(ConsoleRing.read(ring, from), StandardCharsets.US_ASCII));
        assertEquals(-Errno.EPERM, rig.call(CONSOLE_IO, 1, 1, BUFFER));
        assertEquals(-Errno.EFAULT, rig.call(CONSOLE_IO, 0, 1, UNMAPPED));
        assertEquals(-Errno.ENOSYS, rig.call(CONSOLE_IO, 7, 1, BUFFER));
    }

    @Test
    void aFloodOnTheConsoleIsCutOff() {
        final long ring = rig.machine.hv().consoleRing();
        final long from = Raw.getLong(ring + ConsoleRing.WRITTEN);
        rig.load(BUFFER, "x".repeat(99).concat("\n").getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < 2000; i++) {
            assertEquals(0, rig.call(CONSOLE_IO, 0, 100, BUFFER));
        }
        assertTrue(Raw.getLong(ring + ConsoleRing.WRITTEN) - from < 150_000, "200 kB were offered");
    }

    @ParameterizedTest
    @CsvSource({"7, -1", "36, -1", "48, -1", "34, -38", "27, -38", "31, -38", "37, -38", "38, -38", "39, -38", "40, -38",
        "41, -38", "42, -38", "11, -38", "63, -38", "64, -38", "-1, -38", "1000000, -38"})
    void whatIsNotForGuestsSaysSo(final long number, final long result) {
        assertEquals(result, rig.call(number, ARGS, ARGS, ARGS, ARGS, ARGS));
    }

    @Test
    void unknownNumbersAreCounted() {
        final long record = rig.domain.record();
        final long before = Raw.getLong(record + DomainCounter.HYPERCALLS_UNKNOWN.offset());
        rig.call(40);
        rig.call(99);
        assertEquals(before + 2, Raw.getLong(record + DomainCounter.HYPERCALLS_UNKNOWN.offset()));
        assertEquals(1, Raw.getLong(record + DomainRecord.HYPERCALLS + 40 * 8));
    }

    @Test
    void sysctlTellsAWrongVersionApart() {
        rig.putInt32(ARGS + 4, 0x15);
        assertEquals(-Errno.EPERM, rig.call(SYSCTL, ARGS));
        rig.putInt32(ARGS + 4, 0x99);
        assertEquals(-Errno.EACCES, rig.call(SYSCTL, ARGS));
    }

    @Test
    void aBatchGoesOnAfterAnErrorAndDoesNotNest() {
        final int[][] entries = {
            {XEN_VERSION, 0, 0, 0}, {99, 0, 0, 0}, {MULTICALL, 0, (int)ARGS, 1},
            {XEN_VERSION, 0, 7, 0}};
        for (int i = 0; i < entries.length; i++) {
            for (int w = 0; w < 4; w++) {
                rig.putInt32(ARGS + i * 32 + w * 4, entries[i][w]);
            }
        }
        assertEquals(0, rig.call(MULTICALL, ARGS, entries.length));
        assertEquals(4 << 16 | 17, rig.int32(ARGS + 4));
        assertEquals(-Errno.ENOSYS, rig.int32(ARGS + 32 + 4));
        assertEquals(-Errno.EINVAL, rig.int32(ARGS + 64 + 4));
        assertEquals(4096, rig.int32(ARGS + 96 + 4));
        assertEquals(-Errno.EFAULT, rig.call(MULTICALL, UNMAPPED, 1));
    }

    @ParameterizedTest
    @CsvSource({"0, 0x1000, 0", "0, 0xf5800000, -1", "4, 0xe00f, 0", "6, 0x100000000, -22", "7, 0x2000, -1",
        "7, 0x20001, -1", "7, 0x1, 0", "8, 0, -19", "99, 0, -19"})
    void debugRegistersKeepTheHypervisorOut(final long number, final long value, final long result) {
        assertEquals(result, rig.call(SET_DEBUGREG, number, value));
    }

    @Test
    void debugRegistersReadBack() {
        assertEquals(0xffff_0ff0L, rig.call(GET_DEBUGREG, 6));
        assertEquals(0x400, rig.call(GET_DEBUGREG, 7));
        rig.call(SET_DEBUGREG, 1, 0x1234);
        assertEquals(0x1234, rig.call(GET_DEBUGREG, 1));
        assertEquals(-Errno.ENODEV, rig.call(GET_DEBUGREG, 8));
    }

    @Test
    void callbacksAreOfKnownTypes() {
        rig.putInt32(ARGS, 0);
        rig.putInt32(ARGS + 4, PvTestRig.CS);
        rig.putInt32(ARGS + 8, 0x1000);
        assertEquals(0, rig.call(CALLBACK_OP, 0, ARGS));
        rig.putInt32(ARGS, 3);
        assertEquals(-Errno.ENOSYS, rig.call(CALLBACK_OP, 0, ARGS));
        rig.putInt32(ARGS + 0x100, 99);
        assertEquals(-Errno.ENOSYS, rig.call(CALLBACK_OP, 1, ARGS + 0x100));
        rig.putInt32(ARGS, 0);
        assertEquals(-Errno.EINVAL, rig.call(CALLBACK_OP, 1, ARGS));
        assertEquals(-Errno.ENOSYS, rig.call(SET_SEGMENT_BASE, 0, 0), "64-bit guests only");
    }

    @Test
    void portPermissionsAreChecked() {
        rig.putInt32(ARGS, 4);
        assertEquals(-Errno.EINVAL, rig.call(PHYSDEV_OP, 6, ARGS));
        rig.putInt32(ARGS, 3);
        assertEquals(0, rig.call(PHYSDEV_OP, 6, ARGS));
        assertEquals(3, rig.vcpu.iopl());
        rig.putInt32(ARGS, (int)BUFFER);
        rig.putInt32(ARGS + 4, 65537);
        assertEquals(-Errno.EINVAL, rig.call(PHYSDEV_OP, 7, ARGS));
        assertEquals(-Errno.EPERM, rig.call(PHYSDEV_OP, 8, ARGS));
        assertEquals(-Errno.EINVAL, rig.call(PHYSDEV_OP, 28, ARGS));
    }

    @Test
    void memoryQuestionsAreAnswered() {
        assertEquals(rig.machineFrames() - 1, rig.call(MEMORY_OP, 2, 0));
        assertEquals(0, rig.call(MEMORY_OP, 12, BUFFER));
        assertEquals(0xf580_0000, rig.int32(BUFFER));
        assertEquals(0xffe0_0000, rig.int32(BUFFER + 4));
        assertEquals(-Errno.ENOSYS, rig.call(MEMORY_OP, 9, BUFFER), "no map was set");
        rig.putInt32(ARGS, 0x7ff0);
        rig.putInt32(ARGS + 4, 1);
        rig.putInt32(ARGS + 8, (int)BUFFER);
        rig.putInt64(BUFFER, 0);
        rig.putInt64(BUFFER + 8, 0x0123_0000);
        rig.putInt32(BUFFER + 16, 1);
        assertEquals(0, rig.call(MEMORY_OP, 13, ARGS));
        rig.putInt32(ARGS, 4);
        rig.putInt32(ARGS + 4, (int)BUFFER + 0x100);
        assertEquals(0, rig.call(MEMORY_OP, 9, ARGS));
        assertEquals(1, rig.int32(ARGS));
        assertEquals(0x0123_0000, rig.int32(BUFFER + 0x108));
        for (final int refused : new int[] {10, 16, 17, 24}) {
            assertEquals(-Errno.EPERM, rig.call(MEMORY_OP, refused, ARGS));
        }
        assertEquals(-Errno.EACCES, rig.call(MEMORY_OP, 7, ARGS));
    }
}
