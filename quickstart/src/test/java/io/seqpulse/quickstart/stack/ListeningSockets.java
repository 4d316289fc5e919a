package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The sockets at which processes wait for others, as Linux tells of them. */
final class ListeningSockets {

    private static final Path PROC = Path.of("/proc");
    private static final String LISTENING = "0A";
    private static final int UNIX_LISTENING = 0x10000;
    private static final Set<String> NONE_CONNECTED =
            Set.of("00000000:0000", "0".repeat(32) + ":0000");

    private final Set<String> inodes = new HashSet<>();

    private ListeningSockets(List<ProcessHandle> processes) throws IOException {
        for (ProcessHandle process : processes) {
            Path open = PROC.resolve(process.pid() + "/fd");
            try (DirectoryStream<Path> files = Files.newDirectoryStream(open)) {
                for (Path file : files) {
                    note(file);
                }
            } catch (NoSuchFileException ended) {
                continue;
            }
        }
    }

    private void note(Path file) throws IOException {
        String target;
        try {
            target = Files.readSymbolicLink(file).toString();
        } catch (NoSuchFileException closed) {
            return; // as files are all the time
        }
        if (target.startsWith("socket:[")) {
            inodes.add(target.substring("socket:[".length(), target.length() - 1));
        }
    }

    /** Whether this system tells. */
    static boolean areTold() {
        return Files.isReadable(PROC.resolve("net/tcp"));
    }

    /** Those of TCP, and of UDP that anybody may send to. */
    static List<InetSocketAddress> of(List<ProcessHandle> processes) throws IOException {
        ListeningSockets own = new ListeningSockets(processes);
        List<InetSocketAddress> found = new ArrayList<>();
        for (String table : List.of("tcp", "tcp6", "udp", "udp6")) {
            for (String[] row : rows(table)) {
                boolean waits =
                        table.startsWith("tcp")
                                ? row[3].equals(LISTENING)
                                : NONE_CONNECTED.contains(row[2]);
                if (waits && own.inodes.contains(row[9])) {
                    found.add(address(row[1]));
                }
            }
        }
        return found;
    }

    /** Files at which processes listen. */
    static List<String> files(List<ProcessHandle> processes) throws IOException {
        ListeningSockets own = new ListeningSockets(processes);
        return rows("unix").stream()
                .filter(row -> (Integer.parseInt(row[3], 16) & UNIX_LISTENING) != 0)
                .filter(row -> own.inodes.contains(row[6]))
                .map(row -> row.length > 7 ? row[7] : "unnamed")
                .toList();
    }

    private static List<String[]> rows(String table) throws IOException {
        Path file = PROC.resolve("net").resolve(table);
        if (!Files.exists(file)) {
            return List.of();
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.skip(1).map(line -> line.strip().split("\\s+")).toList();
        }
    }

    /** The kernel prints words of four bytes, in the order of the machine: the last byte first. */
    private static InetSocketAddress address(String hex) throws IOException {
        String[] parts = hex.split(":");
        byte[] words = HexFormat.of().parseHex(parts[0]);
        byte[] address = new byte[words.length];
        for (int i = 0; i < words.length; i++) {
            address[i] = words[i / 4 * 4 + 3 - i % 4];
        }
        return new InetSocketAddress(
                InetAddress.getByAddress(address), Integer.parseInt(parts[1], 16));
    }
}
