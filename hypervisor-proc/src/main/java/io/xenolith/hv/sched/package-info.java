/** Virtual CPUs on physical ones, and time: run states, slots, parking, deadlines, clocks. Start with {@code Scheduler}. */
package io.xenolith.hv.sched;
