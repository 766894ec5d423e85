package io.xenolith.hv.control;

import io.xenolith.shm.ProcessIdentity;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HashSet;
import java.util.Set;

/**
 * Tells of a process's end when the kernel says so, child or not: a thread per process waits on its pidfd. Where the kernel has no
 * pidfds the thread looks a few times a second.
 */
public final class DeathWatch
{
    private static final int SYS_PIDFD_OPEN = 434;
    private static final short POLLIN = 1;
    private static final long FALLBACK_MS = 200;
    private static final int STACK_BYTES = 256 * 1024;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow("syscall"),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
        Linker.Option.firstVariadicArg(1));
    private static final MethodHandle POLL = LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow("poll"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle CLOSE = LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow("close"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private final Set<ProcessIdentity> watched = new HashSet<>();

    /**
     * Watches a process. Watching one twice is watching it once.
     *
     * @param process the process.
     * @param onDeath called once, from a thread of this class, when it is dead (perhaps already).
     */
    public void watch(final ProcessIdentity process, final Runnable onDeath)
    {
        synchronized (watched)
        {
            if (process.pid() == 0 || !watched.add(process))
            {
                return;
            }
        }
        Thread.ofPlatform().daemon(true).name("watch-" + process.pid()).stackSize(STACK_BYTES).start(() ->
        {
            awaitDeath(process);
            synchronized (watched)
            {
                watched.remove(process);
            }
            onDeath.run();
        });
    }

    static void awaitDeath(final ProcessIdentity process)
    {
        final int fd = open(process.pid());
        try
        {
            while (process.isAlive())
            {
                if (fd >= 0)
                {
                    pollEnd(fd);
                }
                else
                {
                    Thread.sleep(FALLBACK_MS);
                }
            }
        }
        catch (final InterruptedException e)
        {
            Thread.currentThread().interrupt();
        }
        finally
        {
            close(fd);
        }
    }

    private static int open(final int pid)
    {
        try
        {
            return (int)(long)SYSCALL.invokeExact((long)SYS_PIDFD_OPEN, (long)pid, 0L);
        }
        catch (final Throwable t)
        {
            throw new AssertionError("pidfd_open", t);
        }
    }

    /** Waits until the pidfd is readable. A dead child that nobody has waited for yet is readable too: look again soon. */
    private static void pollEnd(final int fd) throws InterruptedException
    {
        try (Arena arena = Arena.ofConfined())
        {
            final MemorySegment pollfd = arena.allocate(8, 4);
            pollfd.set(ValueLayout.JAVA_INT, 0, fd);
            pollfd.set(ValueLayout.JAVA_SHORT, 4, POLLIN);
            final int ignored = (int)POLL.invokeExact(pollfd, 1L, -1);
        }
        catch (final Throwable t)
        {
            throw new AssertionError("poll", t);
        }
        Thread.sleep(1);
    }

    private static void close(final int fd)
    {
        if (fd >= 0)
        {
            try
            {
                final int ignored = (int)CLOSE.invokeExact(fd);
            }
            catch (final Throwable t)
            {
                throw new AssertionError("close", t);
            }
        }
    }
}
