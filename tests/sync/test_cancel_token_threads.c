/*
 * The cancel token between threads that meet before every round, so that each round is a race. No
 * cancel is missed by anybody who waits, and no token is touched that has gone.
 */
#define _GNU_SOURCE 1 /* meeting.h */

#include "cancel_token_scene.h"

#include <pthread.h>

#include "executor/block_on_park.h"
#include "meeting.h"

enum { N_ROUNDS = 2000, N_THREADS = 3, N_TOKENS = 4 };

/* What each thread has in this round: handles that are its own. */
static struct cancel_token own[N_THREADS][N_TOKENS];
static struct meeting meeting;
static atomic_int n_wrong;

static void await(const struct cancel_token *t)
{
	struct cancelled c;

	n_wrong += block_on_park(cancelled(&c, t)) != 0;
	n_wrong += !cancel_token_is_cancelled(t);
}

static void give_up(unsigned who)
{
	for (int i = 0; i < N_TOKENS; i++)
		cancel_token_drop(&own[who][i]);
}

static struct cancel_token any_root(void)
{
	struct cancel_token t = { 0 };

	n_wrong += cancel_token_init(&t) != 0;
	return t;
}

static struct cancel_token below(const struct cancel_token *parent)
{
	struct cancel_token t = { 0 };

	n_wrong += cancel_token_child(&t, parent) != 0;
	return t;
}

/* --- Races: what is built before each round, and what each thread then does --- */

struct race {
	void (*build)(void);
	void (*act[N_THREADS])(unsigned round);
};

static const struct race *race;

static void build_one_token_for_all(void)
{
	own[0][0] = any_root();
	own[1][0] = cancel_token_clone(&own[0][0]);
	own[2][0] = cancel_token_clone(&own[0][0]);
}

static void build_parent_and_children(void)
{
	own[0][0] = any_root();
	own[1][0] = below(&own[0][0]);
	own[2][0] = below(&own[1][0]);
}

static void cancel_first(unsigned round)
{
	(void)round;
	cancel_token_cancel(&own[0][0]);
	give_up(0);
}

static void drop_first(unsigned round)
{
	(void)round;
	give_up(0);
}

static void await_second(unsigned round)
{
	(void)round;
	await(&own[1][0]);
	give_up(1);
}

static void await_third(unsigned round)
{
	(void)round;
	await(&own[2][0]);
	give_up(2);
}

static void cancel_third(unsigned round)
{
	(void)round;
	cancel_token_cancel(&own[2][0]);
	n_wrong += !cancel_token_is_cancelled(&own[2][0]);
	give_up(2);
}

static void drop_second(unsigned round)
{
	(void)round;
	give_up(1);
}

static void drop_third(unsigned round)
{
	(void)round;
	give_up(2);
}

/* Polls once, and goes, woken meanwhile or not. */
static void poll_second_then_drop(unsigned round)
{
	struct context cx = context_of(&waker_noop);
	struct cancelled c;

	(void)round;
	future_poll(cancelled(&c, &own[1][0]), &cx);
	future_drop(&c.future);
	give_up(1);
}

/* Makes children of what is being cancelled: linked before, or born cancelled. */
static void make_below_second(unsigned round)
{
	(void)round;
	for (int i = 1; i < N_TOKENS; i++)
		own[1][i] = below(&own[1][i - 1]);
	await(&own[1][N_TOKENS - 1]);
	give_up(1);
}

/* A chain under the third, from which a middle one is given up while it is cancelled. */
static void make_and_give_up_below_third(unsigned round)
{
	(void)round;
	for (int i = 1; i < N_TOKENS; i++)
		own[2][i] = below(&own[2][i - 1]);
	cancel_token_drop(&own[2][1]);
	cancel_token_drop(&own[2][0]);
	await(&own[2][N_TOKENS - 1]);
	give_up(2);
}

static void *takes_part(void *arg)
{
	unsigned who = (unsigned)(size_t)arg;

	meeting_spread(who);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		if (who == 0)
			race->build();
		meeting_start(&meeting, round, who);
		race->act[who](round);
		meeting_wait(&meeting);
	}
	return NULL;
}

static void run(const struct race *r)
{
	pthread_t thread[N_THREADS];

	t_mem_begin();
	race = r;
	atomic_store(&n_wrong, 0);
	meeting_init(&meeting, N_THREADS);
	for (size_t i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, takes_part, (void *)i), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	nothing_is_left();
}

/* BEH util-src/sync/tests/loom_cancellation_token::cancel_token */
/* BEH util-src/sync/tests/loom_cancellation_token::cancel_token_owned */
TEST(cancel_token_threads, a_cancel_is_missed_by_nobody_who_is_about_to_wait)
{
	run(&(struct race){ build_one_token_for_all,
			    { cancel_first, await_second, await_third } });
}

TEST(cancel_token_threads, two_that_cancel_at_once_are_one)
{
	run(&(struct race){ build_one_token_for_all,
			    { cancel_first, await_second, cancel_third } });
}

/* BEH util-src/sync/tests/loom_cancellation_token::cancel_with_child */
TEST(cancel_token_threads, those_below_are_reached_by_a_cancel_from_above)
{
	run(&(struct race){ build_parent_and_children,
			    { cancel_first, await_second, await_third } });
}

/* BEH util-src/sync/tests/loom_cancellation_token::drop_token_no_child */
TEST(cancel_token_threads, one_token_given_up_by_all_at_once_goes_once)
{
	run(&(struct race){ build_one_token_for_all, { drop_first, drop_second, drop_third } });
}

/* BEH util-src/sync/tests/loom_cancellation_token::drop_token_with_children */
TEST(cancel_token_threads, a_whole_tree_given_up_at_once_goes_once)
{
	run(&(struct race){ build_parent_and_children, { drop_first, drop_second, drop_third } });
}

/* BEH util-src/sync/tests/loom_cancellation_token::drop_and_cancel_token */
TEST(cancel_token_threads, one_cancels_while_others_give_up_what_is_below)
{
	run(&(struct race){ build_parent_and_children,
			    { cancel_first, drop_second, drop_third } });
	run(&(struct race){ build_parent_and_children,
			    { drop_first, drop_second, cancel_third } });
}

TEST(cancel_token_threads, a_waiter_may_leave_and_its_token_go_while_it_is_cancelled)
{
	run(&(struct race){ build_parent_and_children,
			    { cancel_first, poll_second_then_drop, await_third } });
}

TEST(cancel_token_threads, children_that_are_made_during_a_cancel_are_not_forgotten)
{
	run(&(struct race){ build_parent_and_children,
			    { cancel_first, make_below_second, make_and_give_up_below_third } });
}

/* Two subtrees of one tree: their cancels work at the same rings, and each returns when done. */
static void build_two_wide_subtrees(void)
{
	static struct cancel_token top;

	top = any_root();
	for (unsigned who = 1; who < N_THREADS; who++) {
		own[who][0] = below(&top);
		for (int i = 1; i < N_TOKENS; i++)
			own[who][i] = below(&own[who][i - 1]);
	}
	own[0][0] = below(&own[2][N_TOKENS - 1]);
	cancel_token_drop(&top);
}

static void cancel_all_of(unsigned who)
{
	cancel_token_cancel(&own[who][0]);
	for (int i = 0; i < N_TOKENS; i++)
		n_wrong += !cancel_token_is_cancelled(&own[who][i]);
	give_up(who);
}

static void cancel_second_subtree(unsigned round)
{
	(void)round;
	cancel_all_of(1);
}

static void cancel_third_subtree(unsigned round)
{
	(void)round;
	cancel_all_of(2);
}

static void await_first(unsigned round)
{
	(void)round;
	await(&own[0][0]);
	give_up(0);
}

TEST(cancel_token_threads, when_a_cancel_returns_all_below_are_cancelled_whoever_did_it)
{
	run(&(struct race){ build_two_wide_subtrees,
			    { await_first, cancel_second_subtree, cancel_third_subtree } });
}
