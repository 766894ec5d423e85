package io.xenolith.launch.xl;

import java.util.concurrent.Callable;

/** A command that talks to dom0. */
abstract class Dom0Command implements Callable<Integer>
{
    @Override
    public final Integer call() throws Exception
    {
        try (Dom0 dom0 = Dom0.open())
        {
            return execute(dom0);
        }
    }

    /** @return the exit status */
    protected int execute(final Dom0 dom0) throws Exception
    {
        run(dom0);
        return 0;
    }

    protected void run(final Dom0 dom0) throws Exception
    {
    }
}
