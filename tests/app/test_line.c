/* line: the limit exactly, and every way of cutting a stream into pieces. */
#include "app/line.h"

#include "app/command.h"
#include "app/telnet.h"
#include "base/rand.h"
#include "t.h"

#include <stdio.h>

/*
 * What a reader made of a stream: "<first><second>!<fourth>", with ! for a line that was too long.
 */
struct script {
	size_t len;
	char text[4096];
};

static void note(struct script *s, const struct line *l, enum line_found found)
{
	if (found == LINE_TOO_LONG)
		s->len += (size_t)sprintf(s->text + s->len, "!");
	if (found != LINE_WHOLE)
		return;
	s->text[s->len++] = '<';
	memcpy(s->text + s->len, l->buf, l->len);
	s->len += l->len;
	s->text[s->len++] = '>';
	s->text[s->len] = '\0';
}

static void feed(struct script *s, struct line *l, const char *in, size_t len)
{
	enum line_found found;

	while ((found = line_feed(l, &in, &len)) != LINE_NONE)
		note(s, l, found);
	CHECK_EQ(len, 0);
}

static void read_in_two(struct script *s, const char *in, size_t len, size_t split)
{
	struct line l = { 0 };

	s->len = 0;
	s->text[0] = '\0';
	feed(s, &l, in, split);
	feed(s, &l, in + split, len - split);
	note(s, &l, line_end(&l));
	CHECK_EQ(line_end(&l), LINE_NONE);
}

static void check_lines(const char *in, size_t len, const char *expected)
{
	struct script s;

	for (size_t split = 0; split <= len; split++) {
		read_in_two(&s, in, len, split);
		CHECK_STR(s.text, expected);
	}
}

#define LINES(in, expected) check_lines(in, sizeof(in) - 1, expected)

TEST(line, a_line_ends_at_lf_or_at_cr_lf_wherever_the_stream_is_cut)
{
	LINES("", "");
	LINES("one\ntwo\r\nthree\n", "<one><two><three>");
	LINES("\n\r\n\n", "<><><>");
	LINES("a\rb\nc\r\r\n", "<a\rb><c\r>");
}

TEST(line, the_last_line_needs_no_newline)
{
	LINES("one\ntwo", "<one><two>");
	LINES("x", "<x>");
	LINES("x\r", "<x\r>");
}

/* `n` times x, then `end`, then the line "next". */
static const char *long_line(size_t n, const char *end, size_t *len)
{
	static char in[2048];

	memset(in, 'x', n);
	*len = n + (size_t)sprintf(in + n, "%snext\n", end);
	return in;
}

static void check_limit(size_t n, const char *end, bool fits)
{
	struct script s;
	size_t len;
	const char *in = long_line(n, end, &len);

	for (size_t split = 0; split <= len; split++) {
		read_in_two(&s, in, len, split);
		CHECK_EQ(s.len, fits ? n + 2 + 6 : 1 + 6);
		CHECK_STR(s.text + s.len - 6, "<next>");
		CHECK(s.text[0] == (fits ? '<' : '!'));
	}
}

TEST(line, it_may_have_512_bytes_with_its_newline_and_not_one_more)
{
	check_limit(510, "\n", true);
	check_limit(511, "\n", true);
	check_limit(512, "\n", false);
	check_limit(513, "\n", false);
	check_limit(509, "\r\n", true);
	check_limit(510, "\r\n", true);
	check_limit(511, "\r\n", false);
	check_limit(1500, "\n", false);
}

TEST(line, an_unterminated_last_line_leaves_room_for_the_newline_it_has_not)
{
	struct script s;
	char in[600];

	memset(in, 'x', sizeof in);
	read_in_two(&s, in, 511, 0);
	CHECK_EQ(s.len, 513);
	for (size_t split = 0; split <= 512; split++) {
		read_in_two(&s, in, 512, split);
		CHECK_STR(s.text, "!");
	}
	read_in_two(&s, in, 600, 300);
	CHECK_STR(s.text, "!");
}

TEST(line, too_long_is_said_as_soon_as_it_is_certain_and_once)
{
	struct line l = { 0 };
	char in[512];
	const char *at = in;
	size_t len = 511;

	memset(in, 'x', sizeof in);
	CHECK_EQ(line_feed(&l, &at, &len), LINE_NONE);
	len = 1;
	CHECK_EQ(line_feed(&l, &at, &len), LINE_TOO_LONG);
	for (unsigned i = 0; i < 10; i++) {
		at = in;
		len = sizeof in;
		CHECK_EQ(line_feed(&l, &at, &len), LINE_NONE);
	}
	CHECK_EQ(line_end(&l), LINE_NONE);
}

TEST(line, random_streams_give_the_same_lines_in_any_pieces)
{
	static const char alphabet[] = "ab\r\n\0\xff";
	struct rand r = { 5 };
	struct script whole, pieces;

	for (unsigned round = 0; round < 3000; round++) {
		struct line l = { 0 };
		char in[1200];
		size_t len = rand_below(&r, sizeof in);
		bool is_dense = rand_below(&r, 2);

		for (size_t i = 0; i < len; i++)
			in[i] = is_dense || !rand_below(&r, 300) ? alphabet[rand_below(&r, 6)]
								 : 'x';
		read_in_two(&whole, in, len, 0);
		pieces.len = 0;
		for (size_t at = 0, n; at < len; at += n) {
			n = 1 + rand_below(&r, (uint32_t)(len - at));
			feed(&pieces, &l, in + at, n);
		}
		note(&pieces, &l, line_end(&l));
		CHECK_EQ(pieces.len, whole.len);
		CHECK(memcmp(pieces.text, whole.text, whole.len) == 0);
	}
}

/* A client of the whole input side: what the shell will do with what a socket gives. */
struct input {
	struct telnet telnet;
	struct line line;
	unsigned n_lines, n_too_long, n_refused, n_marks;
};

static void take(struct input *in, const char *bytes, size_t len)
{
	char place[1 + 4096];
	const char *at = place;
	enum line_found found;
	struct command c;
	size_t n;

	memcpy(place + 1, bytes, len);
	n = telnet_strip(&in->telnet, place + 1, len, place);
	while ((found = line_feed(&in->line, &at, &n)) != LINE_NONE) {
		in->n_too_long += found == LINE_TOO_LONG;
		if (found != LINE_WHOLE)
			continue;
		in->n_lines++;
		command_parse(&c, in->line.buf, in->line.len);
		in->n_refused += c.error != COMMAND_FINE;
		in->n_marks += c.kind == COMMAND_MESSAGE && slice_equals(c.text, slice_of("mark"));
	}
}

TEST(line, after_each_of_1000_lines_of_random_bytes_the_next_line_is_understood)
{
	struct input in = { 0 };
	struct rand r = { 11 };

	for (unsigned i = 0; i < 1000; i++) {
		char bytes[1024];
		size_t len = rand_below(&r, sizeof bytes - 1), cut;

		for (size_t k = 0; k < len; k++)
			bytes[k] = (char)rand_next(&r);
		bytes[len++] = '\n';
		cut = rand_below(&r, (uint32_t)len + 1);
		take(&in, bytes, cut);
		take(&in, bytes + cut, len - cut);
		take(&in, "mark\n", 5);
		CHECK_EQ(in.n_marks, i + 1);
	}
	CHECK(in.n_too_long > 0 && in.n_refused > 0);
}
