/**
 * The console back-end: takes what domains print into one log file per domain, and feeds them what users type.
 */
package io.xenolith.dom0.console;
