/**
 * The integer instructions: one body per row of the table that handles every operand form, specialised forms for
 * the commonest instructions, and the loop that runs decoded blocks.
 */
package io.xenolith.x86.exec;
