package io.seqpulse.cli;

import java.util.concurrent.Callable;

/**
 * A command of {@code ./lifecycle} that another module adds: a class with picocli's {@code Command}
 * annotation and a public constructor without parameters, named in {@code
 * META-INF/services/io.seqpulse.cli.SubCommand}. What it returns is the exit code.
 */
public interface SubCommand extends Callable<Integer> {}
