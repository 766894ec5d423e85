/** What an event channel costs between two domains, beside two bare processes that ring each other's doorbells. */
package io.xenolith.benchmarks.event;
