/* Reading: one system call where one is enough, the end of file, resets, and dropped reads. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "t_net.h"

#include <netinet/tcp.h>
#include <stdio.h>

TEST(tcp_read, what_is_there_is_read_at_once_without_any_registration)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[8];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(tcp_try_write(&b, "hello", 5), 5);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, sizeof buf)), POLL_READY);
	CHECK_EQ(rd.n, 5);
	CHECK_EQ(memcmp(buf, "hello", 5), 0);
	CHECK_EQ(t_sys.epoll_ctl.n, 0);
	CHECK_EQ(t_sys.recv.n, 1);
	CHECK_EQ(tcp_try_read(&a, buf, 0), -EINVAL);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH tcp_echo::echo_server */
TEST(tcp_read, an_echo_costs_one_recv_and_one_send_per_request_and_one_registration)
{
	enum { ROUNDS = 1024 };
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	struct tcp_write_all wr;
	char buf[64], reply[64], request[16];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &server, buf, sizeof buf)), POLL_PENDING);
	t_net_look(&t);
	t_sys = (struct t_net_sys){ 0 };
	for (int i = 0; i < ROUNDS; i++) {
		int len = snprintf(request, sizeof request, "request %d", i);

		CHECK_EQ(sys_real.send(client.source.fd, request, (size_t)len, 0), len);
		t_net_wait(&t);
		CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
		CHECK_EQ(t_net_poll(&t, tcp_write_all(&wr, &server, buf, (size_t)rd.n)),
			 POLL_READY);
		CHECK_EQ(sys_real.recv(client.source.fd, reply, sizeof reply, 0), len);
		CHECK_EQ(memcmp(reply, request, (size_t)len), 0);
		CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &server, buf, sizeof buf)), POLL_PENDING);
	}
	CHECK_EQ(t_sys.recv.n, ROUNDS);
	CHECK_EQ(t_sys.recv.n_again, 0);
	CHECK_EQ(t_sys.send.n, ROUNDS);
	CHECK_EQ(t_sys.epoll_ctl.n, 0);
	future_drop(&rd.future);
	tcp_close(&client);
	tcp_close(&server);
	t_net_end(&t);
}

TEST(tcp_read, a_short_read_of_a_fresh_stream_is_followed_by_a_registration_and_no_probe)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	char buf[8];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	CHECK_EQ(tcp_try_write(&client, "one", 3), 3);
	t_sys = (struct t_net_sys){ 0 };
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &server, buf, sizeof buf)), POLL_READY);
	CHECK_EQ(rd.n, 3);
	/* This arrives between the two reads: registering must find it. */
	CHECK_EQ(tcp_try_write(&client, "two", 3), 3);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &server, buf, sizeof buf)), POLL_PENDING);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, 3);
	CHECK_EQ(t_sys.recv.n, 2);
	CHECK_EQ(t_sys.epoll_ctl.n, 1);
	tcp_close(&client);
	tcp_close(&server);
	t_net_end(&t);
}

/* The peer's last words and its end of file come together, before or after the registration. */
static void last_words(bool registered_before)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	char buf[8];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	tcp_read(&rd, &server, buf, sizeof buf);
	if (registered_before)
		CHECK_EQ(t_net_poll(&t, &rd.future), POLL_PENDING);
	t_net_look(&t);
	CHECK_EQ(tcp_try_write(&client, "bye", 3), 3);
	tcp_close(&client);
	t_net_run(&t, &rd.future);
	CHECK_EQ(rd.n, 3);
	for (int i = 0; i < 3; i++) {
		t_net_run(&t, tcp_read(&rd, &server, buf, sizeof buf));
		CHECK_EQ(rd.n, 0);
	}
	tcp_close(&server);
	t_net_end(&t);
}

TEST(tcp_read, the_end_of_file_behind_a_short_read_is_not_lost)
{
	last_words(false);
	last_words(true);
}

TEST(tcp_read, the_end_of_file_that_comes_while_nobody_waits_is_not_lost)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	char buf[8];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &server, buf, sizeof buf)), POLL_PENDING);
	CHECK_EQ(tcp_try_write(&client, "x", 1), 1);
	t_net_wait(&t);
	tcp_close(&client); /* its event is still to come when the byte is read */
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, 1);
	t_net_run(&t, tcp_read(&rd, &server, buf, sizeof buf));
	CHECK_EQ(rd.n, 0);
	tcp_close(&server);
	t_net_end(&t);
}

/* BEH io_async_fd::priority_event_on_oob_data */
/* A read stops in front of an urgent byte, so being short proves nothing. Telnet sends these. */
TEST(tcp_read, bytes_behind_tcps_urgent_mark_are_not_forgotten)
{
	for (int registered_before = 0; registered_before < 2; registered_before++) {
		struct t_net t;
		struct tcp_stream client, server;
		struct tcp_read rd;
		char buf[64], got[64];
		size_t n = 0;

		t_net_begin(&t);
		t_net_tcp_pair(&t, &client, &server);
		tcp_read(&rd, &server, buf, sizeof buf);
		if (registered_before)
			CHECK_EQ(t_net_poll(&t, &rd.future), POLL_PENDING);
		CHECK_EQ(send(client.source.fd, "before", 6, 0), 6);
		CHECK_EQ(send(client.source.fd, "!", 1, MSG_OOB), 1);
		CHECK_EQ(send(client.source.fd, "after", 5, 0), 5);
		while (n < 11) {
			t_net_run(&t, &rd.future);
			CHECK(rd.n > 0);
			memcpy(got + n, buf, (size_t)rd.n);
			n += (size_t)rd.n;
			tcp_read(&rd, &server, buf, sizeof buf);
		}
		CHECK_EQ(n, 11);
		CHECK_EQ(memcmp(got, "beforeafter", 11), 0);
		tcp_close(&client);
		tcp_close(&server);
		t_net_end(&t);
	}
}

/* Closes so that the peer is sent a reset. */
static void slam(struct tcp_stream *s)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	CHECK_EQ(setsockopt(s->source.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	tcp_close(s);
}

/* BEH tcp_connect::poll_hup */
/* BEH tcp_shutdown::shutdown_after_tcp_reset */
TEST(tcp_read, a_reset_wakes_the_reader_with_an_error_and_shutdown_is_still_allowed)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	struct tcp_write wr;
	char buf[8];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &server, buf, sizeof buf)), POLL_PENDING);
	slam(&client);
	t_net_wait(&t);
	CHECK(server.source.ready & SOURCE_WRITE_CLOSED);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, -ECONNRESET);
	CHECK_EQ(t_net_poll(&t, tcp_write(&wr, &server, "x", 1)), POLL_READY);
	CHECK_EQ(wr.n, -EPIPE); /* and no SIGPIPE */
	CHECK_EQ(tcp_shutdown_write(&server), 0);
	tcp_close(&server);
	t_net_end(&t);
}

TEST(tcp_read, interruptions_are_repeated_and_errors_reported)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[8];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	t_sys_plan(&t_sys.recv, EINTR, 5);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_READY);
	CHECK_EQ(rd.n, 1);
	CHECK_EQ(t_sys.recv.n, 6);
	t_sys_plan(&t_sys.recv, ECONNRESET, 1);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_READY);
	CHECK_EQ(rd.n, -ECONNRESET);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

static bool read_one(unsigned k)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[8] = "";
	bool done = false;

	t_net_begin(&t);
	t_net_pair(&a, &b);
	tcp_read(&rd, &a, buf, sizeof buf);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_net_poll(&t, &rd.future) == POLL_READY;
		if (i == 2)
			CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
		t_net_look(&t);
	}
	future_drop(&rd.future);
	if (k <= 2)
		CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	if (!done)
		t_net_run(&t, tcp_read(&rd, &a, buf, sizeof buf));
	CHECK_EQ(rd.n, 1);
	CHECK_STR(buf, "x");
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
	return done;
}

TEST(tcp_read, a_dropped_read_takes_no_byte_with_it)
{
	t_cancel_at_every_poll(read_one);
}

TEST(tcp_read, a_read_takes_a_unit_of_budget_and_waits_without_one)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	unsigned budget = 1;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(tcp_try_write(&b, "xy", 2), 2);
	CHECK_EQ(t_poll_budget(tcp_read(&rd, &a, buf, 1), &t.w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	CHECK_EQ(t_poll_budget(tcp_read(&rd, &a, buf, 1), &t.w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&t.w), 1);
	CHECK_EQ(t_sys.recv.n, 1);
	future_drop(&rd.future);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH net_quickack::socket_works_with_quickack */
TEST(tcp_read, edges_still_come_with_quick_acknowledgements)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct tcp_read rd;
	const int on = 1;
	char buf[8];

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(setsockopt(server.source.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on),
			 0);
		CHECK_EQ(tcp_try_write(&client, "x", 1), 1);
		t_net_run(&t, tcp_read(&rd, &server, buf, sizeof buf));
		CHECK_EQ(rd.n, 1);
	}
	tcp_close(&client);
	tcp_close(&server);
	t_net_end(&t);
}
