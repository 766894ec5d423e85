package io.xenolith.launch.xl;

import io.xenolith.dom0.toolstack.ToolstackClient;
import io.xenolith.launch.CommandFailure;
import io.xenolith.launch.MachineChoice;

import java.util.List;
import java.util.Map;

/** A command's connection to dom0's toolstack; an error answer becomes the command's one sentence. */
final class Dom0 implements AutoCloseable
{
    private final ToolstackClient client;

    private Dom0(final ToolstackClient client)
    {
        this.client = client;
    }

    static Dom0 open()
    {
        return new Dom0(MachineChoice.fromEnvironment().toolstack());
    }

    Map<String, Object> call(final String operation, final Map<String, Object> arguments)
    {
        final Map<String, Object> answer = client.call(operation, arguments);
        if (answer.get("error") instanceof final String sentence)
        {
            throw new CommandFailure(sentence);
        }
        return answer;
    }

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> rows(final Map<String, Object> answer, final String key)
    {
        return (List<Map<String, Object>>)answer.getOrDefault(key, List.of());
    }

    static long number(final Map<String, Object> answer, final String key)
    {
        return answer.get(key) instanceof final Number number ? number.longValue() : 0;
    }

    @Override
    public void close()
    {
        client.close();
    }
}
