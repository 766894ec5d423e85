package io.xenolith.launch.cfg;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The keys of xl.cfg(5) that a PV domain can carry, the type of each, and whether it has an effect here. */
enum ConfigKey
{
    NAME("name", Type.STRING), UUID("uuid", Type.STRING), TYPE("type", Type.STRING), BUILDER("builder", Type.STRING),
    KERNEL("kernel", Type.STRING), RAMDISK("ramdisk", Type.STRING),
    CMDLINE("cmdline", Type.STRING), ROOT("root", Type.STRING), EXTRA("extra", Type.STRING),
    MEMORY("memory", Type.NUMBER), MAXMEM("maxmem", Type.NUMBER),
    VCPUS("vcpus", Type.NUMBER), MAXVCPUS("maxvcpus", Type.NUMBER),
    DISK("disk", Type.LIST), VIF("vif", Type.LIST),
    ON_POWEROFF("on_poweroff", Type.ACTION), ON_REBOOT("on_reboot", Type.ACTION), ON_CRASH("on_crash", Type.ACTION),
    ON_WATCHDOG("on_watchdog", Type.ACTION),

    CPUS("cpus", Type.ANY, false), CPU_WEIGHT("cpu_weight", Type.NUMBER, false), CAP("cap", Type.NUMBER, false),
    POOL("pool", Type.STRING, false), CLAIM_MODE("claim_mode", Type.NUMBER, false), SECLABEL("seclabel", Type.STRING, false),
    LOCALTIME("localtime", Type.NUMBER, false), RTC_TIMEOFFSET("rtc_timeoffset", Type.NUMBER, false),
    NOMIGRATE("nomigrate", Type.NUMBER, false), TSC_MODE("tsc_mode", Type.ANY, false),
    MAX_GRANT_FRAMES("max_grant_frames", Type.NUMBER, false), MAX_GRANT_VERSION("max_grant_version", Type.NUMBER, false),
    MAX_EVENT_CHANNELS("max_event_channels", Type.NUMBER, false), ON_SOFT_RESET("on_soft_reset", Type.STRING, false);

    /** What may stand right of the sign. */
    enum Type
    {
        STRING("a string in quotes"), NUMBER("a number"), LIST("a [list] of strings"), ANY("a value"),
        ACTION("one of \"destroy\", \"restart\", \"rename-restart\", \"preserve\", \"coredump-destroy\", \"coredump-restart\"");

        final String words;

        Type(final String words)
        {
            this.words = words;
        }
    }

    private static final List<String> ACTIONS =
        List.of("destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart", "soft-reset");

    final String key;
    final Type type;
    /** False: accepted so that a configuration written for Xen still works, and reported as without effect. */
    final boolean effective;

    ConfigKey(final String key, final Type type)
    {
        this(key, type, true);
    }

    ConfigKey(final String key, final Type type, final boolean effective)
    {
        this.key = key;
        this.type = type;
        this.effective = effective;
    }

    static ConfigKey of(final Setting setting) throws ConfigException
    {
        final Optional<ConfigKey> exact = Arrays.stream(values()).filter(k -> k.key.equals(setting.name())).findFirst();
        if (exact.isPresent())
        {
            return exact.get();
        }
        final ConfigKey near = Arrays.stream(values()).min(Comparator.comparingInt(k -> distance(k.key, setting.name()))).orElseThrow();
        throw setting.mistake("unknown key '" + setting.name() + "'" +
            (distance(near.key, setting.name()) <= 2 ? "; did you mean '" + near.key + "'?" : "; the keys of a PV domain are listed in docs/xl-cfg.md"));
    }

    void check(final Setting setting) throws ConfigException
    {
        final Object value = setting.value();
        final boolean fits = switch (type)
        {
            case STRING -> value instanceof String;
            case NUMBER -> value instanceof Long;
            case ACTION -> value instanceof final String action && ACTIONS.contains(action);
            case LIST -> value instanceof final List<?> list && list.stream().allMatch(String.class::isInstance);
            case ANY -> true;
        };
        if (!fits)
        {
            throw setting.mistake("'" + key + "' takes " + type.words + ", not " + describe(value));
        }
    }

    private static String describe(final Object value)
    {
        return switch (value)
        {
            case final String s -> "the string \"" + s + "\"";
            case final Long n -> "the number " + n;
            default -> "a list";
        };
    }

    /** Levenshtein's. */
    private static int distance(final String a, final String b)
    {
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++)
        {
            final int[] next = new int[b.length() + 1];
            next[0] = i;
            for (int j = 1; j <= b.length(); j++)
            {
                final int swap = row[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                next[j] = Math.min(swap, Math.min(row[j], next[j - 1]) + 1);
            }
            row = next;
        }
        return row[b.length()];
    }
}
