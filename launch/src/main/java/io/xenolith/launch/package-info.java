/**
 * The command line: {@code xenolith} is the machine's power button, {@code xl} takes the commands, flags and files that users of
 * Xen know. Commands only post requests to dom0 and print the answers, so that killing one leaves nothing half done.
 */
package io.xenolith.launch;
