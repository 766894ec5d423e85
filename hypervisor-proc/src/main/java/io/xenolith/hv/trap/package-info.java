/**
 * The way from the guest into the hypervisor and back: the guest's trap table, frames bounced to its kernel, event
 * up-calls, returns, and the emulation of privileged instructions.
 */
package io.xenolith.hv.trap;
