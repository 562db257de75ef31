/* Sources: who may wait, and what is left behind when they close, move, or change hands. */
#define _GNU_SOURCE 1 /* socketpair, mkstemp */
#include "t_net.h"

#include <stdlib.h>

TEST(source, a_zeroed_one_is_closed_and_closing_it_leaves_descriptor_0_alone)
{
	struct tcp_stream s = { 0 };
	int before = t_net_n_fds();
	char buf[1];

	CHECK(!tcp_is_open(&s));
	tcp_close(&s);
	tcp_close(&s);
	CHECK_EQ(t_net_n_fds(), before);
	CHECK_EQ(source_release(&s.source), -EBADF);
	CHECK_EQ(tcp_try_read(&s, buf, 1), -EBADF);
	CHECK_EQ(tcp_try_write(&s, buf, 1), -EBADF);
	CHECK_EQ(tcp_shutdown_write(&s), -EBADF);
	CHECK_EQ(tcp_nodelay(&s, true), -EBADF);
}

TEST(source, closing_wakes_whoever_waits_with_an_error)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	struct tcp_write wr;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	t_net_fill(&a);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
	CHECK_EQ(t_net_poll(&t, tcp_write(&wr, &a, "x", 1)), POLL_PENDING);
	CHECK_EQ(reactor_n_waiting(&t.reactor), 2);
	CHECK_EQ(reactor_n_sources(&t.reactor), 1);
	tcp_close(&a);
	CHECK_EQ(t_wakes(&t.w), 2);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, -EBADF);
	CHECK_EQ(t_net_poll(&t, &wr.future), POLL_READY);
	CHECK_EQ(wr.n, -EBADF);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(source, who_must_be_sure_can_have_the_kernel_asked_again)
{
	struct t_net t;
	struct tcp_stream a, b;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(tcp_try_read(&a, buf, 1), -EAGAIN);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	CHECK_EQ(tcp_try_read(&a, buf, 1), -EAGAIN); /* not heard of yet */
	source_try_again(&a.source, SOURCE_READER);
	CHECK_EQ(tcp_try_read(&a, buf, 1), 1);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

static void close_it(void *arg)
{
	tcp_close(arg);
}

TEST(source, a_waker_may_close_its_own_source)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	t.w.on_wake = close_it;
	t.w.arg = &a;
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, -EBADF);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH io_async_fd_memory_leak::memory_leak_when_fd_closed_before_drop */
TEST(source, a_descriptor_that_was_closed_behind_its_back_is_harmless)
{
	struct t_net t;
	struct tcp_stream a, b, c, d;
	struct tcp_read rd;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
	close(a.source.fd);
	future_drop(&rd.future);
	tcp_close(&a);
	tcp_close(&b);
	CHECK_EQ(reactor_n_sources(&t.reactor), 0);
	/* The same numbers are given out again, and can be registered. */
	t_net_pair(&c, &d);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &c, buf, 1)), POLL_PENDING);
	future_drop(&rd.future);
	tcp_close(&c);
	tcp_close(&d);
	t_net_end(&t);
}

/* BEH io_async_fd::drop_closes */
/* BEH io_async_fd::reregister */
TEST(source, a_released_descriptor_stays_open_and_can_be_registered_again)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[1];
	int fd;

	t_net_begin(&t);
	t_net_pair(&a, &b);
	for (int round = 0; round < 3; round++) {
		CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
		future_drop(&rd.future);
		fd = source_release(&a.source);
		CHECK(fd >= 0 && !tcp_is_open(&a));
		CHECK_EQ(reactor_n_sources(&t.reactor), 0);
		tcp_open(&a, fd);
	}
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, 1);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH io_async_fd::try_new */
TEST(source, a_descriptor_that_cannot_be_registered_fails_and_stays_ours)
{
	struct t_net t;
	struct source s;
	char name[] = "/tmp/weft-test-XXXXXX";
	struct t_waker w = t_waker();
	struct waker waker = t_waker_ref(&w);
	struct context cx = context_of(&waker);
	struct future owner = { 0 };

	t_net_begin(&t);
	source_open(&s, mkstemp(name));
	cx.rt = &t.rt;
	CHECK_EQ(source_wait(&s, SOURCE_READER, &owner, &cx), -EPERM);
	CHECK(s.is_open && !s.reactor);
	source_close(&s);
	unlink(name);
	t_net_end(&t);
}

TEST(source, moving_a_registered_one_keeps_it_registered)
{
	struct t_net t;
	struct tcp_stream a, b, moved;
	struct tcp_read rd;
	char buf[4];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, sizeof buf)), POLL_PENDING);
	future_drop(&rd.future);
	tcp_move(&moved, &a);
	CHECK(!tcp_is_open(&a));
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &moved, buf, sizeof buf)), POLL_PENDING);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, 1);
	CHECK_EQ(t_sys.epoll_ctl.n, 1);
	tcp_close(&moved);
	tcp_close(&b);
	t_net_end(&t);
}

TEST_BUG(source, one_that_was_moved_by_assignment_is_a_bug)
{
	struct t_net t;
	struct tcp_stream a, b, moved;
	struct tcp_read rd;
	char buf[4];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, sizeof buf)), POLL_PENDING);
	future_drop(&rd.future);
	moved = a;
	t_net_poll(&t, tcp_read(&rd, &moved, buf, sizeof buf));
}

TEST_BUG(source, two_readers_at_the_same_time_are_a_bug)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read one, two;
	char buf[2];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_read(&one, &a, buf, 1)), POLL_PENDING);
	t_net_poll(&t, tcp_read(&two, &a, buf + 1, 1));
}

TEST(source, the_waker_is_refreshed_at_every_poll)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	struct t_waker late = t_waker();
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	tcp_read(&rd, &a, buf, 1);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_PENDING);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_PENDING);
	CHECK_EQ(t.w.clones, 1); /* the same task: not cloned again */
	CHECK_EQ(t_poll_in(&rd.future, &late, &t.rt), POLL_PENDING);
	CHECK_EQ(t_held(&t.w), 0);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	CHECK_EQ(t_net_look(&t), 0);
	CHECK_EQ(t_wakes(&late), 1);
	CHECK_EQ(t_held(&late), 0);
	future_drop(&rd.future);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* BEH io_driver::panics_when_io_disabled */
/* BEH signal_no_rt::no_runtime_panics_creating_signals */
TEST(source, without_a_reactor_waiting_is_not_supported)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	struct runtime bare = { 0 };
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	CHECK_EQ(t_poll(tcp_read(&rd, &a, buf, 1), &t.w), POLL_READY);
	CHECK_EQ(rd.n, -ENOTSUP);
	CHECK_EQ(t_poll_in(tcp_read(&rd, &a, buf, 1), &t.w, &bare), POLL_READY);
	CHECK_EQ(rd.n, -ENOTSUP);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(source, waiting_under_a_second_runtime_is_refused)
{
	struct t_net t, other;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[1];

	t_net_begin(&t);
	t_net_begin(&other);
	t_net_pair(&a, &b);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
	future_drop(&rd.future);
	CHECK_EQ(t_net_poll(&other, tcp_read(&rd, &a, buf, 1)), POLL_READY);
	CHECK_EQ(rd.n, -EINVAL);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&other);
	t_net_end(&t);
}
