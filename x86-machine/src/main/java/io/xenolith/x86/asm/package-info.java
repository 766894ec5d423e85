/**
 * A small assembler for 16-, 32- and 64-bit x86 code and an ELF writer.
 *
 * <p>It exists so that embedded guests, bare test images and the child process of the silicon comparison can be
 * built with the JDK alone. Programs are written as Java method calls on an {@link io.xenolith.x86.asm.Assembler}:
 *
 * <pre>{@code
 * Assembler a = new Assembler(Mode.BITS32, 0x10_0000);
 * Label loop = a.label("loop");
 * a.mov(ECX, 10);
 * a.bind(loop);
 * a.add(mem(EBX, 4).dword(), 1);
 * a.dec(ECX);
 * a.jcc(Cond.NE, loop);
 * byte[] code = a.toBytes();
 * }</pre>
 *
 * <p>Encodings follow the Intel Software Developer's Manual, volume 2; the unit tests compare them with the output
 * of a second assembler kept as a test resource. The assembler is deliberately independent of the decoder of this
 * module, so that the two can judge each other.
 */
package io.xenolith.x86.asm;
