package io.xenolith.dom0.blkback;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers of virtual block devices, from the names in disk specifications (xen-vbd-interface(7)):
 * {@code xvda}, {@code xvdb3}, {@code d0p1}, {@code hdc}, {@code sda1}, or the number itself.
 */
public final class VirtualDevice {
    private static final Pattern LETTERS = Pattern.compile("(xvd|hd|sd)([a-z]{1,2})(\\d{0,3})");
    private static final Pattern DIGITS = Pattern.compile("d(\\d{1,5})(?:p(\\d{1,3}))?");
    private static final int EXTENDED = 1 << 28;

    private VirtualDevice() {
    }

    /**
     * Number of a device name.
     *
     * @return the number, or -1 when the name is none
     */
    public static int number(final String name) {
        if (name.matches("\\d{1,9}")) {
            return Integer.parseInt(name);
        }
        if (name.matches("0x[0-9a-fA-F]{1,7}")) {
            return Integer.parseInt(name.substring(2), 16);
        }
        final Matcher d = DIGITS.matcher(name);
        if (d.matches()) {
            return xen(Integer.parseInt(d.group(1)), d.group(2) == null ? 0 : Integer.parseInt(d.group(2)));
        }
        final Matcher m = LETTERS.matcher(name);
        if (!m.matches()) {
            return -1;
        }
        final int disk = disk(m.group(2));
        final int part = m.group(3).isEmpty() ? 0 : Integer.parseInt(m.group(3));
        return switch (m.group(1)) {
            case "xvd" -> xen(disk, part);
            case "hd" -> disk > 3 || part > 63 ? -1 : (disk < 2 ? 3 : 22) << 8 | (disk & 1) << 6 | part;
            default -> disk > 15 || part > 15 ? -1 : 8 << 8 | disk << 4 | part;
        };
    }

    private static int disk(final String letters) {
        int n = 0;
        for (int i = 0; i < letters.length(); i++) {
            n = n * 26 + letters.charAt(i) - 'a' + 1;
        }
        return n - 1;
    }

    private static int xen(final int disk, final int part) {
        if (disk < 16 && part < 16) {
            return 202 << 8 | disk << 4 | part;
        }
        return disk >= 1 << 20 || part > 255 ? -1 : EXTENDED | disk << 8 | part;
    }
}
