package io.xenolith.hv.sched;

import io.xenolith.hv.event.OwnEvents;
import io.xenolith.hv.hypercall.Caller;
import io.xenolith.hv.hypercall.GuestFault;
import io.xenolith.shm.Machine;
import io.xenolith.shm.MachineMemory;
import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.DomainRecord;
import io.xenolith.shm.hv.VcpuRecord;
import java.util.function.IntConsumer;

/**
 * Writes the copies of run state and time that a vCPU's guest registered.
 *
 * <pre>
 *   vcpu_runstate_info   state u32 @0 | state_entry_time u64 @4/8 | time[4] u64 @12/16      (32/64 bit)
 * </pre>
 */
public final class RegisteredAreas implements GuestAreas
{
    private static final int ASSIST_UPDATE_FLAG = 5;
    private static final long UPDATE = 1L << 63;
    private static final int STATES = 4;

    private final Caller caller;
    private final MachineMemory memory;
    private final OwnEvents events;
    private final long record;
    private final long vcpu;
    private final IntConsumer dumper;
    private final Runnable watchdog;

    /**
     * @param machine  the machine.
     * @param events   the domain's events, which know where vcpu_info is.
     * @param caller   the vCPU.
     * @param dumper   writes its register dump; gets the vCPU's number.
     * @param watchdog shuts the domain down.
     */
    public RegisteredAreas(
        final Machine machine,
        final OwnEvents events,
        final Caller caller,
        final IntConsumer dumper,
        final Runnable watchdog)
    {
        this.memory = machine.memory();
        this.events = events;
        this.caller = caller;
        final int slot = DomainRecord.slot(caller.domid());
        this.record = machine.hv().domain(slot);
        this.vcpu = machine.hv().vcpu(slot, caller.vcpu());
        this.dumper = dumper;
        this.watchdog = watchdog;
    }

    @Override
    public void runstateChanged(final int number)
    {
        final long virtual = Raw.getLong(vcpu + VcpuRecord.RUNSTATE_AREA);
        final long machineAddress = Raw.getLong(vcpu + VcpuRecord.RUNSTATE_AREA_MADDR);
        if (virtual == 0 && machineAddress == 0)
        {
            return;
        }
        try
        {
            final boolean flagged = (Raw.getLong(record + DomainRecord.VM_ASSIST) >>> ASSIST_UPDATE_FLAG & 1) != 0;
            final long entry = Raw.getLong(vcpu + VcpuRecord.RUNSTATE_SINCE);
            final int wide = caller.is64Bit() ? 4 : 0;
            if (flagged)
            {
                put(virtual, machineAddress, 4 + wide, entry | UPDATE);
            }
            putInt(virtual, machineAddress, 0, Raw.getInt(vcpu + VcpuRecord.RUNSTATE));
            for (int i = 0; i < STATES; i++)
            {
                put(virtual, machineAddress, 12 + wide + i * Long.BYTES,
                    Raw.getLong(vcpu + VcpuRecord.RUNSTATE_TIME + i * Long.BYTES));
            }
            put(virtual, machineAddress, 4 + wide, entry);
        }
        catch (final GuestFault e)
        {
            // The guest unmapped its area, or another address space is loaded: it reads old values, as on any hypervisor.
        }
    }

    @Override
    public void timeChanged(final int number)
    {
        final long virtual = Raw.getLong(vcpu + VcpuRecord.TIME_AREA);
        final long machineAddress = Raw.getLong(vcpu + VcpuRecord.TIME_AREA_MADDR);
        final long info = events.vcpuInfo(number);
        if (virtual == 0 && machineAddress == 0 || info == 0)
        {
            return;
        }
        try
        {
            final long master = info + TimeInfo.IN_VCPU_INFO;
            final int version = Raw.getInt(master);
            putInt(virtual, machineAddress, 0, version | 1);
            for (int i = Long.BYTES; i < TimeInfo.LENGTH; i += Long.BYTES)
            {
                put(virtual, machineAddress, i, Raw.getLong(master + i));
            }
            putInt(virtual, machineAddress, 0, version + (version & 1));
        }
        catch (final GuestFault e)
        {
            // As above.
        }
    }

    private void put(final long virtual, final long machineAddress, final int offset, final long value)
    {
        if (machineAddress != 0)
        {
            Raw.putLong(at(machineAddress, offset), value);
        }
        else
        {
            caller.memory().putLong(virtual + offset, value);
        }
    }

    private void putInt(final long virtual, final long machineAddress, final int offset, final int value)
    {
        if (machineAddress != 0)
        {
            Raw.putInt(at(machineAddress, offset), value);
        }
        else
        {
            caller.memory().putInt(virtual + offset, value);
        }
    }

    private long at(final long machineAddress, final int offset)
    {
        return memory.addressOf(machineAddress >>> 12) + (machineAddress & 0xfff) + offset;
    }

    @Override
    public void dumpRegisters(final int number)
    {
        dumper.accept(number);
    }

    @Override
    public void watchdogExpired()
    {
        watchdog.run();
    }
}
