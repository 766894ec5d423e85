/**
 * System tests: real processes started by the launch scripts, stock guests, kills. A guest or tool that is missing is a failure
 * with its remedy.
 */
package io.xenolith.launch.system;
