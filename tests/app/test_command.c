/* command: what each line means, and each way of getting it wrong. */
#include "app/command.h"

#include "app/text.h"
#include "base/rand.h"
#include "t.h"

#include <stdio.h>

static char line[2048];

static struct command parse_bytes(const char *s, size_t len)
{
	struct command c;

	memcpy(line, s, len);
	command_parse(&c, line, len);
	return c;
}

static struct command parse(const char *s)
{
	return parse_bytes(s, strlen(s));
}

static bool is(struct slice s, const char *expected)
{
	return slice_equals(s, slice_of(expected));
}

static void check_message(const char *s, const char *text)
{
	struct command c = parse(s);

	CHECK_EQ(c.error, COMMAND_FINE);
	CHECK_EQ(c.kind, COMMAND_MESSAGE);
	CHECK(is(c.text, text));
}

static void check_error(const char *s, enum command_kind kind, enum command_error error)
{
	struct command c = parse(s);

	CHECK_EQ(c.error, error);
	CHECK_EQ(c.kind, kind);
}

static void check_named(const char *s, enum command_kind kind, const char *name)
{
	struct command c = parse(s);

	CHECK_EQ(c.error, COMMAND_FINE);
	CHECK_EQ(c.kind, kind);
	CHECK(is(c.name, name));
}

TEST(command, what_does_not_begin_with_a_slash_is_a_message)
{
	check_message("hello", "hello");
	check_message("  two spaces stay  ", "  two spaces stay  ");
	check_message(" /join x", " /join x");
	check_message("a/b", "a/b");
	check_message("na\xc3\xafve", "na\xc3\xafve");
}

TEST(command, a_doubled_slash_begins_a_message_with_one)
{
	check_message("//", "/");
	check_message("//etc/passwd", "/etc/passwd");
	check_message("///x", "//x");
	check_message("//join x", "/join x");
}

TEST(command, a_message_is_cleaned)
{
	check_message("\x1b[2Jboo\x07", "[2Jboo");
	check_message("a\tb", "a b");
	check_message("a\rb", "ab");
}

TEST(command, a_blank_line_is_nothing)
{
	CHECK_EQ(parse("").kind, COMMAND_NOTHING);
	CHECK_EQ(parse("   ").kind, COMMAND_NOTHING);
	CHECK_EQ(parse("\t").kind, COMMAND_NOTHING);
	CHECK_EQ(parse("\x1b\x07").kind, COMMAND_NOTHING);
	CHECK_EQ(parse("").error, COMMAND_FINE);
}

TEST(command, join_takes_a_room_as_it_is_typed)
{
	check_named("/join rust", COMMAND_JOIN, "rust");
	check_named("/join #rust", COMMAND_JOIN, "#rust");
	check_named("/JOIN \t rust \t ", COMMAND_JOIN, "rust");
	check_named("/join #", COMMAND_JOIN, "#");
	check_error("/join", COMMAND_JOIN, COMMAND_TOO_FEW);
	check_error("/join ", COMMAND_JOIN, COMMAND_TOO_FEW);
	check_error("/join a b", COMMAND_JOIN, COMMAND_TOO_MANY);
	check_error("/join a\x1b[m", COMMAND_JOIN, COMMAND_NAME_BAD);
	check_error("/join a\xc2\xa0" "b", COMMAND_JOIN, COMMAND_NAME_BAD);
}

TEST(command, nick_takes_one_name)
{
	check_named("/nick bob", COMMAND_NICK, "bob");
	check_named("/nick #bob", COMMAND_NICK, "#bob");
	check_error("/nick", COMMAND_NICK, COMMAND_TOO_FEW);
	check_error("/nick bob the builder", COMMAND_NICK, COMMAND_TOO_MANY);
	check_error("/nick b\x01", COMMAND_NICK, COMMAND_NAME_BAD);
}

/* "/nick xxx", "/join xxx" at the limit and one beyond it. */
static void check_length(const char *word, enum command_kind kind, size_t n,
			 enum command_error error)
{
	char s[128];
	size_t len = (size_t)sprintf(s, "%s ", word);

	memset(s + len, 'x', n);
	s[len + n] = '\0';
	check_error(s, kind, error);
}

TEST(command, names_at_their_limits)
{
	check_length("/nick", COMMAND_NICK, 24, COMMAND_FINE);
	check_length("/nick", COMMAND_NICK, 25, COMMAND_NAME_TOO_LONG);
	check_length("/join", COMMAND_JOIN, 64, COMMAND_FINE);
	check_length("/join", COMMAND_JOIN, 65, COMMAND_NAME_TOO_LONG);
	check_length("/msg", COMMAND_MSG, 25, COMMAND_NAME_TOO_LONG);
}

TEST(command, msg_takes_a_nick_and_all_the_rest)
{
	struct command c = parse("/msg bob  come over,\tnow ");

	CHECK_EQ(c.kind, COMMAND_MSG);
	CHECK_EQ(c.error, COMMAND_FINE);
	CHECK(is(c.name, "bob"));
	CHECK(is(c.text, "come over, now "));
	CHECK(is(parse("/msg bob \x1b[1mhi").text, "[1mhi"));
	CHECK(is(parse("/msg bob /quit").text, "/quit"));
	check_error("/msg", COMMAND_MSG, COMMAND_TOO_FEW);
	check_error("/msg bob", COMMAND_MSG, COMMAND_TOO_FEW);
	check_error("/msg bob  ", COMMAND_MSG, COMMAND_TOO_FEW);
	check_error("/msg bob \x1b", COMMAND_MSG, COMMAND_TOO_FEW);
}

TEST(command, the_others_take_nothing)
{
	static const struct {
		const char *line;
		enum command_kind kind;
	} all[] = { { "/rooms", COMMAND_ROOMS }, { "/who", COMMAND_WHO },
		    { "/help", COMMAND_HELP },   { "/quit", COMMAND_QUIT } };
	char s[32];

	for (size_t i = 0; i < 4; i++) {
		check_error(all[i].line, all[i].kind, COMMAND_FINE);
		sprintf(s, "%s \t", all[i].line);
		check_error(s, all[i].kind, COMMAND_FINE);
		sprintf(s, "%s now", all[i].line);
		check_error(s, all[i].kind, COMMAND_TOO_MANY);
	}
}

TEST(command, an_unknown_word_is_an_error_that_repeats_a_clean_beginning_of_it)
{
	struct command c = parse("/jo\x1b[31min x");

	CHECK_EQ(c.error, COMMAND_UNKNOWN);
	CHECK(is(c.name, "/jo[31min"));
	CHECK_EQ(parse("/").error, COMMAND_UNKNOWN);
	CHECK_EQ(parse("/joi").error, COMMAND_UNKNOWN);
	CHECK_EQ(parse("/joinx").error, COMMAND_UNKNOWN);
	CHECK_EQ(parse("/ join x").error, COMMAND_UNKNOWN);
	c = parse("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xe2\x82\xac\xe2\x82\xac");
	CHECK_EQ(c.error, COMMAND_UNKNOWN);
	CHECK_EQ(c.name.len, 39); /* 40 would cut the sign in two */
}

TEST(command, what_is_not_utf8_is_refused_wherever_it_is)
{
	CHECK_EQ(parse("caf\xe9").error, COMMAND_NOT_UTF8);
	CHECK_EQ(parse("/nick caf\xe9").error, COMMAND_NOT_UTF8);
	CHECK_EQ(parse("\xc0\x9b").error, COMMAND_NOT_UTF8);
	CHECK_EQ(parse("\xed\xa0\x80").error, COMMAND_NOT_UTF8);
}

TEST(command, every_prefix_of_every_command_is_judged_without_reading_beyond_it)
{
	static const char *const lines[] = {
		"/join #general", "/nick bob", "/msg bob hello", "//x", "/rooms", "/nick \xc3\xa9"
	};
	struct command c;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (size_t len = 0; len <= strlen(lines[i]); len++) {
			memset(line, '!', sizeof line);
			c = parse_bytes(lines[i], len);
			CHECK(c.kind <= COMMAND_NOTHING);
			CHECK(c.name.len <= len && c.text.len <= len);
		}
}

static void check_clean(struct slice s)
{
	CHECK(text_is_utf8(s.at, s.len));
	for (size_t at = 0; at < s.len;) {
		uint32_t c = 0;

		at += text_decode(s.at + at, s.len - at, &c);
		CHECK(!text_is_hostile(c));
	}
}

TEST(command, whatever_comes_in_what_comes_out_is_clean)
{
	static const char *const words[] = {
		"/msg ", "/nick ", "/join ", "/", "//", "", "/who ", "bob ", " ",
		"\xc2\x9b", "\x1b[", "\xe2\x80\xae", "\xf0\x9f\x98\x80", "\t"
	};
	struct rand r = { 9 };

	for (unsigned round = 0; round < 50000; round++) {
		char s[512];
		size_t len = 0, n = rand_below(&r, 12);
		struct command c;

		for (size_t i = 0; i < n; i++)
			len += (size_t)sprintf(s + len, "%s", words[rand_below(&r, 14)]);
		if (!rand_below(&r, 4))
			s[len++] = (char)rand_next(&r);
		c = parse_bytes(s, len);
		if (c.error == COMMAND_FINE || c.error == COMMAND_UNKNOWN) {
			check_clean(c.name);
			check_clean(c.text);
		}
	}
}
