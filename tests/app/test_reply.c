/* reply: the wording, and that each is whole lines and nothing but text. */
#include "app/reply.h"

#include <errno.h>
#include <stdio.h>

#include "app/text.h"
#include "t.h"
#include "t_future.h"

static struct hall hall;
static struct news news;

/* Its text as a string, and gives it back; each byte of it is checked on the way. */
static const char *said(struct message *m)
{
	static char text[70000];

	CHECK(m);
	CHECK(m->len > 0 && m->len < sizeof text && m->text[m->len - 1] == '\n');
	CHECK(text_is_utf8(m->text, m->len));
	for (size_t at = 0; at < m->len;) {
		uint32_t c = 0;

		at += text_decode(m->text + at, m->len - at, &c);
		CHECK(c == '\n' || !text_is_hostile(c));
	}
	memcpy(text, m->text, m->len);
	text[m->len] = '\0';
	message_drop(m);
	return text;
}

/* Exactly one line, which begins like news or an error and says what to do. */
static void check_error(struct message *m, const char *begins, const char *advises)
{
	const char *text = said(m);

	CHECK(strncmp(text, "*** error: ", 11) == 0);
	CHECK_PTR(strchr(text, '\n'), text + strlen(text) - 1);
	if (strncmp(text + 11, begins, strlen(begins)) != 0)
		CHECK_STR(text + 11, begins);
	if (!strstr(text, advises))
		CHECK_STR(text, advises);
}

static void begin(struct member *members, unsigned n)
{
	t_mem_begin();
	hall_init(&hall, NULL, NULL, 1);
	for (unsigned i = 0; i < n; i++)
		CHECK_EQ(hall_enter(&hall, &members[i], &news), 0);
}

static void end(struct member *members, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		hall_leave(&hall, &members[i], &news);
	hall_close(&hall);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(reply, what_people_say_begins_with_a_bracket)
{
	struct member m[2] = { 0 };

	begin(m, 2);
	CHECK_STR(said(reply_say(&m[0], slice_of("hi, all"))), "[#general] guest1: hi, all\n");
	CHECK_STR(said(reply_private(&m[0], slice_of("psst"))), "[private from guest1] psst\n");
	CHECK_STR(said(reply_private_sent(&m[1], slice_of("psst"))), "[private to guest2] psst\n");
	end(m, 2);
}

TEST(reply, a_message_is_one_allocation)
{
	struct member m[1] = { 0 };
	struct message *message;
	long before;

	begin(m, 1);
	before = t_mem_allocs();
	message = reply_say(&m[0], slice_of("x"));
	CHECK_EQ(t_mem_allocs() - before, 1);
	message_drop(message);
	end(m, 1);
}

TEST(reply, news_name_who_and_where)
{
	struct member m[3] = { 0 };

	begin(m, 2);
	CHECK_STR(said(reply_news(&news, &news.item[0])), "*** guest2 joined #general\n");
	hall_rename(&hall, &m[1], slice_of("alice"), &news);
	CHECK_STR(said(reply_news(&news, &news.item[0])), "*** guest2 is now known as alice\n");
	hall_join(&hall, &m[1], slice_of("#rust"), &news);
	CHECK_STR(said(reply_news(&news, &news.item[0])), "*** alice left #general\n");
	hall_enter(&hall, &m[2], &news);
	hall_join(&hall, &m[2], slice_of("#rust"), &news);
	CHECK_STR(said(reply_news(&news, &news.item[1])), "*** guest3 joined #rust\n");
	hall_leave(&hall, &m[1], &news);
	CHECK_STR(said(reply_news(&news, &news.item[0])), "*** alice left the chat\n");
	end(m, 3);
}

TEST(reply, a_member_is_told_about_himself)
{
	struct member m[1] = { 0 };

	begin(m, 1);
	CHECK_STR(said(reply_welcome(&m[0])),
		  "*** welcome, guest1: you are in #general, /help lists the commands\n");
	hall_join(&hall, &m[0], slice_of("#rust"), &news);
	CHECK_STR(said(reply_joined(&m[0])), "*** you are in #rust\n");
	hall_rename(&hall, &m[0], slice_of("bob"), &news);
	CHECK_STR(said(reply_renamed(&m[0])), "*** you are now known as bob\n");
	CHECK_STR(said(reply_missed(1)), "*** you missed 1 message\n");
	CHECK_STR(said(reply_missed(18446744073709551615u)),
		  "*** you missed 18446744073709551615 messages\n");
	end(m, 1);
}

TEST(reply, lists_are_in_order_of_arrival)
{
	struct member m[3] = { 0 };

	begin(m, 3);
	hall_join(&hall, &m[1], slice_of("#rust"), &news);
	CHECK_STR(said(reply_rooms(&hall)), "*** #general 2\n*** #rust 1\n");
	CHECK_STR(said(reply_who(&m[0])), "*** #general: guest1, guest3\n");
	CHECK_STR(said(reply_who(&m[1])), "*** #rust: guest2\n");
	end(m, 3);
}

/* The i-th of many names that take `len` bytes, as many of them as can be in characters of four. */
static struct slice long_name(size_t len, unsigned i)
{
	static char name[128];
	size_t at = (size_t)sprintf(name, "%0*u", len % 4 == 0 ? 8 : 6, i);

	for (; at < len; at += 4)
		memcpy(name + at, "\xf0\x9f\x98\x80", 4);
	return (struct slice){ name, len };
}

static struct member crowd[REPLY_LIST_MAX + 2];

static unsigned count_of(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

TEST(reply, a_list_of_rooms_is_cut_exactly_at_its_limit_with_the_longest_names)
{
	char more[32];

	memset(crowd, 0, sizeof crowd);
	begin(crowd, 1);
	for (unsigned i = 1; i < REPLY_LIST_MAX + 2; i++) {
		hall_enter(&hall, &crowd[i], &news);
		CHECK_EQ(hall_join(&hall, &crowd[i], long_name(NAME_ROOM_BYTES, i), &news), 0);
		if (i < REPLY_LIST_MAX) {
			CHECK_EQ(count_of(said(reply_rooms(&hall)), "\n"), i + 1);
			continue;
		}
		CHECK_EQ(count_of(said(reply_rooms(&hall)), "\n"), REPLY_LIST_MAX + 1);
		snprintf(more, sizeof more, "*** and %u more\n", i - REPLY_LIST_MAX + 1);
		CHECK_EQ(count_of(said(reply_rooms(&hall)), more), 1);
	}
	end(crowd, REPLY_LIST_MAX + 2);
}

TEST(reply, a_list_of_members_is_cut_exactly_at_its_limit_with_the_longest_nicks)
{
	memset(crowd, 0, sizeof crowd);
	begin(crowd, REPLY_LIST_MAX + 2);
	for (unsigned i = 0; i < REPLY_LIST_MAX + 2; i++) /* 6 digits and 18 characters */
		CHECK_EQ(hall_rename(&hall, &crowd[i], long_name(6 + 18 * 4, i), &news), 0);
	CHECK_EQ(count_of(said(reply_who(&crowd[0])), ", 000"), REPLY_LIST_MAX - 1);
	CHECK_EQ(count_of(said(reply_who(&crowd[0])), ", and 2 more\n"), 1);
	hall_leave(&hall, &crowd[0], &news);
	hall_leave(&hall, &crowd[1], &news);
	CHECK_EQ(count_of(said(reply_who(&crowd[2])), ", 000"), REPLY_LIST_MAX - 1);
	CHECK_EQ(count_of(said(reply_who(&crowd[2])), "more"), 0);
	end(crowd, REPLY_LIST_MAX + 2);
}

TEST(reply, help_names_every_command_and_every_limit)
{
	const char *text = said(reply_help());

	for (unsigned i = 0; i < COMMAND_FORMS; i++)
		CHECK(strstr(text, command_forms[i].word) &&
		      strstr(text, command_forms[i].purpose));
	CHECK(strstr(text, "24 characters") && strstr(text, "64 bytes") &&
	      strstr(text, "511 bytes"));
}

static struct message *answer(const char *line)
{
	static char buf[512];
	struct command c;

	strcpy(buf, line);
	command_parse(&c, buf, strlen(buf));
	CHECK(c.error != COMMAND_FINE);
	return reply_command_error(&c);
}

TEST(reply, every_error_is_one_line_that_says_what_to_do)
{
	struct member m[1] = { 0 };

	begin(m, 1);
	check_error(answer("/foo"), "unknown command /foo;", "/help");
	check_error(answer("/"), "unknown command /;", "//");
	check_error(answer("\xff"), "that line is not valid UTF-8", "UTF-8 and send it again");
	check_error(answer("/join"), "something is missing after /join;", "type /join <room>");
	check_error(answer("/msg x"), "something is missing after /msg;",
		    "type /msg <nick> <text>");
	check_error(answer("/nick a b"), "there is too much after /nick;",
		    "type /nick <name>, without spaces");
	check_error(answer("/who me"), "there is too much after /who;",
		    "type /who and nothing else");
	check_error(answer("/nick 1234567890123456789012345"), "that name is too long;",
		    "1 to 24 characters");
	check_error(answer("/msg 1234567890123456789012345 x"), "that name is too long;", "24");
	check_error(answer("/join "
			   "12345678901234567890123456789012345678901234567890123456789012345"),
		    "that name is too long;", "1 to 64 bytes");
	check_error(answer("/nick a\x1b"), "a name has no spaces", "choose another");
	check_error(reply_too_long(), "that line is too long", "at most 511 bytes");
	check_error(reply_nick_is_taken(slice_of("Bob")), "the nick Bob is taken;",
		    "choose another");
	check_error(reply_nick_is_yours(&m[0]), "you are already called guest1;", "choose");
	check_error(reply_already_there(&m[0]), "you are already in #general;", "/rooms");
	check_error(reply_letters_full(&m[0]), "guest1 has not read", "try again later");
	check_error(reply_nobody(slice_of("bob")), "nobody here is called bob;", "/who");
	check_error(reply_failed(-ENOMEM), "the server could not do that (out of memory);",
		    "try again");
	check_error(reply_failed(-EMFILE), "the server could not do that", "try again");
	check_error(reply_full(10000), "the server is full (10000 clients);", "try again later");
	check_error(reply_address_full(5), "too many connections from your address (5 allowed);",
		    "close one");
	end(m, 1);
}

TEST(reply, the_last_words_are_one_line)
{
	CHECK_STR(said(reply_goodbye()), "*** bye\n");
	CHECK_STR(said(reply_shutdown()), "*** the server is shutting down, bye\n");
	CHECK_STR(said(reply_idle(300)), "*** you said nothing for 300 seconds and are "
					 "disconnected; connect again when you like\n");
	CHECK(strstr(said(reply_too_slow()), "too slowly"));
}

TEST(reply, without_memory_there_is_no_message)
{
	struct member m[2] = { 0 };

	begin(m, 2);
	t_mem_fail(0);
	CHECK_PTR(reply_say(&m[0], slice_of("x")), NULL);
	t_mem_fail(0);
	CHECK_PTR(reply_help(), NULL);
	t_mem_fail(0);
	CHECK_PTR(reply_rooms(&hall), NULL);
	t_mem_fail(0);
	CHECK_PTR(reply_who(&m[0]), NULL);
	t_mem_fail(0);
	CHECK_PTR(reply_goodbye(), NULL);
	t_mem_fail(-1);
	end(m, 2);
}
