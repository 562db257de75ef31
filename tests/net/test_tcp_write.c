/* Writing: in one piece and in many, against back-pressure, and dropped half-way. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "t_net.h"

/* Byte i of every long message here. */
static char byte_at(size_t i)
{
	return (char)(i * 31 + i / 251);
}

TEST(tcp_write, one_write_takes_what_the_kernel_takes)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_write wr;
	char buf[8];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_write(&wr, &a, "hello", 5)), POLL_READY);
	CHECK_EQ(wr.n, 5);
	t_sys.max_send = 2;
	CHECK_EQ(t_net_poll(&t, tcp_write(&wr, &a, "hello", 5)), POLL_READY);
	CHECK_EQ(wr.n, 2);
	CHECK_EQ(tcp_try_read(&b, buf, sizeof buf), 7);
	CHECK_EQ(memcmp(buf, "hellohe", 7), 0);
	CHECK_EQ(t_sys.epoll_ctl.n, 0);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(tcp_write, a_gone_peer_is_an_error_value_and_no_signal)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_write wr;
	struct tcp_write_all all;
	struct tcp_writev vec;
	struct tcp_writev_all vec_all;
	struct iovec iov[1] = { { "x", 1 } };

	t_net_begin(&t);
	t_net_pair(&a, &b);
	tcp_close(&b);
	CHECK_EQ(t_net_poll(&t, tcp_write(&wr, &a, "x", 1)), POLL_READY);
	CHECK_EQ(wr.n, -EPIPE);
	CHECK_EQ(t_net_poll(&t, tcp_write_all(&all, &a, "x", 1)), POLL_READY);
	CHECK_EQ(all.err, -EPIPE);
	CHECK_EQ(all.n, 0);
	CHECK_EQ(t_net_poll(&t, tcp_writev(&vec, &a, iov, 1)), POLL_READY);
	CHECK_EQ(vec.n, -EPIPE);
	CHECK_EQ(t_net_poll(&t, tcp_writev_all(&vec_all, &a, iov, 1)), POLL_READY);
	CHECK_EQ(vec_all.err, -EPIPE);
	CHECK_EQ(vec_all.n_iov, 1);
	tcp_close(&a);
	t_net_end(&t);
}

TEST(tcp_write, nothing_at_all_is_written_at_once)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_write_all all;
	struct tcp_writev_all vec_all;
	struct iovec empty[2] = { { 0 } };

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_write_all(&all, &a, "", 0)), POLL_READY);
	CHECK_EQ(all.err, 0);
	CHECK_EQ(t_net_poll(&t, tcp_writev_all(&vec_all, &a, empty, 2)), POLL_READY);
	CHECK_EQ(vec_all.err, 0);
	CHECK_EQ(t_sys.send.n + t_sys.sendmsg.n, 0);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* Moves `len` bytes from a to b while somebody reads b, and checks every one of them. */
static void move_and_check(struct t_net *t, struct future *writing, struct tcp_stream *b,
			   size_t len)
{
	static char got[65536];
	struct tcp_read rd;
	struct t_waker reader = t_waker();
	size_t n = 0;

	while (n < len) {
		if (future_is_live(writing))
			t_net_poll(t, writing);
		tcp_read(&rd, b, got, sizeof got);
		while (t_poll_in(&rd.future, &reader, &t->rt) == POLL_READY) {
			CHECK(rd.n > 0);
			for (ssize_t i = 0; i < rd.n; i++)
				CHECK(got[i] == byte_at(n + (size_t)i));
			n += (size_t)rd.n;
			tcp_read(&rd, b, got, sizeof got);
		}
		if (n < len && t_wakes(&t->w) == 0)
			CHECK_EQ(reactor_wait(&t->reactor, UINT64_MAX), 0);
		future_drop(&rd.future);
	}
	CHECK(future_is_over(writing));
	CHECK_EQ(t_held(&reader), 0);
}

TEST(tcp_write, a_megabyte_goes_through_against_back_pressure)
{
	enum { LEN = 1 << 20 };
	static char message[LEN];
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_write_all all;

	for (size_t i = 0; i < LEN; i++)
		message[i] = byte_at(i);
	t_net_begin(&t);
	t_net_pair(&a, &b);
	move_and_check(&t, tcp_write_all(&all, &a, message, LEN), &b, LEN);
	CHECK_EQ(all.err, 0);
	CHECK_EQ(all.n, LEN);
	tcp_close(&a);
	tcp_close(&b);
	t_net_tcp_pair(&t, &a, &b);
	move_and_check(&t, tcp_write_all(&all, &a, message, LEN), &b, LEN);
	CHECK_EQ(all.err, 0);
	CHECK(t_sys.epoll_ctl.n <= 5); /* once per source; with the listener that was */
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(tcp_write, a_megabyte_goes_through_in_writes_of_one_byte)
{
	enum { LEN = 1 << 20 };
	static char message[LEN];
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_write_all all;

	for (size_t i = 0; i < LEN; i++)
		message[i] = byte_at(i);
	t_net_begin(&t);
	t_net_tcp_pair(&t, &a, &b);
	t_sys.max_send = 1;
	t_sys_plan(&t_sys.send, EINTR, 1000);
	move_and_check(&t, tcp_write_all(&all, &a, message, LEN), &b, LEN);
	CHECK_EQ(all.err, 0);
	CHECK_EQ(all.n, LEN);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* --- Vectored --- */

TEST(tcp_write, many_pieces_leave_in_one_system_call)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_writev once;
	struct tcp_writev_all all;
	struct iovec iov[4] = { { "one ", 4 }, { NULL, 0 }, { "two ", 4 }, { "three", 5 } };
	char buf[64];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_writev(&once, &a, iov, 4)), POLL_READY);
	CHECK_EQ(once.n, 13);
	CHECK_EQ(t_net_poll(&t, tcp_writev_all(&all, &a, iov, 4)), POLL_READY);
	CHECK_EQ(all.err, 0);
	CHECK_EQ(all.n, 13);
	CHECK_EQ(all.n_iov, 0);
	CHECK_EQ(t_sys.sendmsg.n, 2);
	CHECK_EQ(tcp_try_read(&b, buf, sizeof buf), 26);
	CHECK_EQ(memcmp(buf, "one two threeone two three", 26), 0);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(tcp_write, more_pieces_than_the_kernel_takes_are_written_in_turns)
{
	enum { N = 3000 };
	static struct iovec iov[N];
	static char bytes[N], got[N + 1];
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_writev_all all;

	t_net_begin(&t);
	t_net_pair(&a, &b);
	for (size_t i = 0; i < N; i++) {
		bytes[i] = byte_at(i);
		iov[i] = (struct iovec){ &bytes[i], 1 };
	}
	t_net_run(&t, tcp_writev_all(&all, &a, iov, N));
	CHECK_EQ(all.err, 0);
	CHECK_EQ(t_sys.sendmsg.n, 3);
	CHECK_EQ(tcp_try_read(&b, got, sizeof got), N);
	CHECK_EQ(memcmp(got, bytes, N), 0);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(tcp_write, pieces_are_cut_where_the_kernel_stopped)
{
	enum { N = 64, PIECE = 4096 };
	static char bytes[N * PIECE];
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_writev_all all;
	struct iovec iov[N];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = byte_at(i);
	for (size_t max = 0; max < 10000; max += 997) {
		t_net_begin(&t);
		t_net_tcp_pair(&t, &a, &b);
		for (size_t i = 0; i < N; i++)
			iov[i] = (struct iovec){ bytes + i * PIECE, PIECE };
		t_sys.max_send = max;
		move_and_check(&t, tcp_writev_all(&all, &a, iov, N), &b, sizeof bytes);
		CHECK_EQ(all.err, 0);
		CHECK_EQ(all.n, sizeof bytes);
		tcp_close(&a);
		tcp_close(&b);
		t_net_end(&t);
	}
}

/* --- Dropped --- */

enum { LONG_LEN = 1 << 20, N_PIECES = 16 };
static char long_message[LONG_LEN];

static void drop_a_write(struct t_net *t, struct tcp_stream *a, struct tcp_stream *b, unsigned k,
			 bool *done)
{
	struct tcp_write_all all;

	tcp_write_all(&all, a, long_message, LONG_LEN);
	for (unsigned i = 0; i < k && !*done; i++) {
		*done = t_net_poll(t, &all.future) == POLL_READY;
		/* Drains but does not look: from some k on, the drop comes after a wake. */
		if (i % 2)
			t_net_look(t);
		CHECK(all.n <= LONG_LEN);
		if (!*done && i % 2)
			CHECK(reactor_n_waiting(&t->reactor) <= 1);
	}
	future_drop(&all.future);
	CHECK_EQ(t_net_drain(b), all.n);
	/* The rest, from where it stopped. */
	t_sys.max_send = 0;
	move_and_check(t, tcp_write_all(&all, a, long_message, 4096), b, 4096);
}

static bool write_long(unsigned k)
{
	struct t_net t;
	struct tcp_stream a, b;
	bool done = false;

	for (size_t i = 0; i < LONG_LEN; i++)
		long_message[i] = byte_at(i);
	t_net_begin(&t);
	t_net_pair(&a, &b);
	drop_a_write(&t, &a, &b, k, &done);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
	return done || k >= 6;
}

TEST(tcp_write, a_dropped_write_knows_how_many_bytes_have_left)
{
	t_cancel_at_every_poll(write_long);
}

/* Dropped every time it has to wait, and taken up again with what it says remains. */
TEST(tcp_write, a_vectored_write_that_is_dropped_again_and_again_loses_nothing)
{
	static char got[65536];
	struct t_net t;
	struct tcp_stream a, b;
	struct iovec iov[N_PIECES];
	struct tcp_writev_all all;
	size_t sent = 0, n = 0;
	ssize_t r;

	for (size_t i = 0; i < LONG_LEN; i++)
		long_message[i] = byte_at(i);
	for (size_t i = 0; i < N_PIECES; i++)
		iov[i] = (struct iovec){ long_message + i * (LONG_LEN / N_PIECES),
					 LONG_LEN / N_PIECES };
	t_net_begin(&t);
	t_net_pair(&a, &b);
	tcp_writev_all(&all, &a, iov, N_PIECES);
	while (t_net_poll(&t, &all.future) == POLL_PENDING) {
		future_drop(&all.future);
		CHECK_EQ(t_held(&t.w), 0);
		sent += all.n;
		while ((r = sys_real.recv(b.source.fd, got, sizeof got, MSG_DONTWAIT)) > 0)
			for (ssize_t i = 0; i < r; i++)
				CHECK(got[i] == byte_at(n++));
		CHECK_EQ(n, sent);
		CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
		tcp_writev_all(&all, &a, all.iov, all.n_iov);
	}
	CHECK_EQ(all.err, 0);
	sent += all.n;
	n += t_net_drain(&b);
	CHECK_EQ(sent, LONG_LEN);
	CHECK_EQ(n, LONG_LEN);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(tcp_write, one_write_dropped_while_it_waits_leaves_nothing_behind)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_write wr;
	struct tcp_writev vec;
	struct iovec iov[1] = { { "x", 1 } };

	t_net_begin(&t);
	t_net_pair(&a, &b);
	t_net_fill(&a);
	CHECK_EQ(t_net_poll(&t, tcp_write(&wr, &a, "x", 1)), POLL_PENDING);
	future_drop(&wr.future);
	CHECK_EQ(t_held(&t.w), 0);
	CHECK_EQ(t_net_poll(&t, tcp_writev(&vec, &a, iov, 1)), POLL_PENDING);
	future_drop(&vec.future);
	CHECK_EQ(t_held(&t.w), 0);
	CHECK_EQ(reactor_n_waiting(&t.reactor), 0);
	t_net_drain(&b);
	t_net_look(&t);
	CHECK_EQ(t_net_drain(&b), 0);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(tcp_write, every_system_call_takes_a_unit_of_budget)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_write_all all;
	unsigned budget = 3;

	t_net_begin(&t);
	t_net_pair(&a, &b);
	t_sys.max_send = 1;
	CHECK_EQ(t_poll_budget(tcp_write_all(&all, &a, "hello", 5), &t.w, &budget), POLL_PENDING);
	CHECK_EQ(all.n, 3);
	CHECK_EQ(t_wakes(&t.w), 1);
	budget = 128;
	CHECK_EQ(t_poll_budget(&all.future, &t.w, &budget), POLL_READY);
	CHECK_EQ(budget, 126);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}
