package io.seqpulse.connector.email;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;

/** What is logged while it is open, of a level and above. */
final class LogEvents implements AutoCloseable {

    private final List<String> messages = new CopyOnWriteArrayList<>();
    private final Logger root = (Logger) LogManager.getRootLogger();
    private final Level before = root.get().getLevel();
    private final AbstractAppender appender;

    private LogEvents(Level least) {
        appender =
                new AbstractAppender("events", null, null, true, Property.EMPTY_ARRAY) {
                    @Override
                    public void append(LogEvent event) {
                        if (event.getLevel().isMoreSpecificThan(least)) {
                            messages.add(event.getMessage().getFormattedMessage());
                        }
                    }
                };
        appender.start();
        root.addAppender(appender);
        Configurator.setRootLevel(least);
    }

    static LogEvents of(Level least) {
        return new LogEvents(least);
    }

    List<String> messages() {
        return List.copyOf(messages);
    }

    @Override
    public void close() {
        Configurator.setRootLevel(before);
        root.removeAppender(appender);
        appender.stop();
    }
}
