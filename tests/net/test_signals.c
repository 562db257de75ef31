/* Signals as a future. Each test restores the mask it found, since all may share a process. */
#define _GNU_SOURCE 1 /* sigset_t functions */
#include "net/signals.h"

#include "t_net.h"

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	sigaddset(&set, b);
	return set;
}

static bool is_blocked(int signo)
{
	sigset_t now;

	CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
	return sigismember(&now, signo) == 1;
}

/* BEH signal_ctrl_c::ctrl_c */
/* BEH signal_twice::twice */
TEST(signals, ctrl_c_arrives_as_often_as_it_is_pressed)
{
	struct t_net t;
	struct signals s;
	struct signals_next next;
	sigset_t set = set_of(SIGINT, SIGTERM);

	t_net_begin(&t);
	CHECK_EQ(signals_open(&s, &set), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(t_net_poll(&t, signals_next(&next, &s)), POLL_PENDING);
		CHECK_EQ(t_net_look(&t), 0);
		raise(SIGINT);
		t_net_wait(&t);
		CHECK_EQ(t_net_poll(&t, &next.future), POLL_READY);
		CHECK_EQ(next.err, 0);
		CHECK_EQ(next.signo, SIGINT);
	}
	raise(SIGTERM);
	t_net_run(&t, signals_next(&next, &s));
	CHECK_EQ(next.signo, SIGTERM);
	signals_close(&s);
	signals_close(&s);
	t_net_end(&t);
}

TEST(signals, closing_unblocks_what_opening_has_blocked_and_nothing_else)
{
	struct t_net t;
	struct signals outer, inner;
	sigset_t set = set_of(SIGUSR1, SIGUSR1), both = set_of(SIGUSR1, SIGUSR2);

	t_net_begin(&t);
	CHECK(!is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
	CHECK_EQ(signals_open(&outer, &set), 0);
	CHECK_EQ(signals_open(&inner, &both), 0);
	CHECK(is_blocked(SIGUSR1) && is_blocked(SIGUSR2));
	signals_close(&inner);
	CHECK(is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
	signals_close(&outer);
	CHECK(!is_blocked(SIGUSR1));
	t_net_end(&t);
}

/* BEH signal_panic::signal_panic_caller */
TEST(signals, what_cannot_be_caught_is_refused_and_a_failure_changes_nothing)
{
	struct t_net t;
	struct signals s;
	struct signals_next next;
	sigset_t forbidden = set_of(SIGINT, SIGKILL), set = set_of(SIGUSR1, SIGUSR1);

	t_net_begin(&t);
	CHECK_EQ(signals_open(&s, &forbidden), -EINVAL);
	forbidden = set_of(SIGSTOP, SIGINT);
	CHECK_EQ(signals_open(&s, &forbidden), -EINVAL);
	t_sys_plan(&t_sys.signalfd, EMFILE, 1);
	CHECK_EQ(signals_open(&s, &set), -EMFILE);
	CHECK(!is_blocked(SIGINT) && !is_blocked(SIGUSR1));
	CHECK_EQ(t_net_poll(&t, signals_next(&next, &s)), POLL_READY);
	CHECK_EQ(next.err, -EBADF);
	t_net_end(&t);
}

/* BEH signal_drop_recv::drop_then_get_a_signal */
/* BEH signal_drop_rt::dropping_loops_does_not_cause_starvation */
TEST(signals, a_second_runtime_and_a_second_listener_get_signals_after_the_first_are_gone)
{
	struct t_net t;
	struct signals s;
	struct signals_next next;
	sigset_t set = set_of(SIGUSR1, SIGUSR1);

	for (int i = 0; i < 3; i++) {
		t_net_begin(&t);
		CHECK_EQ(signals_open(&s, &set), 0);
		CHECK_EQ(t_net_poll(&t, signals_next(&next, &s)), POLL_PENDING);
		raise(SIGUSR1);
		t_net_wait(&t);
		if (i != 1) /* one leaves it unread, and the next listener inherits no mess */
			CHECK_EQ(t_net_poll(&t, &next.future), POLL_READY);
		future_drop(&next.future);
		if (i == 1)
			t_net_run(&t, signals_next(&next, &s));
		CHECK_EQ(next.signo, SIGUSR1);
		signals_close(&s);
		t_net_end(&t);
	}
}

/* BEH signal_drop_signal::dropping_signal_does_not_deregister_any_other_instances */
TEST(signals, a_dropped_listener_takes_nothing_from_another)
{
	struct t_net t;
	struct signals one, two;
	struct signals_next next;
	sigset_t set = set_of(SIGUSR1, SIGUSR1);

	t_net_begin(&t);
	CHECK_EQ(signals_open(&one, &set), 0);
	CHECK_EQ(signals_open(&two, &set), 0);
	CHECK_EQ(t_net_poll(&t, signals_next(&next, &two)), POLL_PENDING);
	future_drop(&next.future);
	signals_close(&two);
	CHECK_EQ(t_net_poll(&t, signals_next(&next, &one)), POLL_PENDING);
	raise(SIGUSR1);
	t_net_wait(&t);
	CHECK_EQ(t_net_poll(&t, &next.future), POLL_READY);
	CHECK_EQ(next.signo, SIGUSR1);
	signals_close(&one);
	t_net_end(&t);
}

/* BEH signal_realtime::signal_realtime */
/* All but the last one, which valgrind keeps for itself. */
TEST(signals, every_real_time_signal_arrives)
{
	struct t_net t;
	struct signals s;
	struct signals_next next;
	sigset_t set;

	t_net_begin(&t);
	sigemptyset(&set);
	for (int signo = SIGRTMIN; signo < SIGRTMAX; signo++)
		sigaddset(&set, signo);
	CHECK_EQ(signals_open(&s, &set), 0);
	for (int signo = SIGRTMIN; signo < SIGRTMAX; signo++)
		raise(signo);
	for (int signo = SIGRTMIN; signo < SIGRTMAX; signo++) {
		t_net_run(&t, signals_next(&next, &s));
		CHECK_EQ(next.signo, signo);
	}
	CHECK_EQ(t_net_poll(&t, signals_next(&next, &s)), POLL_PENDING);
	future_drop(&next.future);
	signals_close(&s);
	t_net_end(&t);
}

TEST(signals, interruptions_are_repeated_and_a_unit_of_budget_is_taken)
{
	struct t_net t;
	struct signals s;
	struct signals_next next;
	sigset_t set = set_of(SIGUSR1, SIGUSR2);
	unsigned budget = 1;

	t_net_begin(&t);
	CHECK_EQ(signals_open(&s, &set), 0);
	raise(SIGUSR1);
	raise(SIGUSR2);
	t_sys_plan(&t_sys.read, EINTR, 3);
	CHECK_EQ(t_poll_budget(signals_next(&next, &s), &t.w, &budget), POLL_READY);
	CHECK_EQ(next.signo, SIGUSR1);
	CHECK_EQ(budget, 0);
	CHECK_EQ(t_poll_budget(signals_next(&next, &s), &t.w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&t.w), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&next.future, &t.w, &budget), POLL_READY);
	CHECK_EQ(next.signo, SIGUSR2);
	signals_close(&s);
	t_net_end(&t);
}

static bool next_one(unsigned k)
{
	struct t_net t;
	struct signals s;
	struct signals_next next;
	sigset_t set = set_of(SIGUSR1, SIGUSR1);
	bool done = false;

	t_net_begin(&t);
	CHECK_EQ(signals_open(&s, &set), 0);
	signals_next(&next, &s);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_net_poll(&t, &next.future) == POLL_READY;
		if (i == 1)
			raise(SIGUSR1);
		t_net_look(&t);
	}
	future_drop(&next.future);
	if (k <= 1)
		raise(SIGUSR1);
	if (!done)
		t_net_run(&t, signals_next(&next, &s));
	CHECK_EQ(next.signo, SIGUSR1);
	signals_close(&s);
	t_net_end(&t);
	return done;
}

TEST(signals, a_dropped_wait_loses_no_signal)
{
	t_cancel_at_every_poll(next_one);
}
