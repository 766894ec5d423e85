package io.xenolith.benchmarks.machine;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Reading what guests say. */
class GuestReportTest
{
    @TempDir
    private Path directory;

    private BenchmarkGuest guest(final String console) throws IOException
    {
        return new BenchmarkGuest("g", 1, Files.writeString(directory.resolve("console"), console));
    }

    @Test
    void figuresAreHexadecimal() throws Exception
    {
        final GuestReport report = GuestReport.parse("bench send count=0000000a ns=0000000100000000");
        assertEquals("send", report.name());
        assertEquals((1L << 32) / 10.0, report.nsPerCount());
        assertThrows(BenchmarkException.class, () -> report.value("sectors"));
        assertNull(GuestReport.parse("grants: table at machine frame 00001234"));
    }

    @Test
    void reportsUpToPassAndTheBestOfThem() throws Exception
    {
        final List<GuestReport> reports = guest("hello\r\nbench a count=2 ns=8\r\nbench a count=2 ns=6\r\nbench b count=1 ns=1\r\nbench PASS\r\n").rest();
        assertEquals(3, reports.size());
        assertEquals(3, BenchmarkGuest.best(reports, "a"));
        assertThrows(BenchmarkException.class, () -> BenchmarkGuest.best(reports, "c"));
    }

    @Test
    void aFailureOfTheGuestIsAnException() throws IOException
    {
        final BenchmarkGuest guest = guest("bench a count=2 ns=8\r\nbench FAIL check=00000003\r\n");
        final BenchmarkException e = assertThrows(BenchmarkException.class, guest::rest);
        assertTrue(e.getMessage().contains("check=00000003"), e.getMessage());
    }
}
