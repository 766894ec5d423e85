/**
 * dom0: the privileged domain as one process. {@link io.xenolith.dom0.Dom0Main} is its main loop.
 */
package io.xenolith.dom0;
