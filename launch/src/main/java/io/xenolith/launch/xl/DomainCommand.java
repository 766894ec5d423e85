package io.xenolith.launch.xl;

import picocli.CommandLine.Parameters;

/** A command on one domain, named by id or name. */
abstract class DomainCommand extends Dom0Command
{
    @Parameters(index = "0", paramLabel = "DOMAIN", description = "A domain's id or name.")
    String domain;
}
