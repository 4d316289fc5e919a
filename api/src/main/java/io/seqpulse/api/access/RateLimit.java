package io.seqpulse.api.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HexFormat;

/**
 * How often one address may call: so many a second on average, four seconds' worth at once. Whoever
 * has an IPv6 address has a whole network of them: its 64 bits count as one.
 */
public final class RateLimit {

    private static final int BURST_SECONDS = 4;

    private final int perSecond;
    private final Cache<String, Bucket> buckets =
            Caffeine.newBuilder()
                    .expireAfterAccess(Duration.ofMinutes(5))
                    .maximumSize(100_000)
                    .build();

    /** A limit for each address. */
    public RateLimit(int perSecond) {
        this.perSecond = perSecond;
    }

    /**
     * Counts a call.
     *
     * @return 0 when it may pass, else after how many seconds the next one may
     */
    public long secondsToWait(String address) {
        ConsumptionProbe probe =
                buckets.get(counted(address), unknown -> bucket()).tryConsumeAndReturnRemaining(1);
        return probe.isConsumed()
                ? 0
                : Math.max(1, (long) Math.ceil(probe.getNanosToWaitForRefill() / 1_000_000_000.0));
    }

    private static String counted(String address) {
        byte[] bytes =
                ClientAddresses.literal(address).map(InetAddress::getAddress).orElse(new byte[0]);
        return bytes.length == 16 ? HexFormat.of().formatHex(bytes, 0, 8) : address;
    }

    private Bucket bucket() {
        return Bucket.builder()
                .addLimit(
                        limit ->
                                limit.capacity((long) perSecond * BURST_SECONDS)
                                        .refillGreedy(perSecond, Duration.ofSeconds(1)))
                .build();
    }
}
