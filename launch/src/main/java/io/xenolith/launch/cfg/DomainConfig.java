package io.xenolith.launch.cfg;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A checked configuration of one PV domain, in the form dom0's toolstack takes. */
public final class DomainConfig
{
    private static final long DEFAULT_MEMORY_MIB = 128;
    private static final long MOST_VCPUS = 32;

    private final Map<ConfigKey, Setting> settings = new EnumMap<>(ConfigKey.class);
    private final List<String> remarks = new ArrayList<>();
    private Path directory = Path.of("");

    private DomainConfig()
    {
    }

    /** Reads the settings, later ones overriding earlier ones; {@code source} names the text where a key is missing. */
    public static DomainConfig of(final String source, final List<Setting> settings) throws ConfigException
    {
        final DomainConfig config = new DomainConfig();
        for (final Setting setting : settings)
        {
            config.add(setting);
        }
        config.check(source);
        return config;
    }

    private void add(final Setting setting) throws ConfigException
    {
        final ConfigKey key = ConfigKey.of(setting);
        key.check(setting);
        if (!key.effective)
        {
            remarks.add(setting.source() + ":" + setting.line() + ": '" + setting.name() + "' has no effect here");
        }
        final Setting earlier = settings.get(key);
        settings.put(key, setting.append() && earlier != null ? append(earlier, setting) : setting);
    }

    private static Setting append(final Setting earlier, final Setting setting) throws ConfigException
    {
        final Object value;
        if (earlier.value() instanceof final List<?> list && setting.value() instanceof final List<?> more)
        {
            final List<Object> both = new ArrayList<>(list);
            both.addAll(more);
            value = both;
        }
        else if (earlier.value() instanceof final String text && setting.value() instanceof final String more)
        {
            value = text + more;
        }
        else
        {
            throw setting.mistake("'+=' appends a list to a list or a string to a string");
        }
        return new Setting(setting.source(), setting.line(), setting.name(), value, false);
    }

    private void check(final String source) throws ConfigException
    {
        requireOneOf(ConfigKey.TYPE, "pv");
        requireOneOf(ConfigKey.BUILDER, "generic");
        for (final ConfigKey needed : new ConfigKey[]{ConfigKey.NAME, ConfigKey.KERNEL})
        {
            if (string(needed).isEmpty())
            {
                throw new ConfigException(source, 1, "the key '" + needed.key + "' is missing; a domain needs at least name and kernel");
            }
        }
        if (string(ConfigKey.NAME).contains("/"))
        {
            throw settings.get(ConfigKey.NAME).mistake("a domain's name cannot contain '/'");
        }
        requireRange(ConfigKey.MEMORY, 1, 1 << 30);
        requireRange(ConfigKey.MAXMEM, number(ConfigKey.MEMORY, DEFAULT_MEMORY_MIB), 1 << 30);
        requireRange(ConfigKey.VCPUS, 1, MOST_VCPUS);
        requireRange(ConfigKey.MAXVCPUS, number(ConfigKey.VCPUS, 1), MOST_VCPUS);
        checkUuid();
    }

    private void checkUuid() throws ConfigException
    {
        final String uuid = string(ConfigKey.UUID);
        try
        {
            if (!uuid.isEmpty())
            {
                UUID.fromString(uuid);
            }
        }
        catch (final IllegalArgumentException e)
        {
            throw settings.get(ConfigKey.UUID).mistake("'" + uuid + "' is not a UUID of the form 8-4-4-4-12 hexadecimal digits");
        }
    }

    private void requireOneOf(final ConfigKey key, final String allowed) throws ConfigException
    {
        final Setting setting = settings.get(key);
        if (setting != null && !setting.value().equals(allowed))
        {
            throw setting.mistake("'" + key.key + "' can only be \"" + allowed + "\": this hypervisor runs paravirtualised domains");
        }
    }

    private void requireRange(final ConfigKey key, final long least, final long most) throws ConfigException
    {
        final Setting setting = settings.get(key);
        if (setting != null && ((Long)setting.value() < least || (Long)setting.value() > most))
        {
            throw setting.mistake("'" + key.key + "' must lie between " + least + " and " + most + ", not " + setting.value());
        }
    }

    /** What a reader should know and what is no error: keys that have no effect. */
    public List<String> remarks()
    {
        return List.copyOf(remarks);
    }

    public String name()
    {
        return string(ConfigKey.NAME);
    }

    /** Kernel and ramdisk named by a relative path are looked up below {@code directory}: dom0 has another working directory. */
    public DomainConfig relativeTo(final Path directory)
    {
        this.directory = directory;
        return this;
    }

    private String path(final ConfigKey key)
    {
        final String name = string(key);
        return name.isEmpty() || name.startsWith("java:") ? name : directory.resolve(name).normalize().toString();
    }

    /** The request to dom0: plain strings, numbers and lists of strings under xl.cfg's own keys, defaults filled in. */
    public Map<String, Object> toRequest()
    {
        final Map<String, Object> request = new LinkedHashMap<>();
        final long memory = number(ConfigKey.MEMORY, number(ConfigKey.MAXMEM, DEFAULT_MEMORY_MIB));
        final long vcpus = number(ConfigKey.VCPUS, 1);
        request.put("name", name());
        request.put("uuid", string(ConfigKey.UUID).isEmpty() ? UUID.randomUUID().toString() : string(ConfigKey.UUID).toLowerCase());
        request.put("kernel", path(ConfigKey.KERNEL));
        request.put("ramdisk", path(ConfigKey.RAMDISK));
        request.put("directory", directory.toString());
        request.put("cmdline", commandLine());
        request.put("memory", memory);
        request.put("maxmem", number(ConfigKey.MAXMEM, memory));
        request.put("vcpus", vcpus);
        request.put("maxvcpus", number(ConfigKey.MAXVCPUS, vcpus));
        request.put("disk", list(ConfigKey.DISK));
        request.put("vif", list(ConfigKey.VIF));
        request.put("on_poweroff", string(ConfigKey.ON_POWEROFF, "destroy"));
        request.put("on_reboot", string(ConfigKey.ON_REBOOT, "restart"));
        request.put("on_crash", string(ConfigKey.ON_CRASH, "destroy"));
        request.put("on_watchdog", string(ConfigKey.ON_WATCHDOG, "destroy"));
        return request;
    }

    /** As xl builds it: cmdline as given, else root and extra. */
    private String commandLine()
    {
        if (!string(ConfigKey.CMDLINE).isEmpty())
        {
            return string(ConfigKey.CMDLINE);
        }
        final String root = string(ConfigKey.ROOT);
        return ((root.isEmpty() ? "" : "root=" + root + " ") + string(ConfigKey.EXTRA)).strip();
    }

    private String string(final ConfigKey key)
    {
        return string(key, "");
    }

    private String string(final ConfigKey key, final String otherwise)
    {
        return settings.containsKey(key) ? (String)settings.get(key).value() : otherwise;
    }

    private long number(final ConfigKey key, final long otherwise)
    {
        return settings.containsKey(key) ? (Long)settings.get(key).value() : otherwise;
    }

    private List<?> list(final ConfigKey key)
    {
        return settings.containsKey(key) ? (List<?>)settings.get(key).value() : List.of();
    }
}
