package io.xenolith.x86.silicon;

import static io.xenolith.x86.silicon.CaseLayout.*;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.decode.InstructionTable;
import io.xenolith.x86.decode.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * Runs cases on silicon and model and collects the differences. Two batches are in flight, so that the child works
 * on one while this thread makes, models and compares the other.
 */
public final class FidelityRun implements AutoCloseable {
    /** Differences of one kind that are kept. */
    private static final int KEPT_PER_KIND = 3;

    private final Plan plan;
    private final long seed;
    private final Child child;
    private final Model model;
    private final CaseGenerator generator;
    private final Comparer comparer;
    private final PrivateMemory results = new PrivateMemory(SLOT_COUNT * HALF_BYTES / 4096);
    private final Case[] cases = new Case[SLOT_COUNT];
    private final int[] order;
    private final long[] casesOfForm;
    private final long[] differencesOfForm;
    private final Map<String, List<Difference>> differences = new LinkedHashMap<>();
    private final int[] batchCount = new int[BATCHES];
    private long differing;

    /**
     * Prepares a run.
     *
     * @param table instruction table to cover.
     * @param seed  seed of all random choices.
     * @param only  mnemonic to restrict to, or null.
     * @throws IOException when the child cannot be started.
     */
    public FidelityRun(final InstructionTable table, final long seed, final String only) throws IOException {
        this.plan = new Plan(table, only);
        this.seed = seed;
        this.child = new Child();
        this.model = new Model(table, child.program());
        this.generator = new CaseGenerator(child.base());
        this.comparer = new Comparer(child.program());
        for (int i = 0; i < SLOT_COUNT; i++) {
            cases[i] = new Case();
        }
        casesOfForm = new long[plan.forms().size()];
        differencesOfForm = new long[plan.forms().size()];
        order = shuffled(plan.forms().size(), seed);
    }

    /** Forms in random order, so that a short run meets every part of the table. */
    private static int[] shuffled(final int n, final long seed) {
        final int[] order = new int[n];
        final Rng random = new Rng();
        random.seed(seed, -1);
        for (int i = 0; i < n; i++) {
            final int k = random.below(i + 1);
            order[i] = order[k];
            order[k] = i;
        }
        return order;
    }

    /**
     * Runs cases.
     *
     * @param first    number of the first case.
     * @param count    how many.
     * @param progress told the number of cases done, now and then.
     * @throws IOException when the child is lost.
     */
    public void run(final long first, final long count, final LongConsumer progress) throws IOException {
        if (plan.forms().isEmpty()) {
            return;
        }
        final long end = first + count;
        long next = first;
        long started = 0;
        long finished = 0;
        long done = 0;
        while (next < end || finished < started) {
            if (next < end) {
                final int n = (int) Math.min(BATCH_SLOTS, end - next);
                start((int) (started++ % BATCHES), next, n);
                next += n;
            }
            if (started - finished == BATCHES || next >= end) {
                done += finish((int) (finished++ % BATCHES));
                progress.accept(done);
            }
        }
    }

    private void start(final int batch, final long first, final int n) throws IOException {
        final int slot0 = Child.firstSlot(batch);
        for (int i = 0; i < n; i++) {
            final int form = order[(int) ((first + i) % order.length)];
            generator.generate(cases[slot0 + i], plan.forms().get(form), slot0 + i, seed, first + i);
            cases[slot0 + i].formIndex = form;
            casesOfForm[form]++;
        }
        child.send(batch, n);
        batchCount[batch] = n;
        for (int i = 0; i < n; i++) {
            runModel(slot0 + i);
        }
    }

    private void runModel(final int slot) {
        final Case c = cases[slot];
        model.run(before(slot), modelled(slot), c.codeOffset, c.code, c.length, c.blocks);
        c.failure = model.failure();
        c.comparable = !model.dependedOnHost();
    }

    private int finish(final int batch) throws IOException {
        final int slot0 = Child.firstSlot(batch);
        final int hung = child.await();
        if (hung >= 0) {
            final Case c = cases[hung];
            throw new IOException("the child hung or died in case " + c.number + " (seed " + seed + "): "
                + Vector.write(c, before(hung), before(hung)));
        }
        final List<Integer> bad = new ArrayList<>();
        for (int i = 0; i < batchCount[batch]; i++) {
            final int slot = slot0 + i;
            if (cases[slot].comparable && comparer.compare(cases[slot], before(slot), silicon(slot), modelled(slot)) != null) {
                bad.add(slot);
            }
        }
        for (final int slot : bad) {
            record(slot);
        }
        return batchCount[batch];
    }

    private void record(final int slot) {
        final Case c = cases[slot];
        differing++;
        differencesOfForm[c.formIndex]++;
        final List<String> details = comparer.compare(c, before(slot), silicon(slot), modelled(slot));
        if (c.failure != null) {
            final StackTraceElement[] trace = c.failure.getStackTrace();
            details.add(0, "java: " + c.failure + (trace.length > 0 ? " at " + trace[0] : ""));
        }
        final List<Difference> kind = differences.computeIfAbsent(Difference.kind(c, details), k -> new ArrayList<>());
        if (kind.size() < KEPT_PER_KIND) {
            final byte[] state = new byte[HALF_BYTES];
            Raw.copyOut(before(slot), state, 0, HALF_BYTES);
            kind.add(new Difference(c.copy(), state, Vector.write(c, before(slot), silicon(slot)), details));
        }
    }

    /** Shrinks the first difference of each kind; after {@link #run}. */
    void shrink() throws IOException {
        final Shrinker shrinker = new Shrinker(child, model, comparer);
        for (final List<Difference> kind : differences.values()) {
            kind.set(0, shrinker.shrink(kind.get(0)));
        }
    }

    private long before(final int slot) {
        return child.base() + slotOffset(slot);
    }

    private long silicon(final int slot) {
        return before(slot) + HALF_BYTES;
    }

    private long modelled(final int slot) {
        return results.addressOf(0) + (long) slot * HALF_BYTES;
    }

    /** Cases that differ. */
    public long differing() {
        return differing;
    }

    /** Rows with differences and how many. */
    Map<Row, Long> differingRows() {
        final Map<Row, Long> result = new LinkedHashMap<>();
        for (int i = 0; i < differencesOfForm.length; i++) {
            if (differencesOfForm[i] > 0) {
                result.merge(plan.forms().get(i).row(), differencesOfForm[i], Long::sum);
            }
        }
        return result;
    }

    /** Cases that a row has had. */
    long casesOf(final Row row) {
        long n = 0;
        for (int i = 0; i < casesOfForm.length; i++) {
            n += plan.forms().get(i).row() == row ? casesOfForm[i] : 0;
        }
        return n;
    }

    /** Forms: row x mode x size x addressing form. */
    public int forms() {
        return plan.forms().size();
    }

    /** Rows that are tried. */
    public long rows() {
        return plan.forms().stream().map(Form::row).distinct().count();
    }

    /** Mnemonics of the rows that are tried, sorted. */
    public Set<String> coveredMnemonics() {
        final Set<String> names = new TreeSet<>();
        plan.forms().forEach(f -> names.add(f.row().mnemonic()));
        return names;
    }

    /** Fewest cases that any form has had. */
    public long fewestCases() {
        long fewest = Long.MAX_VALUE;
        for (final long n : casesOfForm) {
            fewest = Math.min(fewest, n);
        }
        return fewest;
    }

    /** Rows not tried, with the reason. */
    public Map<Row, String> excluded() {
        return plan.excluded();
    }

    /** Rows that have no form and are not excluded: a defect of the plan. */
    public List<Row> uncovered() {
        return plan.uncovered();
    }

    /** Differences by kind, a few of each. */
    Map<String, List<Difference>> differences() {
        return differences;
    }

    @Override
    public void close() {
        child.close();
    }
}
