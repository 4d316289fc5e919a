package io.seqpulse.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/**
 * What {@code --help} prints of each command, as files: the script shows them before anything is
 * built. The text of {@code deadletters list} is in {@code deadletters-list.txt}, that of the root
 * in {@code lifecycle.txt}.
 */
public final class UsageTexts {

    /** Where they are in the repository. */
    public static final String FOLDER = "cli/usage";

    private static final String ROOT = "lifecycle";

    private UsageTexts() {}

    /** By the names of their files, those of all commands on the class path. */
    static Map<String, String> of(CommandLine root) {
        Map<String, String> texts = new TreeMap<>();
        texts.put(ROOT + ".txt", text(root));
        collect("", root, texts);
        return texts;
    }

    private static void collect(String prefix, CommandLine parent, Map<String, String> texts) {
        parent.getSubcommands()
                .forEach(
                        (name, command) -> {
                            if (!(command.getCommand() instanceof BuiltApart)) {
                                texts.put(prefix + name + ".txt", text(command));
                                collect(prefix + name + "-", command, texts);
                            }
                        });
    }

    private static String text(CommandLine command) {
        return command.getUsageMessage(Ansi.OFF);
    }

    /** The names of the files of a folder that are not there or say something else. */
    public static List<String> differing(Path folder) {
        List<String> differing = new ArrayList<>();
        of(Lifecycle.commandLine())
                .forEach(
                        (name, text) -> {
                            try {
                                if (!Files.exists(folder.resolve(name))
                                        || !Files.readString(folder.resolve(name)).equals(text)) {
                                    differing.add(name);
                                }
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        return differing;
    }

    /** Writes the files into a folder. */
    public static void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Map.Entry<String, String> text : of(Lifecycle.commandLine()).entrySet()) {
            Files.writeString(folder.resolve(text.getKey()), text.getValue());
        }
    }
}
