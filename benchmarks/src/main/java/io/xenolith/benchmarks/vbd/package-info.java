/** What reading a disk through the block ring costs, beside reading its image directly. */
package io.xenolith.benchmarks.vbd;
