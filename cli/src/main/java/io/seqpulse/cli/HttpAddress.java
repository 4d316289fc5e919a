package io.seqpulse.cli;

import java.net.URI;
import java.net.URISyntaxException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the value of an option that names a server spoken to by HTTP. */
final class HttpAddress implements ITypeConverter<URI> {

    @Override
    public URI convert(String text) {
        try {
            URI address = new URI(text.strip());
            if (address.getHost() != null
                    && String.valueOf(address.getScheme()).matches("(?i)https?")) {
                return address;
            }
        } catch (URISyntaxException malformed) {
            // Said below.
        }
        throw new TypeConversionException(
                "'%s' is no address such as http://host:port or https://host".formatted(text));
    }
}
