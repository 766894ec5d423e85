/**
 * What {@code xl} asks of dom0. Commands only post requests ({@link io.xenolith.dom0.toolstack.ToolstackClient});
 * everything is done in dom0, so a command can be killed at any point and leaves a whole domain or none.
 */
package io.xenolith.dom0.toolstack;
