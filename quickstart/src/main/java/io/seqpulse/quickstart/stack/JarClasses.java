package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The classes of a jar of ours that runs by itself elsewhere, in this JVM and apart from this class
 * path: its libraries are of other versions. Only the logging is shared, and what the jar does not
 * bring because it finds it where it runs.
 */
final class JarClasses implements AutoCloseable {

    private final Path jar;
    private final URLClassLoader classes;

    JarClasses(Path jar) {
        this(jar, List.of());
    }

    private JarClasses(Path jar, List<String> packages) {
        this.jar = jar;
        this.classes = new URLClassLoader(new URL[] {url(jar)}, new Shared(packages));
    }

    /** The job's, with Flink, which it finds in a cluster. */
    static JarClasses onFlink(Path jar) {
        return new JarClasses(jar, List.of("org.apache.flink."));
    }

    private static URL url(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (MalformedURLException impossible) {
            throw new IllegalStateException("every file has a URL", impossible);
        }
    }

    /**
     * What a public static method returns for one argument.
     *
     * @throws InvocationTargetException what it throws
     * @throws StackException if there is no such method: it is not the jar that was meant
     */
    Object call(String type, String method, Class<?> parameter, Object argument)
            throws InvocationTargetException {
        Object[] arguments = {argument};
        return call(type, method, new Class<?>[] {parameter}, arguments);
    }

    /** The same for any number of arguments. */
    Object call(String type, String method, Class<?>[] parameters, Object... arguments)
            throws InvocationTargetException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(classes);
        try {
            return classes.loadClass(type).getMethod(method, parameters).invoke(null, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown;
        } catch (ReflectiveOperationException e) {
            throw new StackException(
                    "%s does not have %s.%s: build it anew with ./mvnw -DskipTests package"
                            .formatted(jar, type, method),
                    e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public void close() throws IOException {
        classes.close();
    }

    /** The JDK, and of this class path the logging and some packages. */
    private static final class Shared extends ClassLoader {

        private final List<String> packages = new ArrayList<>(List.of("org.slf4j."));

        Shared(List<String> more) {
            super(getPlatformClassLoader());
            packages.addAll(more);
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (packages.stream().anyMatch(name::startsWith)) {
                return JarClasses.class.getClassLoader().loadClass(name);
            }
            throw new ClassNotFoundException(name);
        }

        @Override
        protected URL findResource(String name) {
            return name.startsWith("log4j2")
                    ? JarClasses.class.getClassLoader().getResource(name)
                    : null;
        }
    }
}
