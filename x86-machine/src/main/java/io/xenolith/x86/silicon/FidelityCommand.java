package io.xenolith.x86.silicon;

import io.xenolith.x86.Instructions;
import io.xenolith.x86.decode.Row;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The command {@code fidelity}: runs any number of cases and reports. Exit code 0 without differences, 1 with, 2 on
 * wrong usage or when the host cannot run it.
 */
public final class FidelityCommand {
    private static final String USAGE = """
        usage: fidelity [--cases N] [--seed S] [--only MNEMONIC] [--case NUMBER]
          --cases N         cases to run (default 1000000)
          --seed S          seed of the random choices (default: from the clock, printed)
          --only MNEMONIC   only rows of the instruction table with this mnemonic
          --case NUMBER     only the case with this number of the given seed""";
    private static final long SECOND = 1_000_000_000L;
    private static final long PROGRESS_NS = 5 * SECOND;

    private long cases = 1_000_000;
    private long first;
    private long seed = System.nanoTime() & 0xFFFF_FFFFL;
    private String only;
    private long nextReport;
    private long began;

    private FidelityCommand() {
    }

    /** Entry point. */
    public static void main(final String[] args) {
        System.exit(new FidelityCommand().execute(args));
    }

    private int execute(final String[] args) {
        try {
            parse(args);
        } catch (final IllegalArgumentException e) {
            System.err.println("fidelity: " + e.getMessage());
            System.err.println(USAGE);
            return 2;
        }
        try (FidelityRun run = new FidelityRun(Instructions.table(), seed, only)) {
            return run(run);
        } catch (final IOException e) {
            System.err.println("fidelity: " + e.getMessage());
            return 2;
        }
    }

    private void parse(final String[] args) {
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length) {
                throw new IllegalArgumentException("no value for " + args[i]);
            }
            final String value = args[i + 1];
            switch (args[i]) {
                case "--cases" -> cases = number(value);
                case "--seed" -> seed = number(value);
                case "--only" -> only = value;
                case "--case" -> {
                    first = number(value);
                    cases = 1;
                }
                default -> throw new IllegalArgumentException("unknown option " + args[i]);
            }
        }
    }

    private static long number(final String text) {
        try {
            return Long.parseLong(text.replace("_", ""));
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("not a number: " + text);
        }
    }

    private int run(final FidelityRun run) throws IOException {
        System.out.println("seed " + seed + ", " + cases + " cases over " + run.forms() + " forms");
        if (run.forms() == 0) {
            System.err.println("fidelity: no instruction of the table is called " + only);
            return 2;
        }
        began = System.nanoTime();
        nextReport = began + PROGRESS_NS;
        run.run(first, cases, done -> progress(run, done));
        run.shrink();
        report(run);
        return run.differing() == 0 && run.uncovered().isEmpty() ? 0 : 1;
    }

    private void progress(final FidelityRun run, final long done) {
        final long now = System.nanoTime();
        if (now < nextReport) {
            return;
        }
        nextReport = now + PROGRESS_NS;
        System.out.println(done + " cases, " + run.differing() + " differ, " + done * SECOND / (now - began) + "/s");
    }

    private void report(final FidelityRun run) {
        final long ns = Math.max(1, System.nanoTime() - began);
        run.differences().forEach((kind, list) -> {
            System.out.println("== " + kind);
            for (final Difference d : list) {
                System.out.println("  " + d.vector());
                d.details().forEach(line -> System.out.println("    " + line));
                System.out.println("    again: --seed " + seed + " --case " + d.c().number
                    + (only == null ? "" : " --only " + only));
            }
        });
        run.differingRows().forEach((row, n) -> System.out.println("differs: " + n + " of " + run.casesOf(row) + "  " + row));
        System.out.println("covered: " + String.join(" ", run.coveredMnemonics()));
        excluded(run);
        run.uncovered().forEach(row -> System.out.println("NOT COVERED: " + row));
        System.out.println(cases + " cases, seed " + seed + ", " + run.differing() + " differ, "
            + run.rows() + " rows in " + run.forms() + " forms with at least " + run.fewestCases() + " cases each, " + cases * SECOND / ns + "/s");
    }

    private static void excluded(final FidelityRun run) {
        final Map<String, TreeSet<String>> byReason = new TreeMap<>();
        for (final Map.Entry<Row, String> e : run.excluded().entrySet()) {
            byReason.computeIfAbsent(e.getValue(), k -> new TreeSet<>()).add(e.getKey().mnemonic());
        }
        byReason.forEach((reason, names) -> System.out.println("excluded (" + reason + "): " + String.join(" ", names)));
    }
}
