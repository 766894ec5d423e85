package io.xenolith.x86.bare;

import io.xenolith.shm.PrivateMemory;
import io.xenolith.shm.Raw;
import io.xenolith.x86.Cpu;
import io.xenolith.x86.system.BareMetal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Runs a multiboot image on {@link BareMetal}. */
final class BareRun {
    private static final int FRAMES = 8192;
    private static final int MAGIC = 0x1BADB002;
    private static final long INSTRUCTIONS = 400_000_000L;

    /** The image's log, and why the run ended. */
    record Outcome(String log, BareMetal.Stop stop, int status) {
    }

    private BareRun() {
    }

    static Outcome run(final byte[] image, final int physicalBits) {
        final PrivateMemory memory = new PrivateMemory(FRAMES);
        final BareMetal machine = new BareMetal(memory);
        final ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        if (header.getInt(0) != MAGIC) {
            throw new IllegalArgumentException("the header is not at the start of the image");
        }
        final long load = header.getInt(16);
        Raw.copyIn(image, 0, memory.addressOf(load >>> 12) + (load & 0xFFF), image.length);
        final Cpu cpu = machine.cpu();
        cpu.mmu.setPhysicalBits(physicalBits);
        cpu.ip = header.getInt(28);
        cpu.gpr[Cpu.RAX] = 0x2BADB002;
        machine.setLimit(INSTRUCTIONS);
        final BareMetal.Stop stop = machine.run();
        return new Outcome(machine.console(), stop, machine.exitStatus());
    }
}
