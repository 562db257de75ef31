/* Readiness as a future: for descriptors whose system calls are somebody else's. */
#define _GNU_SOURCE 1 /* SOCK_NONBLOCK */
#include "reactor/readiness.h"
#include "t_net.h"

/* BEH io_async_fd::initially_writable */
/* BEH io_async_fd::reset_readable */
/* BEH io_async_fd::guard_try_io */
TEST(readiness, it_stays_until_the_caller_was_refused_and_new_data_brings_it_back)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct readiness r;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, readiness(&r, &a.source, SOURCE_WRITER)), POLL_READY);
	source_blocked(&a.source, SOURCE_READER);
	CHECK_EQ(t_net_poll(&t, readiness(&r, &a.source, SOURCE_READER)), POLL_PENDING);
	CHECK_EQ(t_net_look(&t), 0);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &r.future), POLL_READY);
	CHECK(r.ready & SOURCE_READABLE);
	CHECK_EQ(sys_real.recv(a.source.fd, buf, 1, 0), 1);
	/* Nobody told the source yet. */
	CHECK_EQ(t_net_poll(&t, readiness(&r, &a.source, SOURCE_READER)), POLL_READY);
	source_blocked(&a.source, SOURCE_READER);
	CHECK_EQ(t_net_poll(&t, readiness(&r, &a.source, SOURCE_READER)), POLL_PENDING);
	CHECK_EQ(t_net_look(&t), 0);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &r.future), POLL_READY);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH io_async_fd::reset_writable */
/* BEH tcp_stream::poll_write_ready */
TEST(readiness, a_full_buffer_ends_writability_and_draining_brings_it_back)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct readiness r;

	t_net_begin(&t);
	t_net_pair(&a, &b);
	t_net_fill(&a);
	CHECK_EQ(t_net_poll(&t, readiness(&r, &a.source, SOURCE_WRITER)), POLL_PENDING);
	CHECK_EQ(t_net_look(&t), 0);
	t_net_drain(&b);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &r.future), POLL_READY);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH io_async_fd::poll_fns */
/* BEH io_async_fd::clear_ready_matching_clears_ready */
/* BEH io_async_fd::clear_ready_matching_clears_ready_mut */
/* BEH io_async_fd::try_io_readable */
/* BEH io_async_fd::try_io_writable */
TEST(readiness, the_two_sides_are_separate)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct readiness reading, writing;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(tcp_try_read(&a, buf, 1), -EAGAIN);
	CHECK(!source_may(&a.source, SOURCE_READER));
	CHECK(source_may(&a.source, SOURCE_WRITER));
	CHECK_EQ(tcp_try_read(&a, buf, 1), -EAGAIN);
	CHECK_EQ(t_sys.recv.n, 1); /* known: not asked again */
	t_net_fill(&a);
	CHECK_EQ(t_net_poll(&t, readiness(&reading, &a.source, SOURCE_READER)), POLL_PENDING);
	CHECK_EQ(t_net_poll(&t, readiness(&writing, &a.source, SOURCE_WRITER)), POLL_PENDING);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	CHECK_EQ(t_net_look(&t), 1);
	CHECK_EQ(t_net_poll(&t, &writing.future), POLL_PENDING);
	CHECK_EQ(t_net_poll(&t, &reading.future), POLL_READY);
	future_drop(&writing.future);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH tcp_stream::poll_read_ready */
/* BEH tcp_stream::write_closed */
TEST(readiness, a_disconnect_is_seen_from_both_sides)
{
	struct t_net t;
	struct tcp_stream client, server;
	struct readiness r;

	t_net_begin(&t);
	t_net_tcp_pair(&t, &client, &server);
	source_blocked(&server.source, SOURCE_READER);
	CHECK_EQ(t_net_poll(&t, readiness(&r, &server.source, SOURCE_READER)), POLL_PENDING);
	CHECK_EQ(tcp_shutdown_write(&client), 0);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &r.future), POLL_READY);
	CHECK(r.ready & SOURCE_READ_CLOSED);
	CHECK(!(r.ready & SOURCE_WRITE_CLOSED));
	CHECK_EQ(tcp_shutdown_write(&server), 0);
	while (!(server.source.ready & SOURCE_WRITE_CLOSED))
		CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
	tcp_close(&client);
	tcp_close(&server);
	t_net_end(&t);
}

/* BEH io_async_fd::await_error_readiness_invalid_address */
TEST(readiness, an_error_that_comes_by_itself_is_announced)
{
	struct t_net t;
	struct tcp_listener gone;
	struct source s;
	struct address a;
	struct readiness r;
	char text[ADDRESS_TEXT_LEN], buf[1];
	int fd;

	t_net_begin(&t);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* A port on which nobody receives datagrams: the machine itself says so, by ICMP. */
	CHECK_EQ(tcp_listen(&gone, "127.0.0.1:0", 1), 0);
	CHECK_EQ(tcp_listener_address(&gone, text), 0);
	CHECK_EQ(address_parse(&a, text), 0);
	CHECK_EQ(connect(fd, &a.any, a.len), 0);
	source_open(&s, fd);
	source_blocked(&s, SOURCE_READER);
	CHECK_EQ(t_net_poll(&t, readiness(&r, &s, SOURCE_READER)), POLL_PENDING);
	CHECK_EQ(send(s.fd, "x", 1, 0), 1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &r.future), POLL_READY);
	CHECK(r.ready & SOURCE_ERROR);
	CHECK_EQ(recv(s.fd, buf, 1, 0), -1);
	CHECK_EQ(errno, ECONNREFUSED);
	tcp_listener_close(&gone);
	source_close(&s);
	t_net_end(&t);
}

static bool wait_for_a_byte(unsigned k)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct readiness r;
	bool done = false;

	t_net_begin(&t);
	t_net_pair(&a, &b);
	source_blocked(&a.source, SOURCE_READER);
	readiness(&r, &a.source, SOURCE_READER);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_net_poll(&t, &r.future) == POLL_READY;
		if (i == 1)
			CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
		t_net_look(&t);
	}
	future_drop(&r.future);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
	return done;
}

TEST(readiness, it_can_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(wait_for_a_byte);
}
