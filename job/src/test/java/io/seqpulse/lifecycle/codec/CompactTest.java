package io.seqpulse.lifecycle.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompactTest {

    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private static byte[] bytes(Writing writing) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writing.to(new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    private static DataInputStream in(byte... bytes) {
        return new DataInputStream(new ByteArrayInputStream(bytes));
    }

    private static String text(String text) throws IOException {
        return Compact.readText(in(bytes(out -> Compact.writeText(out, text))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "deployment_id",
                "Deployment_id",
                "7d3c1f0e-9a52-4b8e-8f11-0c6a2b9d4e5f",
                "7D3C1F0E-9a52-4b8e-8f11-0c6a2b9d4e5f",
                "7d3c1f0e-9a52-4b8e-8f11-0c6a2b9d4e5",
                "7d3c1f0e-9a52-4b8e-8f11-0c6a2b9d4e5g",
                "7d3c1f0e09a52-4b8e-8f11-0c6a2b9d4e5f",
                "00000000-0000-0000-0000-000000000000",
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
                "Zoë 🚀 ‏שלום"
            })
    void bringsTextsBack(String text) throws IOException {
        assertThat(text(text)).isEqualTo(text);
    }

    @Test
    void bringsNoTextBackAsNone() throws IOException {
        assertThat(text(null)).isNull();
    }

    @Property
    void bringsAnyTextBack(@ForAll String any) throws IOException {
        String text = any.replaceAll("[\\ud800-\\udfff]", "");
        assertThat(text(text)).isEqualTo(text);
    }

    @Property
    void bringsAnyNumberBack(@ForAll long number) throws IOException {
        assertThat(Compact.readNumber(in(bytes(out -> Compact.writeNumber(out, number)))))
                .isEqualTo(number);
    }

    /** The layout is part of the state's contract: it does not change, it gets a successor. */
    @ParameterizedTest
    @CsvSource({
        "0, 00",
        "-1, 01",
        "63, 7e",
        "64, 8001",
        "-9223372036854775808, ffffffffffffffffff01"
    })
    void writesNumbersShort(long number, String hex) throws IOException {
        assertThat(HexFormat.of().formatHex(bytes(out -> Compact.writeNumber(out, number))))
                .isEqualTo(hex);
    }

    @ParameterizedTest
    @CsvSource({
        "project_id, 02",
        "deployment_id, 04",
        "info, 5c",
        "security_sensitive, ea01",
        "Nadia, 0d4e61646961",
        "7d3c1f0e-9a52-4b8e-8f11-0c6a2b9d4e5f, 017d3c1f0e9a524b8e8f110c6a2b9d4e5f"
    })
    void writesTextsShort(String text, String hex) throws IOException {
        assertThat(HexFormat.of().formatHex(bytes(out -> Compact.writeText(out, text))))
                .isEqualTo(hex);
    }

    @Test
    void bringsMapsBackWithTheirNulls() throws IOException {
        Map<String, String> texts = new HashMap<>();
        texts.put("plan", "free");
        texts.put("name", null);
        assertThat(Compact.readTexts(in(bytes(out -> Compact.writeTexts(out, texts)))))
                .isEqualTo(texts);
        Map<String, Long> numbers = Map.of("E-TRX-01|", 1_795_259_079_000L, "", -1L);
        assertThat(Compact.readNumbers(in(bytes(out -> Compact.writeNumbers(out, numbers)))))
                .isEqualTo(numbers);
    }

    @Test
    void refusesWhatALaterVersionWrote() {
        assertThatThrownBy(() -> Compact.readVersion(in((byte) 2), "a profile", 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("a profile in state has layout 2")
                .hasMessageContaining("reads 1 to 1");
        assertThatThrownBy(() -> Compact.readText(in((byte) 0xfe, (byte) 0x7f)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("state has word 8190");
    }

    @Test
    void refusesDamagedState() {
        byte[] endless = new byte[11];
        Arrays.fill(endless, (byte) 0xff);
        assertThatThrownBy(() -> Compact.readNumber(in(endless)))
                .hasMessageContaining("a number without an end");
        assertThatThrownBy(() -> Compact.readSize(in(endless)))
                .hasMessageContaining("state is damaged");
        assertThatThrownBy(() -> Compact.readText(in((byte) 0x0d, (byte) 'N')))
                .isInstanceOf(EOFException.class);
    }
}
