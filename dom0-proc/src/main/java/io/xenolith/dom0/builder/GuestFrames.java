package io.xenolith.dom0.builder;

/** The frames of a domain under construction, by pseudo-physical frame number. */
public interface GuestFrames {
    /** Machine frame of {@code pfn}. */
    long mfn(long pfn);

    /** Address at which this process may write frame {@code pfn}; valid until the domain starts. */
    long address(long pfn);
}
