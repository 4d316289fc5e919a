package io.seqpulse.lifecycle.property;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The job with one mistake in it: the real source with one piece of text replaced, compiled in
 * memory and loaded before everything else of ours.
 *
 * @param name what is wrong with it
 * @param source path below {@code io/seqpulse/lifecycle}
 * @param right the text as it stands there, exactly once
 * @param wrong what to put in its place
 * @param losing whether it shows where the job's state is lost
 */
record Mutant(String name, String source, String right, String wrong, boolean losing) {

    Mutant(String name, String source, String right, String wrong) {
        this(name, source, right, wrong, false);
    }

    private static final String PACKAGE = "io.seqpulse.";
    private static final Path SOURCES = Path.of("src/main/java/io/seqpulse/lifecycle");

    /**
     * What {@link HistoryCheck#firstDifference} says of the job with the mistake.
     *
     * @return null if it notices nothing
     */
    String firstDifference(long seed, int histories) throws Exception {
        ClassLoader mistaken = new MistakenFirst(compile());
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(mistaken); // with which the operators are deserialized
        try {
            Class<?> check = mistaken.loadClass(HistoryCheck.class.getName());
            Object made = check.getConstructor(long.class).newInstance(seed);
            if (losing) {
                check.getMethod("losingState").invoke(made);
            }
            return (String) check.getMethod("firstDifference", int.class).invoke(made, histories);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private Map<String, byte[]> compile() throws IOException {
        String text = Files.readString(SOURCES.resolve(source));
        int at = text.indexOf(right);
        if (at < 0 || text.indexOf(right, at + 1) >= 0) {
            throw new AssertionError(
                    "%s must stand exactly once in %s: %s".formatted(name, source, right));
        }
        String mistaken = text.substring(0, at) + wrong + text.substring(at + right.length());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                InMemory classes = new InMemory(files)) {
            boolean compiled =
                    compiler.getTask(
                                    messages,
                                    classes,
                                    null,
                                    List.of("-proc:none", "-nowarn", "-parameters"),
                                    null,
                                    List.of(new Text(source, mistaken)))
                            .call();
            if (!compiled) {
                throw new AssertionError(name + " does not compile: " + messages);
            }
            return classes.compiled();
        }
    }

    @Override
    public String toString() {
        return name;
    }

    private static final class Text extends SimpleJavaFileObject {
        private final String text;

        private Text(String source, String text) {
            super(URI.create("string:///" + source), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> outputs = new HashMap<>();

        private InMemory(JavaFileManager files) {
            super(files);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            outputs.put(className, output);
            return new SimpleJavaFileObject(URI.create("mem:///" + className), kind) {
                @Override
                public ByteArrayOutputStream openOutputStream() {
                    return output;
                }
            };
        }

        private Map<String, byte[]> compiled() {
            Map<String, byte[]> classes = new HashMap<>();
            outputs.forEach((name, output) -> classes.put(name, output.toByteArray()));
            return classes;
        }
    }

    private static final class MistakenFirst extends ClassLoader {
        private final Map<String, byte[]> mistaken;

        private MistakenFirst(Map<String, byte[]> mistaken) {
            super(Mutant.class.getClassLoader());
            this.mistaken = mistaken;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                if (!name.startsWith(PACKAGE)) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                if (loaded == null) {
                    byte[] bytes = mistaken.containsKey(name) ? mistaken.get(name) : bytes(name);
                    loaded = defineClass(name, bytes, 0, bytes.length);
                }
                return loaded;
            }
        }

        private byte[] bytes(String name) throws ClassNotFoundException {
            String file = name.replace('.', '/') + ".class";
            try (InputStream in = getParent().getResourceAsStream(file)) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
