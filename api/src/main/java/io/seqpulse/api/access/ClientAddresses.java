package io.seqpulse.api.access;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/**
 * Whose request it is, by address: who is connected, or, where that is one of the proxies we trust,
 * whom it names in {@code X-Forwarded-For}. Proxies append to that header, so it is read from its
 * end; what stands before the first stranger could be anybody's invention. {@code Forwarded} is not
 * read: few proxies write it, and one that does not would pass on what a client wrote.
 */
public final class ClientAddresses {

    private final List<Network> trusted;

    /** A block of addresses. */
    private record Network(byte[] prefix, int bits) {

        boolean contains(InetAddress address) {
            byte[] bytes = address.getAddress();
            if (bytes.length != prefix.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit % 8);
                if ((bytes[bit / 8] & mask) != (prefix[bit / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * Trusts proxies at these addresses.
     *
     * @param proxies such as {@code 10.0.0.2} or {@code 172.16.0.0/12}
     * @throws IllegalArgumentException naming the one that is none
     */
    public ClientAddresses(List<String> proxies) {
        trusted = proxies.stream().map(ClientAddresses::network).toList();
    }

    private static Network network(String text) {
        String[] parts = text.split("/", 2);
        byte[] prefix =
                literal(parts[0])
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "'%s' is no address, and no block such as 10.0.0.0/8"
                                                        .formatted(text)))
                        .getAddress();
        int all = prefix.length * 8;
        int bits =
                parts.length < 2
                        ? all
                        : parts[1].matches("[0-9]{1,3}") ? Integer.parseInt(parts[1]) : -1;
        if (bits < 0 || bits > all) {
            throw new IllegalArgumentException(
                    "'%s' has no length from 0 to %s behind its slash".formatted(text, all));
        }
        return new Network(prefix, bits);
    }

    /**
     * Whose request it is.
     *
     * @param peer who is connected
     * @param forwarded every {@code X-Forwarded-For}, in their order
     */
    public String of(String peer, List<String> forwarded) {
        String client = peer;
        String[] hops = String.join(",", forwarded).split(",");
        for (int hop = hops.length - 1; hop >= 0 && isTrusted(client); hop--) {
            String next = withoutPort(hops[hop].strip());
            if (literal(next).isEmpty()) {
                break;
            }
            client = next;
        }
        return client;
    }

    private boolean isTrusted(String text) {
        return literal(text).stream()
                .anyMatch(
                        address -> trusted.stream().anyMatch(network -> network.contains(address)));
    }

    private static String withoutPort(String hop) {
        if (hop.startsWith("[")) {
            return hop.contains("]") ? hop.substring(1, hop.indexOf(']')) : hop;
        }
        return hop.matches("[0-9.]+:[0-9]+") ? hop.substring(0, hop.indexOf(':')) : hop;
    }

    /** An address by its figures; a name is none, because nobody is to be asked for it. */
    static Optional<InetAddress> literal(String text) {
        String bare =
                text.startsWith("[") && text.endsWith("]")
                        ? text.substring(1, text.length() - 1)
                        : text;
        if (!bare.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*")) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(bare));
        } catch (UnknownHostException none) {
            return Optional.empty();
        }
    }
}
