package io.xenolith.launch;

import io.xenolith.launch.cfg.ConfigException;
import io.xenolith.launch.cfg.DomainConfig;
import io.xenolith.launch.cfg.XlConfigParser;

import java.util.List;

/**
 * What the AOT cache is trained with: loads what the commands and the machine's processes load at their start. One cache serves all
 * of them, since they share one class path.
 */
public final class AotTraining
{
    private AotTraining()
    {
    }

    public static void main(final String[] args) throws ConfigException
    {
        for (final String[] line : List.of(new String[]{"--help"}, new String[]{"create", "--help"}, new String[]{"list", "--help"}))
        {
            Commands.execute(new XlCommand(), line);
        }
        DomainConfig.of("training", XlConfigParser.parse("training", "name='a'\nkernel='/k'\ndisk=['/d,raw,xvda,w']")).toRequest();
    }
}
