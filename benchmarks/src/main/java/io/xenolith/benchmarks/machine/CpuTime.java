package io.xenolith.benchmarks.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** CPU time of a process as the kernel counts it, user and system together, in steps of 10 ms. */
public final class CpuTime
{
    /** USER_HZ, which Linux fixes at 100 for x86. */
    private static final long TICK_MS = 10;
    /** utime and stime in /proc/PID/stat, counted from the field after the parenthesised name. */
    private static final int USER_TIME = 11;
    private static final int SYSTEM_TIME = 12;

    private CpuTime()
    {
    }

    /** Milliseconds since the process started. */
    public static long ms(final long pid) throws IOException
    {
        final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME])) * TICK_MS;
    }
}
