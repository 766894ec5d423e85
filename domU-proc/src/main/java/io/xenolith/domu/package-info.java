/**
 * A domain's process: the main, the threads of its vCPUs, and what joins the x86 side of the hypervisor with events, grants and
 * scheduling in this process.
 */
package io.xenolith.domu;
