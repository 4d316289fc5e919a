package io.seqpulse.lifecycle.email;

import java.io.Writer;

/** What a template writes; a {@link java.io.StringWriter} for one thread, to be used again. */
final class Page extends Writer {

    /** Holds an HTML mail, which is mostly layout, without growing. */
    private static final int USUAL_LENGTH = 12_000;

    private final StringBuilder text = new StringBuilder(USUAL_LENGTH);

    /** Makes room for the next text. */
    void clear() {
        text.setLength(0);
    }

    /** The text so far; to be changed in place once it is complete. */
    StringBuilder text() {
        return text;
    }

    @Override
    public void write(int character) {
        text.append((char) character);
    }

    @Override
    public void write(char[] characters, int from, int length) {
        text.append(characters, from, length);
    }

    @Override
    public void write(String string) {
        text.append(string);
    }

    @Override
    public void write(String string, int from, int length) {
        text.append(string, from, from + length);
    }

    @Override
    public void flush() {
        // nothing is held back
    }

    @Override
    public void close() {
        // nothing to let go of
    }
}
