package io.xenolith.hv.control;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The one place that starts a JVM of ours.
 *
 * <p>A child gets the parent's own java executable, JVM flags (AOT cache included) and class path, a session of its
 * own, so that no terminal signal of the starter reaches it, {@code /dev/null} as standard input and its standard output
 * and error appended to a file.
 */
public final class Spawner
{
    /** System properties that are a parent's own business and never inherited. */
    private static final List<String> PRIVATE_FLAGS = List.of(
        "-Dxenolith.kill=", "-agentlib:", "-javaagent:", "-Dsurefire", "-Dbasedir", "-Duser.dir=",
        "-XX:AOTCacheOutput=", "-XX:AOTMode=", "-XX:AOTConfiguration=");
    /** Launcher options whose value is the next argument and that carry the class path, which is passed separately. */
    private static final List<String> CLASS_PATH_FLAGS = List.of("-cp", "-classpath", "--class-path");
    /** Other launcher options whose value may be the next argument. */
    private static final List<String> VALUE_FLAGS = List.of(
        "--add-opens", "--add-exports", "--add-modules", "--add-reads", "--module-path", "-p", "--enable-native-access");
    private static final List<Path> SETSID = List.of(Path.of("/usr/bin/setsid"), Path.of("/bin/setsid"));

    private final List<String> jvmFlags;
    private final String classPath;

    /** A spawner of children like this process. */
    public Spawner()
    {
        this(ownFlags(), System.getProperty("java.class.path"));
    }

    /**
     * @param jvmFlags  flags of the children.
     * @param classPath class path of the children.
     */
    public Spawner(final List<String> jvmFlags, final String classPath)
    {
        this.jvmFlags = List.copyOf(jvmFlags);
        this.classPath = classPath;
    }

    /**
     * Starts a child.
     *
     * @param mainClass name of the class with the main method.
     * @param output    file to which its standard output and error are appended; its directory is made.
     * @param arguments of the main method.
     * @return the running process.
     * @throws IOException when the host refuses.
     */
    public Process start(final String mainClass, final Path output, final String... arguments) throws IOException
    {
        return start(mainClass, output, List.of(), arguments);
    }

    /**
     * Starts a child with further JVM flags.
     *
     * @param mainClass  name of the class with the main method.
     * @param output     file to which its standard output and error are appended; its directory is made.
     * @param extraFlags flags of this child alone.
     * @param arguments  of the main method.
     * @return the running process.
     * @throws IOException when the host refuses.
     */
    public Process start(
        final String mainClass, final Path output, final List<String> extraFlags, final String... arguments)
        throws IOException
    {
        if (output.getParent() != null)
        {
            Files.createDirectories(output.getParent());
        }

        return new ProcessBuilder(command(mainClass, extraFlags, arguments))
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .redirectErrorStream(true)
            .start();
    }

    /**
     * The command line of a child.
     *
     * @param mainClass  name of the class with the main method.
     * @param extraFlags flags of this child alone.
     * @param arguments  of the main method.
     * @return executable and arguments.
     */
    public List<String> command(final String mainClass, final List<String> extraFlags, final String... arguments)
    {
        final List<String> command = new ArrayList<>();
        SETSID.stream().filter(Files::isExecutable).findFirst().ifPresent((p) -> command.add(p.toString()));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmFlags);
        command.addAll(extraFlags);
        command.add("-cp");
        command.add(classPath);
        command.add(mainClass);
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /** @return the JVM flags of this process that its children share. */
    static List<String> ownFlags()
    {
        try
        {
            final String line = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8);
            return inheritable(Arrays.asList(line.split("\0")));
        }
        catch (final IOException e)
        {
            throw new IllegalStateException("cannot read this process's own command line: " + e.getMessage(), e);
        }
    }

    /**
     * Picks the flags to inherit out of a java command line.
     *
     * @param commandLine executable, flags, main class or jar, arguments.
     * @return the flags, without class path and without what is private to the parent.
     */
    static List<String> inheritable(final List<String> commandLine)
    {
        final List<String> flags = new ArrayList<>();
        for (int i = 1; i < commandLine.size(); i++)
        {
            final String argument = commandLine.get(i);
            if ("-jar".equals(argument))
            {
                break;
            }
            if (CLASS_PATH_FLAGS.contains(argument))
            {
                i++;
            }
            else if (VALUE_FLAGS.contains(argument))
            {
                flags.add(argument);
                flags.add(commandLine.get(++i));
            }
            else if (argument.startsWith("-") || argument.startsWith("@"))
            {
                if (PRIVATE_FLAGS.stream().noneMatch(argument::startsWith))
                {
                    flags.add(argument);
                }
            }
            else
            {
                break;
            }
        }
        return flags;
    }
}
