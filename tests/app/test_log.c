/* log: the two formats to the letter, any bytes, and the end of the room. */
#define _GNU_SOURCE 1 /* CLOCK_REALTIME */
#include "app/log.h"

#include <errno.h>
#include <stdio.h>

#include "app/text.h"
#include "base/rand.h"
#include "base/sys.h"
#include "t.h"

#define NOON "2025-01-31T12:00:00.123Z"
static const struct timespec noon = { .tv_sec = 1738324800, .tv_nsec = 123456789 };
static char line[LOG_LINE_MAX + 1];

static const char *formatted(enum log_format format, const struct log_field *fields, size_t n)
{
	size_t len = log_format_line(line, format, &noon, LOG_LEVEL_INFO, "client left", fields, n);

	CHECK(len <= LOG_LINE_MAX);
	line[len] = '\0';
	CHECK_EQ(line[len - 1], '\n');
	return line;
}

static const char *text_value(const char *value)
{
	struct log_field f = log_text("v", slice_of(value));

	return strstr(formatted(LOG_FORMAT_TEXT, &f, 1), " v=") + 3;
}

static const char *json_value(const char *value)
{
	struct log_field f = log_text("v", slice_of(value));

	return strstr(formatted(LOG_FORMAT_JSON, &f, 1), "\"v\":") + 4;
}

TEST(log, a_text_line_has_time_level_event_and_fields)
{
	struct log_field f[] = { log_number("client", 7), log_text("nick", slice_of("alice")),
				 log_text("reason", slice_of("idle timeout")) };

	CHECK_STR(formatted(LOG_FORMAT_TEXT, f, 3),
		  NOON " info  client left client=7 nick=alice reason=\"idle timeout\"\n");
	CHECK_STR(formatted(LOG_FORMAT_TEXT, NULL, 0), NOON " info  client left\n");
}

TEST(log, a_json_line_is_one_object)
{
	struct log_field f[] = { log_number("client", INT64_MIN),
				 log_text("nick", slice_of("alice")) };

	CHECK_STR(formatted(LOG_FORMAT_JSON, f, 2),
		  "{\"time\":\"" NOON "\",\"level\":\"info\",\"event\":\"client left\","
		  "\"client\":-9223372036854775808,\"nick\":\"alice\"}\n");
	CHECK_STR(formatted(LOG_FORMAT_JSON, NULL, 0),
		  "{\"time\":\"" NOON "\",\"level\":\"info\",\"event\":\"client left\"}\n");
}

TEST(log, text_values_are_quoted_when_they_are_not_plain)
{
	CHECK_STR(text_value("[::1]:8080"), "[::1]:8080\n");
	CHECK_STR(text_value(""), "\"\"\n");
	CHECK_STR(text_value("a=b"), "\"a=b\"\n");
	CHECK_STR(text_value("say \"hi\" \\"), "\"say \\\"hi\\\" \\\\\"\n");
	CHECK_STR(text_value("caf\xc3\xa9"), "\"caf\xc3\xa9\"\n");
	CHECK_STR(text_value("\x1b[31m\n\xff"), "\"\\x1b[31m\\x0a\\xff\"\n");
	CHECK_STR(text_value("\xc2\x9b\xe2\x80\xae"), "\"\\xc2\\x9b\\xe2\\x80\\xae\"\n");
}

TEST(log, json_values_are_escaped)
{
	CHECK_STR(json_value(""), "\"\"}\n");
	CHECK_STR(json_value("a \"b\" \\"), "\"a \\\"b\\\" \\\\\"}\n");
	CHECK_STR(json_value("\x1b[31m\n\t\x7f"), "\"\\u001b[31m\\u000a\\u0009\\u007f\"}\n");
	CHECK_STR(json_value("\xff\xc3"), "\"\\ufffd\\ufffd\"}\n");
	CHECK_STR(json_value("caf\xc3\xa9 \xf0\x9f\x98\x80"),
		  "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"}\n");
	CHECK_STR(json_value("\xc2\x9b\xe2\x80\xa8\xf3\xa0\x81\x81"),
		  "\"\\u009b\\u2028\\udb40\\udc41\"}\n");
}

TEST(log, a_nul_is_a_byte_like_others)
{
	struct log_field f = log_text("v", ((struct slice){ "a\0b", 3 }));

	CHECK(strstr(formatted(LOG_FORMAT_JSON, &f, 1), "\"v\":\"a\\u0000b\"}"));
	CHECK(strstr(formatted(LOG_FORMAT_TEXT, &f, 1), "v=\"a\\x00b\"\n"));
}

TEST(log, a_long_value_is_cut_between_two_characters)
{
	char value[LOG_VALUE_MAX + 8], expected[LOG_VALUE_MAX + 16];

	memset(value, 'x', sizeof value);
	value[LOG_VALUE_MAX] = '\0';
	snprintf(expected, sizeof expected, "%s\n", value);
	CHECK_STR(text_value(value), expected);
	/* one byte too long, and the limit is in the middle of a character */
	memcpy(value + LOG_VALUE_MAX - 1, "\xc3\xa9", 3);
	snprintf(expected, sizeof expected, "\"%.*s...\"}\n", LOG_VALUE_MAX - 1, value);
	CHECK_STR(json_value(value), expected);
}

/* A reader of JSON strings, just good enough: counts fields, and fails on what is no JSON. */
static unsigned count_json_fields(const char *s)
{
	unsigned fields = 0;
	bool in_string = false;

	CHECK(s[0] == '{' && strcmp(s + strlen(s) - 2, "}\n") == 0);
	for (; *s != '\n'; s++) {
		CHECK((unsigned char)*s >= 0x20);
		if (in_string && *s == '\\') {
			s++;
			CHECK(strchr("\"\\u", *s));
		} else if (*s == '"') {
			in_string = !in_string;
		} else if (!in_string && *s == ':') {
			fields++;
		}
	}
	CHECK(!in_string);
	return fields;
}

TEST(log, fields_that_do_not_fit_are_left_out_whole_wherever_the_room_ends)
{
	for (size_t len = 0; len <= LOG_VALUE_MAX; len++) {
		struct log_field f[20];
		char value[LOG_VALUE_MAX];
		unsigned n;

		memset(value, len % 3 ? 'x' : '\x1b', sizeof value);
		for (unsigned i = 0; i < 20; i++)
			f[i] = log_text("v", ((struct slice){ value, len }));
		n = count_json_fields(formatted(LOG_FORMAT_JSON, f, 20));
		CHECK(n >= 4 && n <= 23);
		CHECK(n == 23 || strlen(line) + 6 * len + 9 > LOG_LINE_MAX);
		formatted(LOG_FORMAT_TEXT, f, 20);
	}
}

TEST(log, random_bytes_never_break_a_line_in_either_format)
{
	struct rand r = { 6 };

	for (unsigned round = 0; round < 20000; round++) {
		char value[80];
		struct log_field f =
			log_text("v", ((struct slice){ value, rand_below(&r, sizeof value) }));

		for (size_t i = 0; i < sizeof value; i++)
			value[i] = (char)rand_next(&r);
		CHECK_EQ(count_json_fields(formatted(LOG_FORMAT_JSON, &f, 1)), 4);
		CHECK(text_is_utf8(line, strlen(line)));
		formatted(LOG_FORMAT_TEXT, &f, 1);
		CHECK(text_is_utf8(line, strlen(line)));
		CHECK_EQ(text_clean(line, strlen(line) - 1), strlen(line) - 1);
	}
}

/* A kernel that notes what is written, after one interruption. */
static char written[LOG_LINE_MAX + 1];
static unsigned n_writes, n_interrupts;

static ssize_t noting_write(int fd, const void *buf, size_t len)
{
	CHECK_EQ(fd, 42);
	if (n_interrupts > 0) {
		n_interrupts--;
		errno = EINTR;
		return -1;
	}
	memcpy(written, buf, len);
	written[len] = '\0';
	n_writes++;
	return (ssize_t)len;
}

static int always_noon(clockid_t clock, struct timespec *ts)
{
	CHECK_EQ(clock, CLOCK_REALTIME);
	*ts = noon;
	return 0;
}

TEST(log, what_is_wanted_is_written_in_one_call)
{
	struct log log = { .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_TEXT, .fd = 42 };
	struct sys_ops ops = sys_real;

	ops.write = noting_write;
	ops.clock_gettime = always_noon;
	sys_ops = &ops;
	n_writes = 0;
	n_interrupts = 1;
	log_event(&log, LOG_LEVEL_WARN, "slow", log_number("client", 3),
		  log_text("nick", slice_of("bob")));
	CHECK_EQ(n_writes, 1);
	CHECK_STR(written, NOON " warn  slow client=3 nick=bob\n");
	log_event(&log, LOG_LEVEL_INFO, "not wanted", log_number("client", 3));
	CHECK_EQ(n_writes, 1);
	log_event(&log, LOG_LEVEL_ERROR, "wanted", log_number("client", 3));
	CHECK_EQ(n_writes, 2);
	sys_ops = &sys_real;
}

TEST(log, names_of_levels_and_formats_go_both_ways)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		CHECK_EQ(log_level_of(log_level_name((enum log_level)i)), i);
	for (int i = LOG_FORMAT_TEXT; i <= LOG_FORMAT_JSON; i++)
		CHECK_EQ(log_format_of(log_format_name((enum log_format)i)), i);
	CHECK_EQ(log_level_of("WARN"), -1);
	CHECK_EQ(log_level_of(""), -1);
	CHECK_EQ(log_format_of("xml"), -1);
}
