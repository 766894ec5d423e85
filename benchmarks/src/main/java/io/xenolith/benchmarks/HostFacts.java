package io.xenolith.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;

/** What a figure depends on besides the program: printed before every table. */
final class HostFacts
{
    private HostFacts()
    {
    }

    /** Date, processor, number of CPUs, load and Java version, in one line. */
    static String line() throws IOException
    {
        return LocalDate.now() + ", " + processor() + ", " + Runtime.getRuntime().availableProcessors() + " CPUs, load " +
            Files.readString(Path.of("/proc/loadavg")).split(" ")[0] + ", Java " + Runtime.version();
    }

    private static String processor() throws IOException
    {
        String name = "unnamed processor";
        String numbers = "";
        for (final String line : Files.readAllLines(Path.of("/proc/cpuinfo")))
        {
            final String[] pair = line.split("\\s*:\\s*", 2);
            switch (pair[0])
            {
                case "model name" -> name = pair[1];
                case "cpu family" -> numbers = " family " + pair[1];
                case "model" -> numbers += " model " + pair[1];
                case "" ->
                {
                    return name + numbers;
                }
                default ->
                {
                }
            }
        }
        return name + numbers;
    }
}
