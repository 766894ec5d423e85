package io.xenolith.launch.cfg;

import java.util.ArrayList;
import java.util.List;

/**
 * The syntax of xl.cfg(5): assignments separated by newlines or semicolons; strings in either quote with backslash
 * escapes; numbers in decimal, 0x hexadecimal or 0 octal; lists in brackets, nested if need be, that may run over
 * several lines and end in a comma; comments from {@code #} to the end of the line; {@code +=} to append to a list or string.
 */
public final class XlConfigParser
{
    private final String source;
    private final String text;
    private int position;
    private int line = 1;

    private XlConfigParser(final String source, final String text)
    {
        this.source = source;
        this.text = text;
    }

    /** The settings of {@code text} in order; {@code source} names it in mistakes. */
    public static List<Setting> parse(final String source, final String text) throws ConfigException
    {
        return new XlConfigParser(source, text).settings();
    }

    private List<Setting> settings() throws ConfigException
    {
        final List<Setting> settings = new ArrayList<>();
        while (skipToSetting())
        {
            settings.add(setting());
            endOfSetting();
        }
        return settings;
    }

    private boolean skipToSetting()
    {
        while (true)
        {
            skipBlanks(true);
            if (peek() != ';')
            {
                return position < text.length();
            }
            position++;
        }
    }

    private Setting setting() throws ConfigException
    {
        final int at = line;
        final String name = name();
        skipBlanks(false);
        final boolean append = peek() == '+' && position + 1 < text.length() && text.charAt(position + 1) == '=';
        position += append ? 1 : 0;
        if (peek() != '=')
        {
            throw mistake("expected '=' after '" + name + "', found " + found());
        }
        position++;
        skipBlanks(false);
        return new Setting(source, at, name, value(), append);
    }

    private String name() throws ConfigException
    {
        final int start = position;
        while (position < text.length() && isNamePart(text.charAt(position)))
        {
            position++;
        }
        if (position == start || Character.isDigit(text.charAt(start)))
        {
            position = start;
            throw mistake("expected a key such as 'name', found " + found());
        }
        return text.substring(start, position);
    }

    private Object value() throws ConfigException
    {
        final char c = peek();
        if (c == '[')
        {
            return list();
        }
        if (c == '"' || c == '\'')
        {
            return string(c);
        }
        if (Character.isDigit(c) || c == '-')
        {
            return number();
        }
        throw mistake("expected a value: a number, a string in quotes or a [list], found " + found());
    }

    private List<Object> list() throws ConfigException
    {
        final int opened = line;
        final List<Object> items = new ArrayList<>();
        position++;
        while (true)
        {
            skipBlanks(true);
            if (peek() == ']')
            {
                position++;
                return items;
            }
            if (position >= text.length())
            {
                throw mistake("the list opened with '[' on line " + opened + " is not closed with ']'");
            }
            items.add(value());
            skipBlanks(true);
            if (peek() == ',')
            {
                position++;
            }
            else if (peek() != ']' && position < text.length())
            {
                throw mistake("expected ',' or ']' in the list opened on line " + opened + ", found " + found());
            }
        }
    }

    private String string(final char quote) throws ConfigException
    {
        final StringBuilder value = new StringBuilder();
        position++;
        while (true)
        {
            final char c = peek();
            if (position >= text.length() || c == '\n')
            {
                throw mistake("the string has no closing " + quote);
            }
            position++;
            if (c == quote)
            {
                return value.toString();
            }
            value.append(c == '\\' ? escape() : c);
        }
    }

    private char escape() throws ConfigException
    {
        if (position >= text.length())
        {
            throw mistake("the string ends in a backslash");
        }
        final char c = text.charAt(position++);
        return switch (c)
        {
            case 'a' -> '\007';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'v' -> '\013';
            case '\\', '\'', '"' -> c;
            case 'x' -> (char)code(16, 2);
            default ->
            {
                position--;
                yield (char)code(8, 3);
            }
        };
    }

    private int code(final int radix, final int most) throws ConfigException
    {
        int value = 0;
        int digits = 0;
        while (digits < most && position < text.length() && Character.digit(text.charAt(position), radix) >= 0)
        {
            value = value * radix + Character.digit(text.charAt(position++), radix);
            digits++;
        }
        if (digits == 0)
        {
            throw mistake("unknown escape '\\" + peek() + "' in a string");
        }
        return value & 0xff;
    }

    private Long number() throws ConfigException
    {
        final int start = position;
        position++;
        while (position < text.length() && isNamePart(text.charAt(position)))
        {
            position++;
        }
        final String digits = text.substring(start, position);
        try
        {
            return Long.decode(digits);
        }
        catch (final NumberFormatException e)
        {
            throw mistake("'" + digits + "' is not a number; a string needs quotes");
        }
    }

    private void endOfSetting() throws ConfigException
    {
        skipBlanks(false);
        if (position < text.length() && peek() != '\n' && peek() != ';')
        {
            throw mistake("expected the end of the line after the value, found " + found());
        }
    }

    private void skipBlanks(final boolean newlinesToo)
    {
        while (position < text.length())
        {
            final char c = text.charAt(position);
            if (c == '#')
            {
                skipComment();
            }
            else if (c == '\n' && newlinesToo)
            {
                line++;
                position++;
            }
            else if (c == ' ' || c == '\t' || c == '\r')
            {
                position++;
            }
            else
            {
                return;
            }
        }
    }

    private void skipComment()
    {
        while (position < text.length() && text.charAt(position) != '\n')
        {
            position++;
        }
    }

    private char peek()
    {
        return position < text.length() ? text.charAt(position) : '\0';
    }

    private static boolean isNamePart(final char c)
    {
        return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    private String found()
    {
        if (position >= text.length())
        {
            return "the end of the file";
        }
        return peek() == '\n' ? "the end of the line" : "'" + peek() + "'";
    }

    private ConfigException mistake(final String sentence)
    {
        return new ConfigException(source, line, sentence);
    }
}
