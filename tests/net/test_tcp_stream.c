/* Streams as a whole: both directions at once, half-close, and the calls that do not wait. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "t_net.h"

/* BEH tcp_stream::try_read_write */
/* BEH tcp_stream::try_read_buf */
TEST(tcp_stream, trying_says_when_it_would_wait_and_makes_no_call_to_learn_it_twice)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	struct iovec iov[2] = { { "ab", 2 }, { "cd", 2 } };
	char buf[8];
	unsigned n;

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	CHECK_EQ(tcp_try_read(&server, buf, sizeof buf), -EAGAIN);
	n = t_sys.recv.n;
	CHECK_EQ(tcp_try_read(&server, buf, sizeof buf), -EAGAIN);
	CHECK_EQ(t_sys.recv.n, n);
	CHECK_EQ(tcp_try_writev(&client, iov, 2), 4);
	t_net_run(&t, tcp_read(&rd, &server, buf, sizeof buf));
	CHECK_EQ(rd.n, 4);
	CHECK_EQ(memcmp(buf, "abcd", 4), 0);
	t_net_fill(&client);
	n = t_sys.sendmsg.n;
	CHECK_EQ(tcp_try_writev(&client, iov, 2), -EAGAIN);
	CHECK_EQ(t_sys.sendmsg.n, n);
	while (!source_may(&client.source, SOURCE_WRITER)) {
		t_net_drain(&server);
		CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
	}
	CHECK_EQ(tcp_try_writev(&client, iov, 2), 4);
	tcp_close(&client);
	while (t_net_drain(&server) > 0)
		;
	t_net_run(&t, tcp_read(&rd, &server, buf, sizeof buf));
	CHECK_EQ(rd.n, 0);
	tcp_close(&server);
	t_net_end(&t);
}

/* BEH tcp_split::split */
/* BEH tcp_into_split::split */
TEST(tcp_stream, one_future_may_read_while_another_one_writes)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	struct tcp_write_all wr;
	struct t_waker reader = t_waker();
	static char big[1 << 20];
	char buf[8];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_poll_in(tcp_read(&rd, &a, buf, sizeof buf), &reader, &t.rt), POLL_PENDING);
	CHECK_EQ(t_net_poll(&t, tcp_write_all(&wr, &a, big, sizeof big)), POLL_PENDING);
	CHECK_EQ(reactor_n_waiting(&t.reactor), 2);
	CHECK_EQ(tcp_try_write(&b, "reply", 5), 5);
	CHECK_EQ(t_net_look(&t), 0); /* the writer has not been disturbed */
	CHECK_EQ(t_wakes(&reader), 1);
	CHECK_EQ(t_poll_in(&rd.future, &reader, &t.rt), POLL_READY);
	CHECK_EQ(rd.n, 5);
	t_net_drain(&b);
	t_net_wait(&t);
	CHECK_EQ(t_wakes(&reader), 0);
	future_drop(&wr.future);
	CHECK_EQ(t_sys.epoll_ctl.n, 1);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH tcp_into_split::drop_write */
/* BEH tcp_shutdown::shutdown_multiple_calls */
TEST(tcp_stream, a_half_closed_one_still_reads)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	struct tcp_write wr;
	char buf[8];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	CHECK_EQ(tcp_try_write(&client, "question", 8), 8);
	CHECK_EQ(tcp_shutdown_write(&client), 0);
	CHECK_EQ(tcp_shutdown_write(&client), 0);
	t_net_run(&t, tcp_write(&wr, &client, "x", 1));
	CHECK_EQ(wr.n, -EPIPE);
	t_net_run(&t, tcp_read(&rd, &server, buf, sizeof buf));
	CHECK_EQ(rd.n, 8);
	t_net_run(&t, tcp_read(&rd, &server, buf, sizeof buf));
	CHECK_EQ(rd.n, 0);
	t_net_run(&t, tcp_write(&wr, &server, "answer", 6));
	CHECK_EQ(wr.n, 6);
	tcp_close(&server);
	t_net_run(&t, tcp_read(&rd, &client, buf, sizeof buf));
	CHECK_EQ(rd.n, 6);
	t_net_run(&t, tcp_read(&rd, &client, buf, sizeof buf));
	CHECK_EQ(rd.n, 0);
	CHECK_EQ(tcp_shutdown_write(&client), 0);
	tcp_close(&client);
	t_net_end(&t);
}

TEST(tcp_stream, options_can_be_set)
{
	struct t_net t;
	struct tcp_stream client, server;

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	CHECK_EQ(tcp_nodelay(&client, true), 0);
	CHECK_EQ(tcp_nodelay(&client, false), 0);
	tcp_close(&client);
	tcp_close(&server);
	t_net_end(&t);
}

/* What is read by one future and written by the next, over one registration per stream. */
TEST(tcp_stream, a_stream_is_registered_once_in_its_life)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	char buf[8];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	t_sys.epoll_ctl.n = 0;
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &server, buf, sizeof buf)), POLL_PENDING);
		if (i % 2)
			future_drop(&rd.future);
		CHECK_EQ(tcp_try_write(&client, "x", 1), 1);
		if (i % 2 == 0)
			t_net_wait(&t);
		else
			tcp_read(&rd, &server, buf, sizeof buf);
		t_net_run(&t, &rd.future);
		CHECK_EQ(rd.n, 1);
	}
	CHECK_EQ(t_sys.epoll_ctl.n, 1);
	tcp_close(&client);
	tcp_close(&server);
	CHECK_EQ(t_sys.epoll_ctl.n, 1);
	t_net_end(&t);
}
