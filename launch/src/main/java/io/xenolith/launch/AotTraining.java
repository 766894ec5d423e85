package io.xenolith.launch;

import io.xenolith.launch.cfg.ConfigException;
import io.xenolith.launch.cfg.DomainConfig;
import io.xenolith.launch.cfg.XlConfigParser;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineDir;
import io.xenolith.shm.MachineOptions;
import io.xenolith.x86.Instructions;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * What the AOT cache is trained with. One cache serves the commands and all processes of a machine, since they share one class path:
 * so this loads every class of ours, and does what they all do at their start (map a machine, call the kernel, build the instruction table,
 * parse a command line).
 */
public final class AotTraining
{
    private static final String OURS = "io/xenolith/";
    private static final String CLASS = ".class";
    private static final long SMALL_MACHINE = 16L << 20;

    private AotTraining()
    {
    }

    public static void main(final String[] args) throws ConfigException, IOException, ClassNotFoundException
    {
        for (final String path : System.getProperty("java.class.path").split(File.pathSeparator))
        {
            loadOurs(Path.of(path));
        }
        mapMachine();
        Instructions.table();
        for (final String[] line : List.of(new String[]{"--help"}, new String[]{"create", "--help"}, new String[]{"list", "--help"}))
        {
            Commands.execute(new XlCommand(), line);
            Commands.execute(new XenolithCommand(), line);
        }
        DomainConfig.of("training", XlConfigParser.parse("training", "name='a'\nkernel='/k'\ndisk=['/d,raw,xvda,w']")).toRequest();
    }

    private static void loadOurs(final Path path) throws IOException, ClassNotFoundException
    {
        try (JarFile jar = new JarFile(path.toFile()))
        {
            for (final JarEntry entry : (Iterable<JarEntry>)jar.stream()::iterator)
            {
                final String name = entry.getName();
                if (name.startsWith(OURS) && name.endsWith(CLASS) && !name.endsWith("package-info.class"))
                {
                    Class.forName(name.substring(0, name.length() - CLASS.length()).replace('/', '.'), false, AotTraining.class.getClassLoader());
                }
            }
        }
    }

    private static void mapMachine() throws IOException
    {
        final Path directory = Files.createTempDirectory("xenolith-training");
        final MachineDir machine = new MachineDir(directory.resolve("machine"));
        Machine.create(machine, MachineOptions.ofMemory(SMALL_MACHINE)).publish();
        Machine.attachDead(machine);
        machine.delete();
        Files.deleteIfExists(directory);
    }
}
