/* svg: see svg.h. */
#include "trace/svg.h"

#include <limits.h>
#include <stdarg.h>

enum { CHAR_10TH = 67 }; /* a character of the usual size is 6.7 wide */

/* Of the sequence that begins with `c`; 0: none does. */
static unsigned len_by_first(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/*
 * How many bytes the character at `s` has; 0: it is not UTF-8, or nothing that XML allows. The byte
 * that ends a string is no continuation, so nothing beyond it is read.
 */
static unsigned char_len(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	unsigned len = len_by_first(*c);

	for (unsigned i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xf0 && c[1] < 0x90)) /* longer than need be */
		return 0;
	if ((*c == 0xed && c[1] > 0x9f) || (*c == 0xf4 && c[1] > 0x8f)) /* half a pair; too large */
		return 0;
	if (*c == 0xef && c[1] == 0xbf && c[2] > 0xbd) /* no characters by definition */
		return 0;
	return len;
}

unsigned svg_len(const char *s)
{
	unsigned n = 0;

	for (unsigned len; *s; s += len ? len : 1, n++)
		len = char_len(s);
	return n;
}

int svg_width(unsigned n_chars)
{
	return (int)n_chars * CHAR_10TH / 10;
}

unsigned svg_n_chars(int width)
{
	return width > 0 ? (unsigned)width * 10 / CHAR_10TH : 0;
}

/* Puts one character, and returns what is behind it. */
static const char *put_char(FILE *out, const char *s)
{
	unsigned len = char_len(s);

	if (len == 0)
		fputc('?', out);
	else if (*s == '&')
		fputs("&amp;", out);
	else if (*s == '<')
		fputs("&lt;", out);
	else if (*s == '>')
		fputs("&gt;", out);
	else if (*s == '"')
		fputs("&quot;", out);
	else if ((unsigned char)*s < ' ' && *s != '\n')
		fputc(' ', out);
	else
		fwrite(s, 1, len, out);
	return s + (len ? len : 1);
}

static void put(FILE *out, const char *s, unsigned max)
{
	unsigned n = svg_len(s);

	for (unsigned i = 0; i < (n <= max ? n : max - 1); i++)
		s = put_char(out, s);
	if (n > max)
		fputs("\xe2\x80\xa6", out); /* an ellipsis */
}

void svg_text(FILE *out, int x, int y, const char *attributes, unsigned max, const char *s)
{
	if (max == 0 || !*s)
		return;
	fprintf(out, "<text x=\"%d\" y=\"%d\"%s%s>", x, y, *attributes ? " " : "", attributes);
	put(out, s, max);
	fprintf(out, "</text>\n");
}

void svg_title(FILE *out, const char *format, ...)
{
	char said[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof said, format, args);
	va_end(args);
	fprintf(out, "<title>");
	put(out, said, UINT_MAX);
	fprintf(out, "</title>\n");
}

void svg_begin(FILE *out, int width, int height, const char *title)
{
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\""
		" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
		" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"%d\">\n",
		width, height, width, height, SVG_FONT);
	svg_title(out, "%s", title);
	fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", width, height);
}

void svg_end(FILE *out)
{
	fprintf(out, "</svg>\n");
}
