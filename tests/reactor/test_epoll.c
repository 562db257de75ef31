/* The reactor itself: waiting, waking from outside, batches, and what happens when it ends. */
#define _GNU_SOURCE 1 /* socketpair, sigaction */
#include "t_net.h"

#include <pthread.h>

TEST(reactor, init_gives_back_everything_when_a_step_fails)
{
	struct t_net t;
	struct reactor r;
	struct t_calls *steps[] = { &t_sys.epoll_create1, &t_sys.eventfd, &t_sys.epoll_ctl };

	t_net_begin(&t);
	for (unsigned i = 0; i < 3; i++) {
		int before = t_net_n_fds();

		t_sys_plan(steps[i], EMFILE, 1);
		CHECK_EQ(reactor_init(&r), -EMFILE);
		CHECK_EQ(t_net_n_fds(), before);
	}
	t_net_end(&t);
}

TEST(reactor, looking_returns_at_once_and_an_interrupted_wait_is_no_error)
{
	struct t_net t;

	t_net_begin(&t);
	CHECK_EQ(reactor_wait(&t.reactor, 0), 0);
	CHECK_EQ(reactor_wait(&t.reactor, 1000), 0);
	t_sys_plan(&t_sys.epoll_wait, EINTR, 1);
	CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
	t_sys_plan(&t_sys.epoll_wait, EBADF, 1);
	CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), -EBADF);
	t_net_end(&t);
}

static int asked_ms;

static int note_ms(int ep, struct epoll_event *events, int max, int timeout_ms)
{
	asked_ms = timeout_ms;
	return sys_real.epoll_wait(ep, events, max, 0);
}

TEST(reactor, an_old_kernel_gets_milliseconds_rounded_up)
{
	struct t_net t;
	struct sys_ops old;

	t_net_begin(&t);
	old = *sys_ops;
	old.epoll_wait = note_ms;
	sys_ops = &old;
	t_sys_plan(&t_sys.epoll_wait, ENOSYS, 1);
	CHECK_EQ(reactor_wait(&t.reactor, 1), 0);
	CHECK_EQ(asked_ms, 1);
	CHECK_EQ(reactor_wait(&t.reactor, 1000000), 0);
	CHECK_EQ(asked_ms, 1);
	CHECK_EQ(reactor_wait(&t.reactor, 1000001), 0);
	CHECK_EQ(asked_ms, 2);
	CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
	CHECK_EQ(asked_ms, -1);
	CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX - 1), 0);
	CHECK_EQ(asked_ms, 2147483647);
	CHECK_EQ(t_sys.epoll_wait.n, 1); /* it was asked once */
	t_net_end(&t);
}

TEST(reactor, unpark_before_the_wait_ends_the_wait)
{
	struct t_net t;

	t_net_begin(&t);
	for (int i = 0; i < 3; i++) {
		reactor_unpark(&t.reactor);
		reactor_unpark(&t.reactor);
		CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
	}
	t_net_end(&t);
}

struct unparker {
	struct reactor *reactor;
	atomic_int n_seen;
};

/* Unparks for each round, and waits until the other side has seen it. */
static void *unpark_many(void *arg)
{
	struct unparker *u = arg;

	for (int i = 1; i <= 200; i++) {
		reactor_unpark(u->reactor);
		while (atomic_load(&u->n_seen) < i)
			sched_yield();
	}
	return NULL;
}

TEST(reactor_threads, unpark_ends_the_wait_of_another_thread_each_time)
{
	struct t_net t;
	struct unparker u;
	pthread_t thread;

	t_net_begin(&t);
	u = (struct unparker){ .reactor = &t.reactor };
	CHECK_EQ(pthread_create(&thread, NULL, unpark_many, &u), 0);
	for (int i = 1; i <= 200; i++) {
		CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
		atomic_store(&u.n_seen, i);
	}
	pthread_join(thread, NULL);
	t_net_end(&t);
}

/* --- Two sources in one batch --- */

struct couple {
	struct tcp_stream *other;
	struct tcp_read *other_read;
};

static void close_the_other(void *arg)
{
	struct couple *c = arg;

	if (c->other_read)
		future_drop(&c->other_read->future);
	tcp_close(c->other);
}

/* BEH io_driver::test_drop_on_notify */
TEST(reactor, a_waker_may_close_another_source_of_the_same_batch)
{
	struct t_net t;
	struct tcp_stream a[2], b[2];
	struct tcp_read rd[2];
	struct t_waker w[2] = { t_waker(), t_waker() };
	struct couple couple[2];
	char buf[2];

	t_net_begin(&t);
	for (int i = 0; i < 2; i++) {
		t_net_pair(&a[i], &b[i]);
		tcp_read(&rd[i], &a[i], &buf[i], 1);
		CHECK_EQ(t_poll_in(&rd[i].future, &w[i], &t.rt), POLL_PENDING);
		couple[i] = (struct couple){ &a[!i], &rd[!i] };
		w[i].on_wake = close_the_other;
		w[i].arg = &couple[i];
	}
	CHECK_EQ(reactor_wait(&t.reactor, 0), 0); /* what registering announces: writable */
	for (int i = 0; i < 2; i++)
		CHECK_EQ(tcp_try_write(&b[i], "x", 1), 1);
	CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
	/* Both were in the batch, and each closed the other one. */
	CHECK_EQ(t_wakes(&w[0]) + t_wakes(&w[1]), 2);
	for (int i = 0; i < 2; i++) {
		CHECK(!tcp_is_open(&a[i]));
		CHECK(future_is_over(&rd[i].future));
		CHECK_EQ(t_held(&w[i]), 0);
		tcp_close(&b[i]);
	}
	t_net_end(&t);
}

TEST(reactor, an_event_of_a_closed_source_does_not_reach_the_next_one_in_its_slot)
{
	struct t_net t;
	struct tcp_stream a, b, a2, b2;
	struct tcp_read rd, rd2;
	char buf[1];
	int copy;

	t_net_begin(&t);
	t_net_pair(&a, &b);
	tcp_read(&rd, &a, buf, 1);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_PENDING);
	t_net_look(&t);
	/* A duplicate, such as a forked child holds, keeps the registration in the kernel alive. */
	copy = dup(a.source.fd);
	future_drop(&rd.future);
	tcp_close(&a);
	t_net_pair(&a2, &b2);
	tcp_read(&rd2, &a2, buf, 1);
	CHECK_EQ(t_net_poll(&t, &rd2.future), POLL_PENDING);
	CHECK_EQ(a2.source.slot, 0);
	t_net_look(&t);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	CHECK_EQ(t_net_look(&t), 0);
	CHECK_EQ(source_may(&a2.source, SOURCE_READER), false);
	future_drop(&rd2.future);
	close(copy);
	tcp_close(&b);
	tcp_close(&a2);
	tcp_close(&b2);
	t_net_end(&t);
}

/* --- Many, and none --- */

TEST(reactor, more_sources_than_fit_in_a_batch_are_all_heard)
{
	enum { N = 400 };
	static struct tcp_stream a[N], b[N];
	static struct tcp_read rd[N];
	static char buf[N];
	struct t_net t;
	unsigned n_woken = 0;

	t_mem_begin();
	t_net_begin(&t);
	for (int i = 0; i < N; i++) {
		t_net_pair(&a[i], &b[i]);
		tcp_read(&rd[i], &a[i], &buf[i], 1);
		CHECK_EQ(t_net_poll(&t, &rd[i].future), POLL_PENDING);
	}
	CHECK_EQ(reactor_n_waiting(&t.reactor), N);
	CHECK_EQ(reactor_n_sources(&t.reactor), N);
	for (int i = 0; i < N; i++)
		CHECK_EQ(tcp_try_write(&b[i], "x", 1), 1);
	while (n_woken < N) {
		CHECK_EQ(reactor_wait(&t.reactor, UINT64_MAX), 0);
		n_woken += (unsigned)t_wakes(&t.w);
	}
	for (int i = 0; i < N; i++) {
		CHECK_EQ(t_net_poll(&t, &rd[i].future), POLL_READY);
		CHECK_EQ(rd[i].n, 1);
		tcp_close(&a[i]);
		tcp_close(&b[i]);
	}
	CHECK_EQ(n_woken, N);
	t_net_end(&t);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(reactor, no_memory_for_a_registration_is_an_error_value)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[1];

	t_mem_begin();
	t_net_begin(&t);
	t_net_pair(&a, &b);
	t_mem_fail(0);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_READY);
	CHECK_EQ(rd.n, -ENOMEM);
	/* It has lasted for a moment only: the next one gets through. */
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
	future_drop(&rd.future);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(reactor, a_refused_registration_is_an_error_value)
{
	struct t_net t;
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[1];

	t_net_begin(&t);
	t_net_pair(&a, &b);
	t_sys_plan(&t_sys.epoll_ctl, ENOSPC, 1);
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_READY);
	CHECK_EQ(rd.n, -ENOSPC);
	CHECK_EQ(reactor_n_sources(&t.reactor), 0);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

/* --- The end of a reactor --- */

/* BEH io_driver_drop::drop_wakes */
/* BEH io_driver_drop::tcp_doesnt_block */
/* BEH io_async_fd::driver_shutdown_wakes_currently_pending */
/* BEH io_async_fd::driver_shutdown_wakes_future_pending */
/* BEH io_async_fd::driver_shutdown_wakes_currently_pending_polls */
/* BEH io_async_fd::driver_shutdown_wakes_poll */
/* BEH io_async_fd::driver_shutdown_then_clear_readiness */
TEST(reactor, its_end_wakes_those_who_wait_and_they_can_go_on_under_another)
{
	struct t_net t;
	struct reactor doomed;
	struct runtime rt = { .reactor = &doomed };
	struct tcp_stream a, b;
	struct tcp_read rd;
	char buf[1];

	t_net_begin(&t);
	CHECK_EQ(reactor_init(&doomed), 0);
	t_net_pair(&a, &b);
	tcp_read(&rd, &a, buf, 1);
	CHECK_EQ(t_poll_in(&rd.future, &t.w, &rt), POLL_PENDING);
	reactor_fini(&doomed);
	CHECK_EQ(t_wakes(&t.w), 1);
	CHECK_EQ(t_held(&t.w), 0);
	source_blocked(&a.source, SOURCE_READER);
	/* An executor without a reactor cannot wait for it ... */
	CHECK_EQ(t_poll(&rd.future, &t.w), POLL_READY);
	CHECK_EQ(rd.n, -ENOTSUP);
	/* ... but another reactor can. */
	CHECK_EQ(t_net_poll(&t, tcp_read(&rd, &a, buf, 1)), POLL_PENDING);
	CHECK_EQ(tcp_try_write(&b, "x", 1), 1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &rd.future), POLL_READY);
	CHECK_EQ(rd.n, 1);
	tcp_close(&a);
	tcp_close(&b);
	t_net_end(&t);
}

TEST(reactor, a_waker_may_close_other_sources_while_the_reactor_ends)
{
	struct t_net t;
	struct reactor doomed;
	struct runtime rt = { .reactor = &doomed };
	struct tcp_stream a[2], b[2];
	struct tcp_read rd[2];
	struct t_waker w[2] = { t_waker(), t_waker() };
	struct couple couple[2];
	char buf[2];

	t_net_begin(&t);
	CHECK_EQ(reactor_init(&doomed), 0);
	for (int i = 0; i < 2; i++) {
		t_net_pair(&a[i], &b[i]);
		tcp_read(&rd[i], &a[i], &buf[i], 1);
		CHECK_EQ(t_poll_in(&rd[i].future, &w[i], &rt), POLL_PENDING);
		couple[i] = (struct couple){ &a[!i], &rd[!i] };
		w[i].on_wake = close_the_other;
		w[i].arg = &couple[i];
	}
	reactor_fini(&doomed);
	CHECK_EQ(t_wakes(&w[0]), 1);
	CHECK_EQ(t_wakes(&w[1]), 0);
	future_drop(&rd[0].future);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(t_held(&w[i]), 0);
		tcp_close(&a[i]);
		tcp_close(&b[i]);
	}
	t_net_end(&t);
}
