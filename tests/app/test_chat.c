/* The chat server over real sockets: what people see of each other. */
#include "t_chat.h"

#include <stdio.h>
#include <stdlib.h>

/* Two guests in #general who have both seen the second one's arrival. */
static void two(struct t_server *s, struct t_client **a, struct t_client **b)
{
	*a = t_join(s);
	*b = t_join(s);
	t_expect(*a, "*** guest2 joined #general");
}

static void end(struct t_server *s, struct t_client *a, struct t_client *b)
{
	t_close(a);
	t_close(b);
	CHECK_EQ(t_server_stop(s, SIGTERM), 0);
}

TEST(chat, two_clients_in_one_room_hear_each_other_and_not_themselves)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;

	two(&s, &a, &b);
	t_send(a, "hello\n");
	t_expect(b, "[#general] guest1: hello");
	t_send(b, "hello yourself\r\n");
	t_expect(a, "[#general] guest2: hello yourself"); /* and not his own line before it */
	end(&s, a, b);
}

TEST(chat, rooms_are_isolated)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b, *c;

	two(&s, &a, &b);
	c = t_join(&s);
	t_expect(a, "*** guest3 joined #general");
	t_expect(b, "*** guest3 joined #general");
	t_send(b, "/join #rust\n");
	t_expect(b, "*** you are in #rust");
	t_expect(a, "*** guest2 left #general");
	t_expect(c, "*** guest2 left #general");
	t_send(a, "for general only\n");
	t_expect(c, "[#general] guest1: for general only");
	t_send(c, "/join #rust\n");
	t_expect(c, "*** you are in #rust");
	t_expect(b, "*** guest3 joined #rust"); /* and nothing of #general before it */
	t_send(b, "for rust only\n");
	t_expect(c, "[#rust] guest2: for rust only");
	t_expect(a, "*** guest3 left #general");
	t_send(c, "/msg guest1 done\n");
	t_expect_part(a, "done"); /* and nothing of #rust before it */
	t_close(c);
	end(&s, a, b);
}

TEST(chat, a_join_is_announced_in_both_rooms)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b, *c;

	two(&s, &a, &b);
	t_send(b, "/join #quiet\n");
	t_expect(b, "*** you are in #quiet");
	t_expect(a, "*** guest2 left #general");
	c = t_join(&s);
	t_expect(a, "*** guest3 joined #general");
	t_send(c, "/join #quiet\n");
	t_expect(c, "*** you are in #quiet");
	t_expect(a, "*** guest3 left #general");
	t_expect(b, "*** guest3 joined #quiet");
	t_close(c);
	end(&s, a, b);
}

TEST(chat, a_rename_is_announced_and_nicks_are_unique_without_regard_to_case)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;

	two(&s, &a, &b);
	t_send(a, "/nick alice\n");
	t_expect(a, "*** you are now known as alice");
	t_expect(b, "*** guest1 is now known as alice");
	t_send(b, "/nick ALICE\n");
	t_expect_part(b, "*** error: ");
	t_send(b, "/nick a b\n");
	t_expect_part(b, "*** error: ");
	t_send(b, "/nick abcdefghijklmnopqrstuvwxy\n"); /* 25 */
	t_expect_part(b, "*** error: ");
	t_send(b, "/nick abcdefghijklmnopqrstuvwx\n"); /* 24 */
	t_expect(b, "*** you are now known as abcdefghijklmnopqrstuvwx");
	t_expect(a, "*** guest2 is now known as abcdefghijklmnopqrstuvwx");
	t_send(a, "/nick Alice\n"); /* his own, in another case */
	t_expect(a, "*** you are now known as Alice");
	t_expect(b, "*** alice is now known as Alice");
	end(&s, a, b);
}

TEST(chat, rooms_are_listed_with_their_members_and_vanish_when_empty)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;

	two(&s, &a, &b);
	t_send(b, "/join #rust\n/rooms\n");
	t_expect(b, "*** you are in #rust");
	t_expect(b, "*** #general 1");
	t_expect(b, "*** #rust 1");
	t_send(b, "/join #general\n/rooms\n");
	t_expect(b, "*** you are in #general");
	t_expect(b, "*** #general 2");
	t_send(b, "/who\n");
	t_expect(b, "*** #general: guest1, guest2");
	end(&s, a, b);
}

TEST(chat, private_messages_reach_one_and_errors_say_what_to_do)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;

	two(&s, &a, &b);
	t_send(a, "/msg guest2 psst\n");
	t_expect_part(a, "psst"); /* the sender's own copy */
	t_expect_part(b, "psst");
	t_send(a, "/msg nobody psst\n");
	t_expect_part(a, "*** error: nobody here is called nobody");
	t_send(a, "/dance\n");
	t_expect_part(a, "*** error: ");
	t_send(a, "/join\n");
	t_expect_part(a, "*** error: ");
	t_send(a, "the end\n");
	t_expect(b, "[#general] guest1: the end"); /* an unknown command is not a message */
	end(&s, a, b);
}

TEST(chat, quit_says_goodbye_and_tells_the_room)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;

	two(&s, &a, &b);
	t_send(b, "last words\n/quit\nnever read\n");
	t_expect_part(b, "*** ");
	t_expect_end(b);
	t_expect(a, "[#general] guest2: last words");
	t_expect(a, "*** guest2 left the chat");
	end(&s, a, b);
}

TEST(chat, half_close_still_receives_its_replies)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;

	two(&s, &a, &b);
	t_send(b, "/nick bob\n/who\nno newline at the end");
	t_half_close(b);
	t_expect(b, "*** you are now known as bob");
	t_expect_part(b, "#general");
	while (t_line(b))
		;
	t_expect(a, "*** guest2 is now known as bob");
	t_expect(a, "[#general] bob: no newline at the end");
	t_expect(a, "*** bob left the chat");
	end(&s, a, b);
}

/*
 * --- Bytes
 * --------------------------------------------------------------------------------------
 */

TEST(chat, a_line_in_three_pieces_under_a_storm_is_neither_lost_nor_split)
{
	enum { STORM = 3000 };
	struct t_server s = t_server_start("--queue", "8192", NULL);
	struct t_client *a, *b;
	unsigned seen = 0;
	char line[64];

	two(&s, &a, &b);
	for (int i = 0; i < STORM; i++) {
		snprintf(line, sizeof line, "storm %d\n", i);
		t_send(a, line);
		if (i == STORM / 4)
			t_send(b, "one, ");
		if (i == STORM / 2)
			t_send(b, "two, ");
		if (i == STORM * 3 / 4)
			t_send(b, "three\n");
	}
	t_expect(a, "[#general] guest2: one, two, three");
	for (; seen < STORM; seen++) {
		snprintf(line, sizeof line, "[#general] guest1: storm %u", seen);
		t_expect(b, line);
	}
	end(&s, a, b);
}

TEST(chat, over_long_lines_are_refused_once_and_the_next_line_counts)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;
	char line[5000];

	two(&s, &a, &b);
	memset(line, 'x', sizeof line);
	line[511] = '\n'; /* 512 with the newline: just right */
	t_send_bytes(a, line, 512);
	t_expect_part(b, "[#general] guest1: xxx");
	line[511] = 'x';
	line[512] = '\n';
	t_send_bytes(a, line, 513);
	t_expect_part(a, "*** error: ");
	line[512] = 'x';
	line[4999] = '\n';
	t_send_bytes(a, line, 5000);
	t_expect_part(a, "*** error: ");
	t_send(a, "still here\n");
	t_expect(b, "[#general] guest1: still here");
	end(&s, a, b);
}

TEST(chat, telnet_sequences_and_escapes_never_reach_another_terminal)
{
	struct t_server s = t_server_start(NULL);
	struct t_client *a, *b;

	two(&s, &a, &b);
	t_send_bytes(a, "\xff\xfd\x03safe\xff\xfb\x1f\n", 11);
	t_expect(b, "[#general] guest1: safe");
	t_send(a, "\x1b[31mred\x07\x1b[0m\n");
	t_expect(b, "[#general] guest1: [31mred[0m");
	t_send_bytes(a, "bad \xc3\x28 bytes\n", 13);
	t_expect_part(a, "*** error: ");
	t_send(a, "gr\xc3\xbc\xc3\x9f dich\n");
	t_expect(b, "[#general] guest1: gr\xc3\xbc\xc3\x9f dich");
	end(&s, a, b);
}

/* Only printable text may arrive, however rubbish what was sent. */
static void check_harmless(const char *line)
{
	for (const unsigned char *p = (const unsigned char *)line; *p; p++)
		CHECK(*p >= 0x20 && *p != 0x7f);
}

TEST(chat, a_thousand_lines_of_random_bytes_do_no_harm)
{
	struct t_server s = t_server_start("--queue", "4096", NULL);
	struct t_client *a, *b;
	unsigned seed = 12345;
	const char *line;

	two(&s, &a, &b);
	for (int i = 0; i < 1000; i++) {
		char bytes[700];
		size_t len = seed % sizeof bytes;

		for (size_t k = 0; k < len; k++) {
			seed = seed * 1103515245 + 12345;
			bytes[k] = (char)(seed >> 16);
			if (bytes[k] == '/')
				bytes[k] = '.'; /* it might say /quit */
		}
		t_send_bytes(a, bytes, len);
		t_send(a, "\n");
	}
	t_send(a, "and now in earnest\n");
	while ((line = t_line(b)) && strcmp(line, "[#general] guest1: and now in earnest") != 0)
		check_harmless(line);
	CHECK(line);
	end(&s, a, b);
}
