package io.xenolith.launch.xl;

import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code shutdown} and {@code reboot} share: one domain or all, waiting for the end or not. */
abstract class EndCommand extends Dom0Command
{
    private static final long POLL_MS = 100;

    @Option(names = {"-a", "--all"}, description = "All domains but dom0.")
    boolean all;

    @Option(names = {"-w", "--wait"}, description = "Wait until it is done.")
    boolean wait;

    @Option(names = "-F", description = "Also where the guest has no PV drivers (no effect on PV domains).")
    boolean fallback;

    @Parameters(arity = "0..1", paramLabel = "DOMAIN", description = "A domain's id or name.")
    String domain;

    private final String operation;

    EndCommand(final String operation)
    {
        this.operation = operation;
    }

    @Override
    protected int execute(final Dom0 dom0) throws InterruptedException
    {
        if (all == (domain != null))
        {
            throw new io.xenolith.launch.CommandFailure(operation + " takes either a domain or -a");
        }
        final List<Long> ids = all ? others(dom0) : List.of(Dom0.number(dom0.call("domid", Map.of("domain", domain)), "domid"));
        for (final long id : ids)
        {
            dom0.call(operation, Map.of("domain", Long.toString(id)));
        }
        while (wait && !gone(dom0, ids))
        {
            Thread.sleep(POLL_MS);
        }
        return 0;
    }

    private static List<Long> others(final Dom0 dom0)
    {
        final List<Long> ids = new ArrayList<>();
        Dom0.rows(dom0.call("list", Map.of()), "domains").forEach(row -> ids.add(Dom0.number(row, "domid")));
        ids.remove(0L);
        return ids;
    }

    private static boolean gone(final Dom0 dom0, final List<Long> ids)
    {
        return others(dom0).stream().noneMatch(ids::contains);
    }
}
