/**
 * The domain builder: reads a paravirtual kernel image and makes a domain out of it.
 *
 * <p>{@link io.xenolith.dom0.builder.ElfImage} reads the file format, {@link io.xenolith.dom0.builder.XenNotes}
 * what the kernel says about itself, {@link io.xenolith.dom0.builder.KernelImage} joins and checks both,
 * {@link io.xenolith.dom0.builder.DomainLayout} decides where everything lies at the start of day, and
 * {@link io.xenolith.dom0.builder.DomainBuilder} writes it into the frames of a new domain.
 *
 * <p>An image is hostile: every offset and length in it is checked against the file before it is used.
 */
package io.xenolith.dom0.builder;
