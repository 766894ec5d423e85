/**
 * The x87 floating-point unit and the software arithmetic beneath it.
 *
 * <p>{@link io.xenolith.x86.fpu.FpuState} is the register file (shared with MMX and SSE). {@link io.xenolith.x86.fpu.Real} takes a
 * number of any format apart, {@link io.xenolith.x86.fpu.Arithmetic} computes on such numbers to 128 bits, and
 * {@link io.xenolith.x86.fpu.Rounder} brings a result into a format with the flags that silicon would raise. The instruction bodies
 * are static methods grouped by subject; {@link io.xenolith.x86.fpu.FpuRows} names them in the instruction table.
 */
package io.xenolith.x86.fpu;
