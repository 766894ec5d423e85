/** Reading xl.cfg files: {@code text -> settings with lines -> a checked domain configuration}. */
package io.xenolith.launch.cfg;
