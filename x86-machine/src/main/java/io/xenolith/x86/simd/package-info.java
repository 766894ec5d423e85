/**
 * MMX, SSE and SSE2: packed integers on 64-bit lanes, packed and scalar floating point with MXCSR, and FXSAVE/FXRSTOR.
 *
 * <p>{@link io.xenolith.x86.simd.SimdRows} names every instruction in the instruction table. Floating point runs on Java's own
 * arithmetic where the result and its flags are certain, and on {@link io.xenolith.x86.fpu.Arithmetic} otherwise.
 */
package io.xenolith.x86.simd;
