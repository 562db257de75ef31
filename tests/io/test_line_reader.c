/* Lines out of pieces: bounds, the end of file, and reads that are dropped. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "io/line_reader.h"

#include "t_net.h"

#include <stdio.h>

struct scene {
	struct t_net t;
	struct tcp_stream in, out; /* what is written to `out` is read from `in` */
	struct line_reader r;
	struct line_read lr;
	char buf[64];
};

static void begin(struct scene *s, size_t cap)
{
	t_net_begin(&s->t);
	t_net_pair(&s->in, &s->out);
	CHECK(cap <= sizeof s->buf);
	line_reader_init(&s->r, &s->in, s->buf, cap);
}

static void end(struct scene *s)
{
	tcp_close(&s->in);
	tcp_close(&s->out);
	t_net_end(&s->t);
}

static void give(struct scene *s, const char *text)
{
	CHECK_EQ(tcp_try_write(&s->out, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads a line, waiting if need be, and compares. */
static void expect(struct scene *s, const char *line)
{
	char got[64];

	t_net_run(&s->t, line_read(&s->lr, &s->r));
	CHECK_EQ(s->lr.err, 0);
	CHECK(s->lr.line);
	snprintf(got, sizeof got, "%.*s", (int)s->lr.len, s->lr.line);
	CHECK_STR(got, line);
}

static void expect_error(struct scene *s, int err)
{
	t_net_run(&s->t, line_read(&s->lr, &s->r));
	CHECK_EQ(s->lr.err, err);
	CHECK(!s->lr.line);
}

/* BEH io_lines::lines_inherent */
/* BEH io_read_line::read_line */
/* BEH io_read_until::read_until */
TEST(line_reader, lines_are_split_and_the_last_one_needs_no_newline)
{
	struct scene s;

	begin(&s, 64);
	give(&s, "one\ntwo\r\n\n\r\nfive\rx\nsix");
	CHECK_EQ(tcp_shutdown_write(&s.out), 0);
	expect(&s, "one");
	expect(&s, "two");
	expect(&s, "");
	expect(&s, "");
	expect(&s, "five\rx");
	CHECK_EQ(t_sys.recv.n, 1);
	expect(&s, "six");
	expect_error(&s, 0); /* the end, and the end it stays */
	expect_error(&s, 0);
	CHECK_EQ(t_sys.recv.n, 2);
	end(&s);
}

/* BEH io_read_line::read_line_not_all_ready */
/* BEH io_read_until::read_until_not_all_ready */
TEST(line_reader, a_line_is_put_together_from_pieces_without_an_extra_system_call)
{
	struct scene s;

	begin(&s, 64);
	CHECK_EQ(t_net_poll(&s.t, line_read(&s.lr, &s.r)), POLL_PENDING);
	t_net_look(&s.t);
	t_sys.recv = (struct t_calls){ 0 };
	for (const char *c = "hello"; *c; c++) {
		give(&s, (char[]){ *c, '\0' });
		CHECK_EQ(t_net_look(&s.t), 1);
		CHECK_EQ(t_net_poll(&s.t, &s.lr.future), POLL_PENDING);
	}
	give(&s, "\nrest");
	CHECK_EQ(t_net_look(&s.t), 1);
	CHECK_EQ(t_net_poll(&s.t, &s.lr.future), POLL_READY);
	CHECK_EQ(s.lr.len, 5);
	CHECK_EQ(memcmp(s.lr.line, "hello", 5), 0);
	CHECK_EQ(t_sys.recv.n, 6);
	CHECK_EQ(t_sys.recv.n_again, 0);
	end(&s);
}

TEST(line_reader, the_longest_line_fits_exactly)
{
	struct scene s;

	begin(&s, 8);
	give(&s, "1234567\n123456\r\n");
	expect(&s, "1234567");
	expect(&s, "123456");
	give(&s, "12345678\nok\n");
	expect_error(&s, -EMSGSIZE);
	expect(&s, "ok");
	end(&s);
}

TEST(line_reader, a_line_that_is_too_long_is_reported_once_and_skipped)
{
	struct scene s;

	begin(&s, 8);
	give(&s, "before\nthis one is far too long for it\nafter\n");
	expect(&s, "before");
	expect_error(&s, -EMSGSIZE);
	expect(&s, "after");
	/* Reported as soon as it is known, not when its end has come. */
	give(&s, "and this on");
	expect_error(&s, -EMSGSIZE);
	CHECK_EQ(t_net_poll(&s.t, line_read(&s.lr, &s.r)), POLL_PENDING);
	give(&s, "e, too\nlast");
	tcp_close(&s.out);
	expect(&s, "last");
	expect_error(&s, 0);
	end(&s);
}

TEST(line_reader, a_smaller_bound_leaves_the_buffer_to_save_system_calls)
{
	struct scene s;

	begin(&s, 64);
	s.r.max = 8;
	give(&s, "short\nnot short at all\n12345678\n1234567\nlonger than eight");
	expect(&s, "short");
	expect_error(&s, -EMSGSIZE);
	expect_error(&s, -EMSGSIZE);
	expect(&s, "1234567");
	CHECK_EQ(t_sys.recv.n, 1);
	expect_error(&s, -EMSGSIZE);
	tcp_close(&s.out);
	expect_error(&s, 0); /* the end within what is skipped */
	end(&s);
}

/* BEH io_read_line::read_line_fail */
/* BEH io_read_until::read_until_fail */
TEST(line_reader, an_error_keeps_the_part_that_has_come)
{
	struct scene s;
	const char *rest;
	size_t len;

	begin(&s, 64);
	give(&s, "half a ");
	CHECK_EQ(t_net_poll(&s.t, line_read(&s.lr, &s.r)), POLL_PENDING);
	t_sys_plan(&t_sys.recv, ECONNRESET, 1);
	give(&s, "line\n");
	t_net_wait(&s.t);
	CHECK_EQ(t_net_poll(&s.t, &s.lr.future), POLL_READY);
	CHECK_EQ(s.lr.err, -ECONNRESET);
	CHECK(!s.lr.line);
	rest = line_reader_rest(&s.r, &len);
	CHECK_EQ(len, 7);
	CHECK_EQ(memcmp(rest, "half a ", 7), 0);
	expect(&s, "half a line");
	end(&s);
}

TEST(line_reader, zero_bytes_are_bytes_like_others)
{
	struct scene s;

	begin(&s, 64);
	CHECK_EQ(tcp_try_write(&s.out, "a\0b\n", 4), 4);
	t_net_run(&s.t, line_read(&s.lr, &s.r));
	CHECK_EQ(s.lr.len, 3);
	CHECK_EQ(memcmp(s.lr.line, "a\0b", 3), 0);
	end(&s);
}

TEST(line_reader, every_way_to_cut_the_stream_gives_the_same_lines)
{
	static const char text[] = "one\r\nan overlong line\nx\n\nlast";
	struct scene s;

	for (size_t cut = 0; cut <= sizeof text - 1; cut++) {
		begin(&s, 8);
		CHECK(tcp_try_write(&s.out, text, cut) >= 0);
		line_read(&s.lr, &s.r);
		if (cut < 5)
			CHECK_EQ(t_net_poll(&s.t, &s.lr.future), POLL_PENDING);
		future_drop(&s.lr.future);
		CHECK(tcp_try_write(&s.out, text + cut, sizeof text - 1 - cut) >= 0);
		tcp_close(&s.out);
		expect(&s, "one");
		expect_error(&s, -EMSGSIZE);
		expect(&s, "x");
		expect(&s, "");
		expect(&s, "last");
		expect_error(&s, 0);
		end(&s);
	}
}

/* One byte arrives after each poll. */
static bool read_in_pieces(unsigned k)
{
	static const char text[] = "a line\n";
	struct scene s;
	unsigned i;
	bool done = false;

	begin(&s, 16);
	line_read(&s.lr, &s.r);
	for (i = 0; i < k && !done; i++) {
		done = t_net_poll(&s.t, &s.lr.future) == POLL_READY;
		if (!done)
			CHECK_EQ(tcp_try_write(&s.out, text + i, 1), 1);
		t_net_look(&s.t);
	}
	future_drop(&s.lr.future);
	if (!done) {
		give(&s, text + i);
		expect(&s, "a line");
	}
	end(&s);
	return done;
}

TEST(line_reader, a_dropped_read_loses_no_byte)
{
	t_cancel_at_every_poll(read_in_pieces);
}

TEST(line_reader, an_endless_line_uses_up_the_budget)
{
	static char flood[4096];
	struct scene s;
	unsigned budget = 4;

	memset(flood, 'x', sizeof flood);
	begin(&s, 16);
	CHECK_EQ(tcp_try_write(&s.out, flood, sizeof flood), sizeof flood);
	expect_error(&s, -EMSGSIZE);
	CHECK_EQ(t_poll_budget(line_read(&s.lr, &s.r), &s.t.w, &budget), POLL_PENDING);
	CHECK_EQ(budget, 0);
	CHECK(t_wakes(&s.t.w) > 0);
	future_drop(&s.lr.future);
	end(&s);
}
