package io.seqpulse.quickstart.stack;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/**
 * The classes of a jar of ours that runs by itself elsewhere, in this JVM and apart from this class
 * path: its libraries are of other versions. Only the logging is shared.
 */
final class JarClasses implements AutoCloseable {

    private final Path jar;
    private final URLClassLoader classes;

    JarClasses(Path jar) {
        this.jar = jar;
        this.classes = new URLClassLoader(new URL[] {url(jar)}, new SharedLogging());
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
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(classes);
        try {
            return classes.loadClass(type).getMethod(method, parameter).invoke(null, argument);
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

    /** The JDK, and the logging of this class path. */
    private static final class SharedLogging extends ClassLoader {

        SharedLogging() {
            super(getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith("org.slf4j.")) {
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
