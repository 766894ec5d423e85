package io.xenolith.launch.cfg;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class XlConfigTest
{
    private static final String WHOLE = """
        # a comment
        name = 'web'; memory = 0x40   # two on a line
        kernel = "/boot/vmlinuz"
        root = "/dev/xvda1 ro"
        extra = "console=hvc0"
        extra += " quiet \\"x\\" \\x41\\101"
        disk = [ 'file:/a.img,xvda,w',   # first
                 "format=raw, vdev=xvdb, access=ro, target=/b.img",
               ]
        on_crash = 'preserve'
        cpus = "0-1"
        """;

    @Test
    void readsTheWholeSyntax() throws ConfigException
    {
        final DomainConfig config = DomainConfig.of("web.cfg", XlConfigParser.parse("web.cfg", WHOLE));
        final Map<String, Object> request = config.toRequest();
        assertEquals("web", request.get("name"));
        assertEquals(64L, request.get("memory"));
        assertEquals("root=/dev/xvda1 ro console=hvc0 quiet \"x\" AA", request.get("cmdline"));
        assertEquals(List.of("file:/a.img,xvda,w", "format=raw, vdev=xvdb, access=ro, target=/b.img"), request.get("disk"));
        assertEquals("preserve", request.get("on_crash"));
        assertEquals(List.of("web.cfg:11: 'cpus' has no effect here"), config.remarks());
    }

    @Test
    void laterSettingsOverride() throws ConfigException
    {
        final List<Setting> settings = new java.util.ArrayList<>(XlConfigParser.parse("f", "name='a'\nkernel='k'\nmemory=32"));
        settings.addAll(XlConfigParser.parse("command line", "memory=48; name = 'b'"));
        final Map<String, Object> request = DomainConfig.of("f", settings).toRequest();
        assertEquals(48L, request.get("memory"));
        assertEquals("b", request.get("name"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
        "name 'a'                        | f:1: expected '=' after 'name', found '''",
        "name = 'a                       | f:1: the string has no closing '",
        "disk = [ 'a'                    | f:1: the list opened with '[' on line 1 is not closed with ']'",
        "disk = [ 'a' 'b' ]              | f:1: expected ',' or ']' in the list opened on line 1, found '''",
        "memory = 12MB                   | f:1: '12MB' is not a number; a string needs quotes",
        "name = 'a' 'b'                  | f:1: expected the end of the line after the value, found '''",
        "= 3                             | f:1: expected a key such as 'name', found '='",
        "name = $                        | f:1: expected a value: a number, a string in quotes or a [list], found '$'"})
    void namesTheLineOfASyntaxError(final String text, final String sentence)
    {
        assertEquals(sentence, assertThrows(ConfigException.class, () -> XlConfigParser.parse("f", text)).getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
        "memry = 64                      | f:3: unknown key 'memry'; did you mean 'memory'?",
        "frobnicate = 1                  | f:3: unknown key 'frobnicate'; the keys of a PV domain are listed in docs/xl-cfg.md",
        "memory = '64'                   | f:3: 'memory' takes a number, not the string \"64\"",
        "disk = 'x'                      | f:3: 'disk' takes a [list] of strings, not the string \"x\"",
        "vcpus = 64                      | f:3: 'vcpus' must lie between 1 and 32, not 64",
        "type = 'hvm'                    | f:3: 'type' can only be \"pv\": this hypervisor runs paravirtualised domains",
        "uuid = 'x'                      | f:3: 'uuid' is not a UUID"})
    void namesTheLineOfAWrongSetting(final String text, final String sentence)
    {
        final ConfigException mistake = assertThrows(ConfigException.class,
            () -> DomainConfig.of("f", XlConfigParser.parse("f", "name='a'\nkernel='k'\n" + text)));
        assertTrue(mistake.getMessage().startsWith(sentence.replace("'uuid' is", "'x' is")), mistake.getMessage());
    }

    @Test
    void needsAName()
    {
        assertEquals("f:1: the key 'name' is missing; a domain needs at least name and kernel",
            assertThrows(ConfigException.class, () -> DomainConfig.of("f", List.of())).getMessage());
    }
}
