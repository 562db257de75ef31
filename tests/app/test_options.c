/* options: defaults, every option at its limits, and one line for everything that is wrong. */
#include "app/options.h"

#include <stdio.h>

#include "t.h"

static struct options o;
static char text[OPTIONS_TEXT_LEN];

static enum options_verdict parse(const char *a, const char *b, const char *c, const char *d)
{
	char copies[4][600], *argv[6] = { (char *)"chat" };
	const char *given[] = { a, b, c, d };
	int argc = 1;

	for (int i = 0; i < 4 && given[i]; i++) {
		snprintf(copies[i], sizeof copies[i], "%s", given[i]);
		argv[argc++] = copies[i];
	}
	return options_parse(&o, argc, argv, text);
}

static void check_good(const char *a, const char *b)
{
	CHECK_EQ(parse(a, b, NULL, NULL), OPTIONS_RUN);
	CHECK_STR(text, "");
}

/* One line that names the program, what is wrong, and what to do. */
static void check_bad(const char *a, const char *b, const char *says)
{
	CHECK_EQ(parse(a, b, NULL, NULL), OPTIONS_BAD);
	CHECK(strncmp(text, "chat: ", 6) == 0);
	CHECK_PTR(strchr(text, '\n'), text + strlen(text) - 1);
	if (!strstr(text, says))
		CHECK_STR(text, says);
}

static void check_listens(const char *address)
{
	char buf[ADDRESS_TEXT_LEN];

	CHECK_STR(address_text(&o.listen, buf), address);
}

TEST(options, without_any_all_are_at_their_defaults)
{
	check_good(NULL, NULL);
	check_listens("127.0.0.1:8080");
	CHECK_EQ(o.max_clients, 10000);
	CHECK_EQ(o.max_per_address, 0);
	CHECK_EQ(o.idle_timeout_s, 300);
	CHECK_EQ(o.stall_timeout_s, 30);
	CHECK_EQ(o.soft_limit, 65536);
	CHECK_EQ(o.hard_limit, 262144);
	CHECK_EQ(o.queue, 256);
	CHECK_EQ(o.shutdown_timeout_s, 10);
	CHECK_EQ(o.log_level, LOG_LEVEL_INFO);
	CHECK_EQ(o.log_format, LOG_FORMAT_TEXT);
}

TEST(options, listen_takes_an_address_in_numbers)
{
	check_good("--listen", "0.0.0.0:0");
	check_listens("0.0.0.0:0");
	check_good("--listen=[::1]:9000", NULL);
	check_listens("[::1]:9000");
	check_bad("--listen", "localhost:80", "127.0.0.1:8080");
	check_bad("--listen", "127.0.0.1", "ADDRESS:PORT");
	check_bad("--listen", "127.0.0.1:65536", "'127.0.0.1:65536'");
	check_bad("--listen", "127.0.0.1:80x", "ADDRESS:PORT");
	check_bad("--listen", "::1:80", "[::1]:8080");
	check_bad("--listen", "", "ADDRESS:PORT");
}

struct limits {
	const char *name;
	unsigned *value;
	const char *min, *max, *below, *above;
};

static const struct limits numbers[] = {
	{ "--max-clients", &o.max_clients, "1", "1000000", "0", "1000001" },
	{ "--max-per-address", &o.max_per_address, "0", "1000000", "-1", "1000001" },
	{ "--idle-timeout", &o.idle_timeout_s, "0", "31536000", "-1", "31536001" },
	{ "--stall-timeout", &o.stall_timeout_s, "0", "31536000", "-1", "31536001" },
	{ "--queue", &o.queue, "1", "65536", "0", "65537" },
	{ "--shutdown-timeout", &o.shutdown_timeout_s, "0", "86400", "-1", "86401" },
	{ "--soft-limit", &o.soft_limit, "1024", "262144", "1023", "1073741825" },
	{ "--hard-limit", &o.hard_limit, "65536", "1073741824", "1023", "1073741825" },
};

static void check_value(const struct limits *l, const char *value)
{
	char again[32];

	check_good(l->name, value);
	snprintf(again, sizeof again, "%u", *l->value);
	CHECK_STR(again, value);
}

TEST(options, numbers_at_their_limits_and_one_beyond)
{
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		const struct limits *l = &numbers[i];

		check_value(l, l->min);
		check_value(l, l->max);
		check_bad(l->name, l->below, "write a whole number from");
		check_bad(l->name, l->above, "write a whole number from");
	}
}

TEST(options, a_number_is_digits_and_nothing_else)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-0", "1k", "0x10", "1.5", "ten", "1e3", "1,000", "\xd9\xa1",
		"4294967297", "18446744073709551617", "99999999999999999999999999"
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_bad("--max-clients", bad[i], "--max-clients");
	check_value(&numbers[0], "12");
	check_good("--max-clients", "0012");
	CHECK_EQ(o.max_clients, 12);
}

TEST(options, the_hard_limit_is_not_below_the_soft_one)
{
	CHECK_EQ(parse("--soft-limit", "5000", "--hard-limit", "5000"), OPTIONS_RUN);
	CHECK_EQ(parse("--hard-limit", "4999", "--soft-limit", "5000"), OPTIONS_BAD);
	CHECK(strstr(text, "--hard-limit: 4999 is below the soft limit of 5000"));
	check_bad("--soft-limit", "262145", "lower --soft-limit");
}

TEST(options, level_and_format_are_words_from_a_list)
{
	check_good("--log-level", "debug");
	CHECK_EQ(o.log_level, LOG_LEVEL_DEBUG);
	check_good("--log-level=error", "--log-format=json");
	CHECK_EQ(o.log_level, LOG_LEVEL_ERROR);
	CHECK_EQ(o.log_format, LOG_FORMAT_JSON);
	check_bad("--log-level", "loud", "there is no 'loud'; choose error, warn, info or debug");
	check_bad("--log-format", "xml", "choose text or json");
}

TEST(options, what_is_not_an_option_is_one_line_that_points_to_help)
{
	check_bad("--lisen", "127.0.0.1:1", "--lisen: no such option");
	check_bad("--max", "1", "--max: no such option"); /* could be two */
	check_bad("-x", NULL, "-x: no such option");
	check_bad("-xyz", NULL, "-x: no such option");
	check_bad("--queue", NULL, "--queue: its value is missing");
	check_bad("8080", NULL, "8080: not expected here");
	check_bad("--", "now", "now: not expected here");
	check_bad("--help=me", NULL, "--help: takes no value");
	check_bad("--queue=1\n2\x1b[31m", NULL, "--queue: '12[31m' does not fit");
	check_bad("--\n\n", NULL, "--help");
}

TEST(options, a_very_long_argument_still_gives_one_line)
{
	char a[600];

	memset(a, 'x', sizeof a);
	a[0] = a[1] = '-';
	a[sizeof a - 1] = '\0';
	check_bad(a, NULL, "no such option");
	CHECK(strlen(text) < 200);
	check_bad("--listen", a + 2, "is not ADDRESS:PORT");
	CHECK(strlen(text) < 200);
}

TEST(options, the_last_of_two_counts_and_the_first_mistake_is_reported)
{
	CHECK_EQ(parse("--queue", "3", "--queue", "4"), OPTIONS_RUN);
	CHECK_EQ(o.queue, 4);
	CHECK_EQ(parse("--queue", "x", "--nonsense", NULL), OPTIONS_BAD);
	CHECK(strstr(text, "--queue"));
}

TEST(options, help_shows_every_option_with_its_default)
{
	static const char *const shown[] = {
		"--listen ADDRESS:PORT", "(default 127.0.0.1:8080)",
		"--max-clients N",       "(default 10000)",
		"--max-per-address N",   "(default 0)",
		"--idle-timeout N",      "(default 300)",
		"--stall-timeout N",     "(default 30)",
		"--soft-limit N",        "(default 65536)",
		"--hard-limit N",        "(default 262144)",
		"--queue N",             "(default 256)",
		"--shutdown-timeout N",  "(default 10)",
		"--log-level LEVEL",     "(default info)",
		"--log-format FORMAT",   "(default text)",
		"--help",                "--version",
	};

	CHECK_EQ(parse("--help", NULL, NULL, NULL), OPTIONS_PRINT);
	CHECK(strlen(text) < OPTIONS_TEXT_LEN - 1);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (!strstr(text, shown[i]))
			CHECK_STR(text, shown[i]);
}

TEST(options, version_is_one_line)
{
	CHECK_EQ(parse("--version", NULL, NULL, NULL), OPTIONS_PRINT);
	CHECK_STR(text, "chat (weft) " OPTIONS_VERSION "\n");
}
