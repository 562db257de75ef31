/* The chat server at its limits: slow readers, too many clients, no descriptors, no patience. */
#define _GNU_SOURCE 1 /* kill */
#include "t_chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Reads lines of the form "...text N" until the last; counts them, and what was reported as
 * missed.
 */
static void count_until(struct t_client *c, const char *prefix, unsigned last, unsigned *heard,
			unsigned *missed)
{
	const char *line;

	while ((line = t_line(c))) {
		unsigned n;

		if (sscanf(line, "*** you missed %u message", &n) == 1) {
			*missed += n;
		} else if (strncmp(line, prefix, strlen(prefix)) == 0) {
			++*heard;
			if ((unsigned)atoi(line + strlen(prefix)) == last)
				return;
		}
	}
	CHECK(!"the connection ended before the last message");
}

TEST(chat_limits, who_does_not_read_is_told_what_he_missed_and_slows_nobody)
{
	enum { STORM = 30000 };
	struct t_server s = t_server_start("--queue", "256", NULL);
	struct t_client *a = t_join(&s), *b = t_join(&s), *lazy = t_join_narrow(&s);
	unsigned heard = 0, missed = 0;
	char line[500];

	/* Long lines, so that the kernel's buffers are full long before the end. b reads along. */
	memset(line, '.', sizeof line);
	for (unsigned i = 1; i <= STORM; i++) {
		int n = snprintf(line, sizeof line, "storm %u ", i);

		line[n] = '.';
		line[sizeof line - 1] = '\n';
		t_send_bytes(a, line, sizeof line);
		if (i % 64 == 0)
			count_until(b, "[#general] guest1: storm ", i, &heard, &missed);
	}
	count_until(b, "[#general] guest1: storm ", STORM, &heard, &missed);
	CHECK_EQ(heard, STORM);
	CHECK_EQ(missed, 0);
	/* The lazy one wakes up: what he gets and what he is told that he missed add up. */
	heard = missed = 0;
	t_send(a, "storm 0\n");
	count_until(lazy, "[#general] guest1: storm ", 0, &heard, &missed);
	CHECK_EQ(heard + missed, STORM + 1);
	CHECK(missed > 0);
	t_close(a);
	t_close(b);
	t_close(lazy);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_limits, two_hundred_clients_hear_every_message)
{
	enum { CLIENTS = 200, EACH = 5 };
	struct t_server s = t_server_start(NULL);
	struct t_client *c[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		c[i] = t_join(&s);
	for (int round = 0; round < EACH; round++)
		for (int i = 0; i < CLIENTS; i++) {
			char line[64];

			snprintf(line, sizeof line, "message %d %d\n", i, round);
			t_send(c[i], line);
		}
	for (int i = 0; i < CLIENTS; i++) {
		unsigned heard = 0, next[CLIENTS] = { 0 };

		while (heard < (CLIENTS - 1) * EACH) {
			const char *line = t_line(c[i]), *text;
			int from, round;

			CHECK(line);
			CHECK(!strstr(line, "missed"));
			text = strstr(line, "message ");
			if (!text || sscanf(text, "message %d %d", &from, &round) != 2)
				continue;
			CHECK(from != i);
			CHECK_EQ(round, next[from]++); /* each sender's in their order */
			heard++;
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		t_close(c[i]);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_limits, beyond_the_hard_limit_a_client_is_disconnected_and_the_log_says_why)
{
	struct t_server s = t_server_start("--soft-limit", "1024", "--hard-limit", "1024", NULL);
	struct t_client *a = t_join(&s);

	t_send(a, "/help\n/help\n"); /* the two answers are more */
	while (t_line(a))
		;
	t_server_expect_log(&s, "hard limit");
	t_close(a);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_limits, too_many_clients_are_refused_with_a_line)
{
	struct t_server s = t_server_start("--max-clients", "2", NULL);
	struct t_client *a = t_join(&s), *b = t_join(&s), *c = t_connect(&s);

	t_expect_part(c, "2"); /* how many may be there */
	t_expect_end(c);
	t_close(c);
	t_send(b, "/quit\n");
	while (t_line(b))
		;
	t_close(b);
	t_server_expect_log(&s, "client left");
	c = t_join(&s); /* there is room again */
	t_close(c);
	t_close(a);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_limits, too_many_from_one_address_are_refused_with_a_line)
{
	struct t_server s = t_server_start("--max-per-address", "1", NULL);
	struct t_client *a = t_join(&s), *b = t_connect(&s);

	t_expect_part(b, "address");
	t_expect_end(b);
	t_close(b);
	t_close(a);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_limits, without_descriptors_accepting_waits_and_recovers)
{
	enum { DESCRIPTORS = 24, MANY = 40 };
	struct t_server s = t_server_start_limited(DESCRIPTORS);
	struct t_client *c[MANY], *first = t_join(&s), *late;

	for (int i = 0; i < MANY; i++)
		c[i] = t_connect(&s); /* the kernel queues what the server cannot accept */
	t_server_expect_log(&s, "cannot accept");
	t_send(first, "/nick alive\n");
	t_skip_to(first, "*** you are now known as alive");
	for (int i = 0; i < MANY; i++)
		t_close(c[i]);
	late = t_join(&s);
	t_send(late, "/nick late\n");
	t_skip_to(late, "*** you are now known as late");
	t_close(first);
	t_close(late);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_limits, who_says_nothing_is_disconnected_though_the_room_talks)
{
	struct t_server s = t_server_start("--idle-timeout", "1", NULL);
	struct t_client *quiet = t_join(&s), *loud = t_join(&s);
	const char *line;

	do {
		t_send(loud, "are you there?\n"); /* keeps the loud one alive, and only him */
		line = t_line(quiet);
		CHECK(line);
	} while (!strstr(line, "you said nothing for 1 second"));
	t_expect_end(quiet);
	t_server_expect_log(&s, "idle timeout");
	t_close(quiet);
	t_close(loud);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_limits, who_takes_nothing_for_long_is_disconnected)
{
	struct t_server s = t_server_start("--stall-timeout", "1", "--idle-timeout", "0", NULL);
	struct t_client *a = t_join(&s), *stuck = t_join_narrow(&s);
	char line[500];

	memset(line, '.', sizeof line);
	line[sizeof line - 1] = '\n';
	for (int i = 0; i < 30000; i++) /* more than the kernel will hold for him */
		t_send_bytes(a, line, sizeof line);
	t_server_expect_log(&s, "it takes nothing");
	t_skip_to(a, "*** guest2 left the chat");
	t_close(a);
	t_close(stuck);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

/*
 * --- The end
 * ------------------------------------------------------------------------------------
 */

TEST(chat_end, ctrl_c_delivers_what_was_accepted_and_exits_with_0)
{
	enum { TALKERS = 8, LINES = 200 };
	struct t_server s = t_server_start("--queue", "4096", NULL);
	struct t_client *listener = t_join(&s), *c[TALKERS];
	unsigned heard = 0, goodbyes = 0;
	const char *line;

	for (int i = 0; i < TALKERS; i++)
		c[i] = t_join(&s);
	for (int k = 0; k < LINES; k++)
		for (int i = 0; i < TALKERS; i++)
			t_send(c[i], "accepted\n");
	for (int i = 0; i < TALKERS; i++)
		t_settle(c[i]);
	CHECK_EQ(kill(s.pid, SIGINT), 0); /* in the midst of it */
	while ((line = t_line(listener))) {
		heard += strstr(line, ": accepted") != NULL;
		goodbyes += strstr(line, "shutting down") != NULL;
	}
	CHECK_EQ(heard, TALKERS * LINES);
	CHECK_EQ(goodbyes, 1);
	for (int i = 0; i < TALKERS; i++)
		t_close(c[i]);
	t_close(listener);
	CHECK_EQ(t_server_wait(&s), 0);
}

TEST(chat_end, letters_that_were_accepted_are_delivered_before_the_goodbye)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a = t_join(&s), *b = t_join(&s);
	unsigned n = 0;
	const char *line;

	for (int i = 0; i < 50; i++)
		t_send(a, "/msg guest2 psst\n");
	t_settle(a);
	CHECK_EQ(kill(s.pid, SIGINT), 0);
	while ((line = t_line(b)))
		n += strcmp(line, "[private from guest1] psst") == 0;
	CHECK_EQ(n, 50);
	t_close(a);
	t_close(b);
	CHECK_EQ(t_server_wait(&s), 0);
}

/* One who never stops to send, and so never lets his socket run dry. */
static void flood(struct t_server *s)
{
	struct t_client *c = t_join(s);
	static const char newlines[4096] = { [0 ... 4095] = '\n' };

	while (send(c->fd, newlines, sizeof newlines, MSG_NOSIGNAL) > 0)
		;
	_exit(0);
}

TEST(chat_end, who_never_stops_talking_does_not_keep_the_others_from_a_goodbye)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a = t_join(&s);
	unsigned goodbyes = 0;
	const char *line;
	pid_t flooder = fork();

	if (flooder == 0)
		flood(&s);
	CHECK(flooder > 0);
	t_expect(a, "*** guest2 joined #general");
	CHECK_EQ(kill(s.pid, SIGINT), 0);
	while ((line = t_line(a)))
		goodbyes += strstr(line, "shutting down") != NULL;
	CHECK_EQ(goodbyes, 1);
	CHECK_EQ(t_server_wait(&s), 0);
	CHECK_EQ(waitpid(flooder, NULL, 0), flooder);
	t_close(a);
}

TEST(chat_end, a_second_signal_ends_at_once)
{
	struct t_server s = t_server_start("--shutdown-timeout", "600", "--queue", "4096", NULL);
	struct t_client *a = t_join(&s), *stuck = t_join_narrow(&s);
	char line[500];

	memset(line, '.', sizeof line);
	line[sizeof line - 1] = '\n';
	for (int i = 0; i < 30000; i++) /* more than the kernel will hold for one who does not read */
		t_send_bytes(a, line, sizeof line);
	CHECK_EQ(kill(s.pid, SIGTERM), 0);
	t_server_expect_log(&s, "ending");
	CHECK_EQ(kill(s.pid, SIGTERM), 0);
	CHECK_EQ(t_server_wait(&s), 128 + SIGTERM);
	t_close(a);
	t_close(stuck);
}

TEST(chat_end, sighup_does_not_end_it)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a = t_join(&s);

	CHECK_EQ(kill(s.pid, SIGHUP), 0);
	t_server_expect_log(&s, "still here");
	t_send(a, "/nick here\n");
	t_expect(a, "*** you are now known as here");
	t_close(a);
	CHECK_EQ(t_server_stop(&s, SIGINT), 0);
}

TEST(chat_end, sigquit_shows_what_every_task_awaits_and_it_goes_on)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a = t_join(&s);

	CHECK_EQ(kill(s.pid, SIGQUIT), 0);
	t_server_expect_log(&s, "client at app/client.c");
	t_send(a, "/nick here\n");
	t_expect(a, "*** you are now known as here");
	t_close(a);
	CHECK_EQ(t_server_stop(&s, SIGINT), 0);
}

/*
 * --- The command line
 * ---------------------------------------------------------------------------
 */

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

TEST(chat_options, bad_ones_get_one_line_and_exit_2)
{
	char out[4096], err[4096];

	CHECK_EQ(t_server_run(out, err, "--max-clients", "many", NULL), 2);
	CHECK_EQ(lines(err), 1);
	CHECK_STR(out, "");
	CHECK_EQ(t_server_run(out, err, "--listen", "nowhere", NULL), 2);
	CHECK_EQ(lines(err), 1);
	CHECK_EQ(t_server_run(out, err, "--no-such-option", NULL), 2);
	CHECK_EQ(lines(err), 1);
	CHECK_EQ(t_server_run(out, err, "--soft-limit", "9", "--hard-limit", "8", NULL), 2);
	CHECK_EQ(lines(err), 1);
}

TEST(chat_options, help_lists_every_option_and_exits_0)
{
	char out[4096], err[4096];

	CHECK_EQ(t_server_run(out, err, "--help", NULL), 0);
	CHECK_STR(err, "");
	CHECK(strstr(out, "--listen") && strstr(out, "127.0.0.1:8080"));
	CHECK(strstr(out, "--max-clients") && strstr(out, "10000"));
	CHECK(strstr(out, "--max-per-address") && strstr(out, "--idle-timeout"));
	CHECK(strstr(out, "--soft-limit") && strstr(out, "--hard-limit"));
	CHECK(strstr(out, "--shutdown-timeout") && strstr(out, "--log-level") && strstr(out, "--log-format"));
}

TEST(chat_options, an_address_in_use_gets_one_line_and_exit_1)
{
	struct t_server s = t_server_start(NULL);
	char out[4096], err[4096], address[32];

	snprintf(address, sizeof address, "127.0.0.1:%u", s.port);
	CHECK_EQ(t_server_run(out, err, "--listen", address, NULL), 1);
	CHECK_EQ(lines(err), 1);
	CHECK(strstr(err, address));
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}

TEST(chat_options, the_log_can_be_json)
{
	struct t_server s = t_server_start("--log-format", "json", NULL);
	struct t_client *a = t_join(&s);

	t_server_expect_log(&s, "\"event\":\"client joined\"");
	t_close(a);
	CHECK_EQ(t_server_stop(&s, SIGTERM), 0);
}
