package io.xenolith.dom0.blkback;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One entry of a domain's disk list, in any of xl's spellings (xl-disk-configuration(5)):
 * {@code target, format, vdev, access} by position, {@code key=value} in any order, or the old
 * {@code file:/path,xvda,w} and {@code phy:/dev/x,xvda,r}.
 *
 * @param target   path of the image file or block device; "" for an empty CD drive
 * @param vdev     name of the device in the guest
 * @param number   number of that device
 * @param writable whether the guest may write
 * @param cdrom    whether it is a CD drive
 * @param discard  whether the guest may discard
 */
public record DiskSpec(String target, String vdev, int number, boolean writable, boolean cdrom, boolean discard) {

    /** A disk specification that cannot be used; the message is one sentence. */
    public static final class DiskSpecException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param sentence what is wrong */
        public DiskSpecException(final String sentence) {
            super(sentence);
        }
    }

    /** The same disk, a relative path of its image looked up below {@code directory}. */
    public DiskSpec relativeTo(final Path directory) {
        final String absolute = target.isEmpty() ? target : directory.resolve(target).normalize().toString();
        return new DiskSpec(absolute, vdev, number, writable, cdrom, discard);
    }

    private static final List<String> POSITIONS = List.of("target", "format", "vdev", "access");

    /** Collects the parts while they are read. */
    private static final class Draft {
        private final String all;
        private String target;
        private String format;
        private String vdev;
        private String access;
        private boolean cdrom;
        private boolean discard = true;

        Draft(final String all) {
            this.all = all;
        }

        DiskSpecException wrong(final String why) {
            return new DiskSpecException("The disk specification '" + all + "' " + why + ".");
        }

        void set(final String key, final String value) {
            switch (key) {
                case "target" -> target = value;
                case "format" -> format = value;
                case "vdev" -> vdev = value;
                case "access" -> access = value;
                case "devtype" -> cdrom = value.equals("cdrom");
                case "backendtype" -> checkBackendType(value);
                case "backend" -> checkBackend(value);
                case "script" -> throw wrong("names a hotplug script, which we lack");
                default -> throw wrong("has the unknown key '" + key + "'");
            }
        }

        private void checkBackendType(final String value) {
            if (!List.of("phy", "qdisk", "tap").contains(value)) {
                throw wrong("wants the back-end type " + value + ", which we lack");
            }
        }

        private void checkBackend(final String value) {
            if (!value.equals("0") && !value.equals("Domain-0")) {
                throw wrong("wants a back-end outside dom0, which we lack");
            }
        }

        boolean flag(final String word) {
            switch (word) {
                case "cdrom" -> cdrom = true;
                case "discard" -> discard = true;
                case "no-discard" -> discard = false;
                case "direct-io-safe", "removable" -> { }
                default -> {
                    return false;
                }
            }
            return true;
        }

        DiskSpec build() {
            if (vdev == null || vdev.isEmpty()) {
                throw wrong("names no virtual device, such as xvda");
            }
            if (vdev.endsWith(":cdrom")) {
                cdrom = true;
                vdev = vdev.substring(0, vdev.length() - ":cdrom".length());
            }
            if (vdev.startsWith("/dev/")) {
                vdev = vdev.substring("/dev/".length());
            }
            final int number = VirtualDevice.number(vdev);
            if (number < 0) {
                throw wrong("has the unknown virtual device " + vdev);
            }
            final String f = format == null || format.isEmpty() ? "raw" : format;
            if (!f.equals("raw")) {
                throw wrong(List.of("qcow", "qcow2", "vhd", "qed").contains(f)
                        ? "wants the format " + f + ", which we lack; convert it to raw"
                        : "has the unknown format " + f);
            }
            if ((target == null || target.isEmpty()) && !cdrom) {
                throw wrong("names no target");
            }
            return new DiskSpec(target == null ? "" : target, vdev, number, isWritable(), cdrom, discard);
        }

        private boolean isWritable() {
            return switch (access == null || access.isEmpty() ? cdrom ? "r" : "rw" : access) {
                case "r", "ro" -> false;
                case "w", "rw", "w!" -> !cdrom;
                default -> throw wrong("has the unknown access mode " + access);
            };
        }
    }

    /**
     * Reads a specification.
     *
     * @throws DiskSpecException when it cannot be understood or wants what we lack
     */
    public static DiskSpec parse(final String spec) {
        final Draft d = new Draft(spec);
        final int colon = spec.indexOf(':');
        final String scheme = colon < 0 ? "" : spec.substring(0, colon).trim().toLowerCase(Locale.ROOT);
        if (List.of("file", "phy", "raw", "tap", "tap2").contains(scheme)) {
            parseOld(d, scheme, spec.substring(colon + 1));
        } else {
            parseNew(d, spec);
        }
        return d.build();
    }

    /** {@code [scheme:][aio:]target,vdev,access}. */
    private static void parseOld(final Draft d, final String scheme, final String rest) {
        final String[] parts = rest.split(",", -1);
        if (parts.length < 2 || parts.length > 3) {
            throw d.wrong("needs a target, a virtual device and an access mode");
        }
        String target = parts[0].trim();
        while (scheme.startsWith("tap") && target.matches("(aio|tapdisk|raw):.*")) {
            target = target.substring(target.indexOf(':') + 1);
        }
        if (target.matches("[a-z0-9]+:.*")) {
            throw d.wrong("wants the format " + target.substring(0, target.indexOf(':')) + ", which we lack");
        }
        d.target = scheme.equals("phy") && !target.startsWith("/") && !target.isEmpty() ? "/dev/" + target : target;
        d.vdev = parts[1].trim();
        d.access = parts.length > 2 ? parts[2].trim() : "w";
    }

    private static void parseNew(final Draft d, final String spec) {
        int position = 0;
        for (final String raw : parts(spec)) {
            final String part = raw.trim();
            final int eq = part.indexOf('=');
            if (eq > 0 && part.substring(0, eq).matches("[a-z-]+")) {
                d.set(part.substring(0, eq), part.substring(eq + 1));
            } else if (part.isEmpty()) {
                position++;
            } else if (!d.flag(part)) {
                if (position >= POSITIONS.size()) {
                    throw d.wrong("has the unknown word '" + part + "'");
                }
                d.set(POSITIONS.get(position++), part);
            }
        }
    }

    /** Splits at commas, but {@code target=} takes all that follows, as in xl. */
    private static List<String> parts(final String spec) {
        final List<String> all = new ArrayList<>();
        int from = 0;
        while (from <= spec.length()) {
            if (spec.substring(from).stripLeading().startsWith("target=")) {
                all.add(spec.substring(from));
                break;
            }
            final int comma = spec.indexOf(',', from);
            all.add(comma < 0 ? spec.substring(from) : spec.substring(from, comma));
            if (comma < 0) {
                break;
            }
            from = comma + 1;
        }
        return all;
    }
}
