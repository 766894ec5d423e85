/** Grant tables: entries of both versions, active words, pins, mappings, copies and transfers. Start with {@code ActiveGrants}. */
package io.xenolith.hv.grant;
