/**
 * The frame table: who owns each machine frame, how often it is referenced, and as what. The essay is at the head of
 * {@link io.xenolith.hv.frames.FrameTable}.
 */
package io.xenolith.hv.frames;
