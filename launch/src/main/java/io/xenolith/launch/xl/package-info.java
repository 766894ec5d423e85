/** The commands of {@code xl}, one class each. */
package io.xenolith.launch.xl;
