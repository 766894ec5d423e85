package io.xenolith.hv.grant;

import io.xenolith.hv.hypercall.CallerFrames;

/**
 * The grant mappings of one domain, by handle: GNTTABOP_map_grant_ref and its opposites.
 *
 * <p>A mapping pins the frame once for its device part and once for its host part; either part can be unmapped alone. The
 * table is private memory of the domain's process: when that process dies the domain dies, and the reaper finds the pins by
 * their holder.
 */
public final class GrantMappings
{
    /** GNTMAP_device_map. */
    public static final int DEVICE_MAP = 1;
    /** GNTMAP_host_map. */
    public static final int HOST_MAP = 2;
    /** GNTMAP_readonly. */
    public static final int READONLY = 4;
    /** GNTMAP_application_map. */
    public static final int APPLICATION_MAP = 8;
    /** GNTMAP_contains_pte. */
    public static final int CONTAINS_PTE = 0x10;

    /** Handles one domain may hold. */
    public static final int MAX_HANDLES = 64 * 1024;

    private static final int AVAIL_SHIFT = 16;
    private static final int PTE_AVAIL_SHIFT = 9;
    private static final int PTE_AVAIL_BITS = 7;
    private static final int FRAME_SHIFT = 12;

    private final ActiveGrants grants;
    private Pin[] devicePins = new Pin[64];
    private Pin[] hostPins = new Pin[64];
    private int[] flags = new int[64];
    private int[] nextFree = new int[64];
    private int firstFree = -1;
    private int highest;

    /** @param grants pins on behalf of the domain. */
    public GrantMappings(final ActiveGrants grants)
    {
        this.grants = grants;
    }

    /**
     * Maps a grant.
     *
     * @param frames      the domain's page tables.
     * @param granter     domain that granted.
     * @param gref        its reference.
     * @param mapFlags    GNTMAP_ flags.
     * @param hostAddress where, for a host mapping.
     * @return a handle, or a negative {@link GrantStatus}.
     */
    public synchronized int map(
        final CallerFrames frames, final int granter, final int gref, final int mapFlags, final long hostAddress)
    {
        if ((mapFlags & (DEVICE_MAP | HOST_MAP)) == 0)
        {
            return GrantStatus.BAD_GNTREF;
        }
        final int handle = take();
        if (handle < 0)
        {
            return GrantStatus.NO_SPACE;
        }
        final int status = pinParts(handle, granter, gref, mapFlags);
        if (status != GrantStatus.OKAY)
        {
            give(handle);
            return status;
        }
        if ((mapFlags & HOST_MAP) != 0 && enter(frames, hostPins[handle], mapFlags, hostAddress) != 0)
        {
            unpinParts(handle);
            give(handle);
            return GrantStatus.GENERAL_ERROR;
        }
        flags[handle] = mapFlags;
        return handle;
    }

    private int pinParts(final int handle, final int granter, final int gref, final int mapFlags)
    {
        final boolean write = (mapFlags & READONLY) == 0;
        int status = GrantStatus.OKAY;
        if ((mapFlags & DEVICE_MAP) != 0)
        {
            devicePins[handle] = new Pin();
            status = grants.pinForMapping(devicePins[handle], granter, gref, write);
            if (status != GrantStatus.OKAY)
            {
                devicePins[handle] = null;
            }
        }
        if (status == GrantStatus.OKAY && (mapFlags & HOST_MAP) != 0)
        {
            hostPins[handle] = new Pin();
            status = grants.pinForMapping(hostPins[handle], granter, gref, write);
            if (status == GrantStatus.OKAY && devicePins[handle] != null
                && devicePins[handle].mfn != hostPins[handle].mfn)
            {
                status = GrantStatus.GENERAL_ERROR;
                grants.unpin(hostPins[handle]);
            }
            if (status != GrantStatus.OKAY)
            {
                hostPins[handle] = null;
                unpinParts(handle);
            }
        }
        return status;
    }

    private static int enter(final CallerFrames frames, final Pin pin, final int mapFlags, final long hostAddress)
    {
        return frames.mapGranted(hostAddress, (mapFlags & CONTAINS_PTE) != 0, pin.mfn, pin.write,
            (mapFlags & APPLICATION_MAP) != 0,
            (long)(mapFlags >>> AVAIL_SHIFT & PTE_AVAIL_BITS) << PTE_AVAIL_SHIFT);
    }

    private void unpinParts(final int handle)
    {
        if (devicePins[handle] != null)
        {
            grants.unpin(devicePins[handle]);
            devicePins[handle] = null;
        }
        if (hostPins[handle] != null)
        {
            grants.unpin(hostPins[handle]);
            hostPins[handle] = null;
        }
    }

    /**
     * Bus address that a device would use.
     *
     * @param handle a live handle.
     * @return machine address, 0 without device part.
     */
    public synchronized long deviceAddress(final int handle)
    {
        return devicePins[handle] == null ? 0 : devicePins[handle].mfn << FRAME_SHIFT;
    }

    /**
     * Unmaps the parts that the caller names.
     *
     * @param frames        the domain's page tables.
     * @param handle        any value.
     * @param hostAddress   where the host part is mapped, 0: leave it.
     * @param deviceAddress bus address of the device part, 0: leave it.
     * @param replacement   0, or the linear address whose entry takes the place of the host part's.
     * @return {@link GrantStatus}.
     */
    public synchronized int unmap(
        final CallerFrames frames,
        final int handle,
        final long hostAddress,
        final long deviceAddress,
        final long replacement)
    {
        if (handle < 0 || handle >= highest || flags[handle] == 0)
        {
            return GrantStatus.BAD_HANDLE;
        }
        if (deviceAddress != 0 && devicePins[handle] != null)
        {
            if (deviceAddress != devicePins[handle].mfn << FRAME_SHIFT)
            {
                return GrantStatus.GENERAL_ERROR;
            }
            grants.unpin(devicePins[handle]);
            devicePins[handle] = null;
        }
        if (hostAddress != 0 && hostPins[handle] != null)
        {
            final Pin pin = hostPins[handle];
            if (frames.unmapGranted(hostAddress, (flags[handle] & CONTAINS_PTE) != 0, pin.mfn, pin.write, replacement) != 0)
            {
                return GrantStatus.GENERAL_ERROR;
            }
            grants.unpin(pin);
            hostPins[handle] = null;
        }
        if (devicePins[handle] == null && hostPins[handle] == null)
        {
            give(handle);
        }
        return GrantStatus.OKAY;
    }

    /** @return live handles. */
    public synchronized int size()
    {
        int n = 0;
        for (int i = 0; i < highest; i++)
        {
            n += flags[i] != 0 ? 1 : 0;
        }
        return n;
    }

    private int take()
    {
        if (firstFree >= 0)
        {
            final int handle = firstFree;
            firstFree = nextFree[handle];
            return handle;
        }
        if (highest == MAX_HANDLES)
        {
            return -1;
        }
        if (highest == flags.length)
        {
            final int larger = flags.length * 2;
            devicePins = java.util.Arrays.copyOf(devicePins, larger);
            hostPins = java.util.Arrays.copyOf(hostPins, larger);
            flags = java.util.Arrays.copyOf(flags, larger);
            nextFree = java.util.Arrays.copyOf(nextFree, larger);
        }
        return highest++;
    }

    private void give(final int handle)
    {
        flags[handle] = 0;
        nextFree[handle] = firstFree;
        firstFree = handle;
    }
}
