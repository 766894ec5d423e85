/** The commands of {@code xenolith}, one class each. */
package io.xenolith.launch.power;
