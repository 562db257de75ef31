/* test_svg: whatever a text has in it, the file is well-formed. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/svg.h"

#include <stdlib.h>

#include "t.h"
#include "trace/xml.h"

/* A file with one text and one title of it. The caller frees. */
static char *file_with(unsigned max, const char *s)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CHECK(out);
	svg_begin(out, 10, 20, s);
	svg_text(out, 1, 2, "fill=\"red\"", max, s);
	svg_end(out);
	fclose(out);
	return text;
}

static void shows(const char *s, unsigned max, const char *expected)
{
	char *text = file_with(max, s), line[256];

	CHECK(xml_is_well_formed(text));
	snprintf(line, sizeof line, "<text x=\"1\" y=\"2\" fill=\"red\">%s</text>\n", expected);
	if (!strstr(text, line))
		t_fail(__FILE__, __LINE__, "no %s in %s", line, text);
	free(text);
}

TEST(svg, is_what_it_should_be)
{
	char *text = file_with(9, "a");

	CHECK_STR(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\""
			" width=\"10\" height=\"20\" viewBox=\"0 0 10 20\""
			" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\""
			" font-size=\"11\">\n"
			"<title>a</title>\n"
			"<rect width=\"10\" height=\"20\" fill=\"#ffffff\"/>\n"
			"<text x=\"1\" y=\"2\" fill=\"red\">a</text>\n"
			"</svg>\n");
	free(text);
}

TEST(svg, has_escapes_for_what_means_something)
{
	shows("a < b && \"c\" > 'd'", 99, "a &lt; b &amp;&amp; &quot;c&quot; &gt; 'd'");
	shows("]]>", 99, "]]&gt;");
	shows("&amp;", 99, "&amp;amp;");
}

TEST(svg, an_ellipsis_stands_for_what_is_too_long)
{
	shows("seven 7", 7, "seven 7");
	shows("seven 7", 6, "seven\xe2\x80\xa6");
	shows("<<<<", 3, "&lt;&lt;\xe2\x80\xa6");
	shows("seven", 1, "\xe2\x80\xa6");
}

TEST(svg, without_room_or_words_there_is_no_text)
{
	char *text = file_with(0, "a");

	CHECK(!strstr(text, "<text"));
	free(text);
	text = file_with(9, "");
	CHECK(!strstr(text, "<text"));
	CHECK(xml_is_well_formed(text));
	free(text);
}

TEST(svg, characters_count_not_bytes)
{
	CHECK_EQ(svg_len(""), 0);
	CHECK_EQ(svg_len("abc"), 3);
	CHECK_EQ(svg_len("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
	shows("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 3, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	shows("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 2, "\xc3\xa4\xe2\x80\xa6");
}

TEST(svg, what_is_not_utf8_becomes_question_marks)
{
	shows("\xe4 latin", 99, "? latin");
	shows("\xc0\xaf", 99, "??");                 /* longer than need be */
	shows("\xe0\x80\xaf", 99, "???");
	shows("\xf0\x80\x80\xaf", 99, "????");
	shows("\xed\xa0\x80", 99, "???");            /* half of a pair */
	shows("\xf4\x90\x80\x80", 99, "????");       /* beyond the last */
	shows("\xef\xbf\xbe \xef\xbf\xbf", 99, "??? ???");
	shows("\xef\xbf\xbd", 99, "\xef\xbf\xbd");   /* the replacement character is one */
	shows("\xe2\x82", 99, "??");                 /* cut off */
	shows("\xf5\x80\x80\x80\xff\x80", 99, "??????");
}

TEST(svg, control_characters_become_blanks)
{
	shows("a\tb\x01" "c\x1b", 99, "a b c ");
}

TEST(svg, any_two_bytes_are_well_formed)
{
	for (unsigned a = 1; a < 256; a++) {
		for (unsigned b = 1; b < 256; b++) {
			char s[] = { (char)a, (char)b, '\0' };
			char *text = file_with(9, s);

			CHECK(xml_is_well_formed(text));
			free(text);
		}
	}
}

TEST(svg, widths_and_numbers_of_characters_agree)
{
	for (unsigned n = 0; n < 200; n++)
		CHECK(svg_n_chars(svg_width(n) + 1) >= n);
	CHECK_EQ(svg_n_chars(-5), 0);
	CHECK_EQ(svg_n_chars(0), 0);
}

TEST(svg, a_title_is_cut_at_a_thousand_bytes_and_stays_well_formed)
{
	char *text, long_one[3000];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	CHECK(out);
	memset(long_one, '\xc3', sizeof long_one);
	for (size_t i = 1; i < sizeof long_one; i += 2)
		long_one[i] = '\xa4';
	long_one[sizeof long_one - 1] = '\0';
	svg_begin(out, 1, 1, "");
	svg_title(out, "%d%s", 7, long_one);
	svg_end(out);
	fclose(out);
	CHECK(xml_is_well_formed(text));
	CHECK(len < 1500);
	free(text);
}
