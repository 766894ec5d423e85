package io.xenolith.shm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts another JVM with the project's flags and this test's class path. */
final class ChildJvm {
    private ChildJvm() {
    }

    /** Starts {@code main} with system properties (as -D flags) and arguments; its error output is ours. */
    static Process start(final Class<?> main, final List<String> properties, final String... args)
            throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + Path.of(System.getProperty("xenolith.root"), "launch", "jvm.args"));
        command.addAll(properties);
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(main.getName());
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }
}
