package io.xenolith.launch.xl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.Map;

/** {@code xl dmesg}. */
@Command(name = "dmesg", description = "Prints the hypervisor's messages.")
public final class Dmesg extends Dom0Command
{
    @Option(names = {"-c", "--clear"}, description = "Clear them after printing.")
    boolean clear;

    @Override
    protected void run(final Dom0 dom0)
    {
        System.out.print(dom0.call("dmesg", Map.of("clear", clear)).getOrDefault("text", ""));
        System.out.flush();
    }
}
