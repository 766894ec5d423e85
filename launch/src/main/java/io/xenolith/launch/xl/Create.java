package io.xenolith.launch.xl;

import com.fasterxml.jackson.jr.ob.JSON;
import io.xenolith.launch.CommandFailure;
import io.xenolith.launch.XlCommand;
import io.xenolith.launch.cfg.ConfigException;
import io.xenolith.launch.cfg.DomainConfig;
import io.xenolith.launch.cfg.Setting;
import io.xenolith.launch.cfg.XlConfigParser;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code xl create}: reads the configuration, checks it here, and asks dom0 for the whole domain in one request. */
@Command(name = "create", description = "Makes a domain from a configuration file.")
public final class Create implements Callable<Integer>
{
    @ParentCommand
    private XlCommand xl;

    @Option(names = "-c", description = "Connect to its console.")
    boolean console;

    @Option(names = "-p", description = "Leave it paused.")
    boolean paused;

    @Option(names = {"-q", "--quiet"}, description = "Say nothing but errors.")
    boolean quiet;

    @Option(names = {"-n", "--dryrun"}, description = "Only print the configuration that would be used, as JSON.")
    boolean dryRun;

    @Option(names = {"-f", "--defconfig"}, paramLabel = "FILE", description = "The configuration file.")
    Path file;

    @Option(names = {"-e", "-d", "-F", "-V", "-A"}, description = "Accepted for xl's sake, without effect.", hidden = true)
    boolean ignored;

    @Parameters(arity = "0..*", paramLabel = "FILE|KEY=VALUE", description = "The configuration file, then settings that override it.")
    List<String> words = new ArrayList<>();

    @Override
    public Integer call() throws Exception
    {
        final DomainConfig config = read();
        if (!quiet)
        {
            config.remarks().forEach(remark -> System.err.println("xl: " + remark));
        }
        final Map<String, Object> request = config.toRequest();
        if (dryRun || xl.dryRun())
        {
            System.out.println(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(request));
            return 0;
        }
        return create(request);
    }

    private int create(final Map<String, Object> request) throws Exception
    {
        try (Dom0 dom0 = Dom0.open())
        {
            request.put("paused", paused);
            final long domid = Dom0.number(dom0.call("create", request), "domid");
            return console ? new ConsoleSession(dom0, domid, true).run() : 0;
        }
    }

    private DomainConfig read() throws ConfigException, IOException
    {
        if (file == null && !words.isEmpty() && !words.getFirst().contains("="))
        {
            file = Path.of(words.removeFirst());
        }
        final List<Setting> settings = new ArrayList<>();
        if (file != null)
        {
            settings.addAll(XlConfigParser.parse(file.toString(), text()));
        }
        settings.addAll(XlConfigParser.parse("command line", String.join("\n", words)));
        if (settings.isEmpty())
        {
            throw new CommandFailure("create needs a configuration file (see docs/xl-cfg.md) or settings such as name='a' kernel='/k'");
        }
        return DomainConfig.of(file == null ? "command line" : file.toString(), settings).relativeTo(Path.of("").toAbsolutePath());
    }

    private String text() throws IOException
    {
        try
        {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        }
        catch (final NoSuchFileException e)
        {
            throw new CommandFailure("there is no configuration file " + file);
        }
    }
}
