package io.xenolith.dom0.blkback;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The threads that wait for disks. They take jobs whose pages are pinned, do one system call or two, and hand the
 * jobs back to the main loop through a queue and its doorbell.
 */
public final class BlockWorkers implements AutoCloseable {
    private final BlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
    private final Queue<BlockJob> done = new ConcurrentLinkedQueue<>();
    private final Runnable wake;
    private final Thread[] threads;
    private volatile boolean closing;

    /**
     * @param threads number of threads
     * @param wake    makes the main loop look at what is done
     */
    public BlockWorkers(final int threads, final Runnable wake) {
        this.wake = wake;
        this.threads = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            this.threads[i] = new Thread(this::run, "block-" + i);
            this.threads[i].setDaemon(true);
            this.threads[i].start();
        }
    }

    void submit(final BlockJob job, final BlockFile file) {
        work.add(() -> {
            job.status = perform(job, file);
            done.add(job);
            wake.run();
        });
    }

    private void run() {
        while (!closing) {
            try {
                work.take().run();
            } catch (final InterruptedException e) {
                return;
            } catch (final Throwable t) {
                t.printStackTrace();
                Runtime.getRuntime().halt(70);
            }
        }
    }

    /** One job that a worker has finished, or null. For the main loop. */
    BlockJob nextDone() {
        return done.poll();
    }

    private static int perform(final BlockJob job, final BlockFile file) {
        final BlockRequest r = job.request;
        try {
            switch (r.operation) {
                case BlockRequest.READ -> file.read(job.vector, r.sector);
                case BlockRequest.WRITE -> file.write(job.vector, r.sector);
                case BlockRequest.DISCARD -> file.discard(r.sector, r.sectors);
                case BlockRequest.BARRIER -> barrier(job, file);
                default -> file.flush();
            }
            return BlockRequest.OKAY;
        } catch (final IOException e) {
            job.ring.failed(e.getMessage());
            return BlockRequest.ERROR;
        }
    }

    /** Everything before is on the medium before this is written, and this before anything after. */
    private static void barrier(final BlockJob job, final BlockFile file) throws IOException {
        file.flush();
        if (job.vector.bytes() > 0) {
            file.write(job.vector, job.request.sector);
            file.flush();
        }
    }

    @Override
    public void close() {
        closing = true;
        for (final Thread t : threads) {
            t.interrupt();
        }
    }
}
