package io.xenolith.launch.power;

import io.xenolith.hv.audit.Finding;
import io.xenolith.launch.MachineChoice;
import io.xenolith.shm.Machine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code xenolith audit}: recounts every frame, reference, port and grant; a stopped machine that is found right goes on. */
@Command(name = "audit", description = "Recounts every frame, reference, port and grant; status 0 when all is right.")
public final class Audit implements Callable<Integer>
{
    @Option(names = "--json", description = "Findings as JSON, one a line.")
    boolean json;

    @Override
    public Integer call()
    {
        final Machine machine = MachineChoice.fromEnvironment().machine();
        final List<Finding> findings = io.xenolith.hv.audit.Audit.run(machine);
        System.out.print(io.xenolith.hv.audit.Audit.report(findings, json));
        if (io.xenolith.hv.audit.Audit.clearStop(machine))
        {
            System.err.println("xenolith: the machine was stopped for a broken invariant; nothing is wrong with it now, and it goes on");
            return 0;
        }
        return findings.isEmpty() ? 0 : 1;
    }
}
