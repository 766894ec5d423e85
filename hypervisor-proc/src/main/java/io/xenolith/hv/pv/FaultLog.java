package io.xenolith.hv.pv;

import io.xenolith.shm.Raw;
import io.xenolith.shm.hv.VcpuRecord;

/** The last faults delivered to a vCPU's guest, in its record, for crash reports. */
final class FaultLog {
    private static final int ADDRESS = 8;
    private static final int VECTOR = 16;
    private static final int ERROR = 20;
    private static final int TIME = 24;

    private final long record;
    private final DomainServices services;

    FaultLog(final long record, final DomainServices services) {
        this.record = record;
        this.services = services;
    }

    void add(final long ip, final long address, final int vector, final int error) {
        final int n = Raw.getInt(record + VcpuRecord.FAULT_COUNT);
        final long entry = record + VcpuRecord.LAST_FAULTS
            + (n & VcpuRecord.LAST_FAULTS_COUNT - 1) * (long)VcpuRecord.LAST_FAULT_LENGTH;
        Raw.putLong(entry, ip);
        Raw.putLong(entry + ADDRESS, address);
        Raw.putInt(entry + VECTOR, vector);
        Raw.putInt(entry + ERROR, error);
        Raw.putLong(entry + TIME, services.systemTimeNs());
        Raw.putInt(record + VcpuRecord.FAULT_COUNT, n + 1);
    }

    /** Lines for a crash report, oldest first. */
    static void print(final long record, final StringBuilder out) {
        final int n = Raw.getInt(record + VcpuRecord.FAULT_COUNT);
        for (int i = Math.max(0, n - VcpuRecord.LAST_FAULTS_COUNT); i < n; i++) {
            final long entry = record + VcpuRecord.LAST_FAULTS
                + (i & VcpuRecord.LAST_FAULTS_COUNT - 1) * (long)VcpuRecord.LAST_FAULT_LENGTH;
            out.append(String.format("  %d: vector=%d error=%x ip=%x address=%x at %d us%n", i,
                Raw.getInt(entry + VECTOR), Raw.getInt(entry + ERROR), Raw.getLong(entry),
                Raw.getLong(entry + ADDRESS), Raw.getLong(entry + TIME) / 1000));
        }
    }
}
