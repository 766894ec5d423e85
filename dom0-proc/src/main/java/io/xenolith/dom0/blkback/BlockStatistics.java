package io.xenolith.dom0.blkback;

import java.util.LinkedHashMap;
import java.util.Map;

/** What one device has done and refused, since dom0's process started. Main loop only. */
final class BlockStatistics {
    private long reads;
    private long writes;
    private long flushes;
    private long discards;
    private long sectorsRead;
    private long sectorsWritten;
    private long refused;
    private long failed;
    private long reissued;
    private long overflows;

    void request(final BlockRequest r) {
        switch (r.operation) {
            case BlockRequest.READ -> {
                reads++;
                sectorsRead += r.sectors;
            }
            case BlockRequest.WRITE, BlockRequest.BARRIER -> {
                writes++;
                sectorsWritten += r.sectors;
            }
            case BlockRequest.FLUSH -> flushes++;
            default -> discards++;
        }
    }

    void refused() {
        refused++;
    }

    void failed() {
        failed++;
    }

    void reissued() {
        reissued++;
    }

    void overflow() {
        overflows++;
    }

    long overflows() {
        return overflows;
    }

    Map<String, Long> all() {
        final Map<String, Long> m = new LinkedHashMap<>();
        m.put("rd_req", reads);
        m.put("wr_req", writes);
        m.put("f_req", flushes);
        m.put("ds_req", discards);
        m.put("rd_sect", sectorsRead);
        m.put("wr_sect", sectorsWritten);
        m.put("refused", refused);
        m.put("failed", failed);
        m.put("reissued", reissued);
        m.put("overflows", overflows);
        return m;
    }
}
