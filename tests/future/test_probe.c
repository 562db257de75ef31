/* test_probe: who listens is told each thing once, in order, and changes nothing. */
#include "future/probe.h"

#include <stdarg.h>
#include <stdio.h>

#include "executor/block_on_spin.h"
#include "future/co.h"
#include "future/future.h"
#include "future/join.h"
#include "future/leaf.h"
#include "future/select.h"
#include "future/yield_now.h"
#include "t.h"
#include "t_future.h"

/* --- A listener that writes words --- */

static char story[2048];

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	size_t len = strlen(story);
	va_list args;

	va_start(args, format);
	vsnprintf(story + len, sizeof story - len, format, args);
	va_end(args);
}

static void on_poll(struct future *f, struct context *cx)
{
	CHECK(cx->waker);
	tell("poll %s, ", f->ops->name);
}

static void on_pending(struct future *f)
{
	tell("pending %s, ", f->ops->name);
}

static void on_ready(struct future *f)
{
	tell("ready %s, ", f->ops->name);
}

static void on_drop(struct future *f, const struct future_ops *ops)
{
	CHECK(future_is_over(f));
	tell("drop %s, ", ops->name);
}

static void on_dropped(const struct future_ops *ops)
{
	tell("dropped %s, ", ops->name);
}

static void on_spawn(const void *task, struct future *f)
{
	tell("spawn %s %s, ", (const char *)task, f->ops->name);
}

static void on_abort(const void *task)
{
	tell("abort %s, ", (const char *)task);
}

static void on_wake(const void *task)
{
	tell("wake %s, ", (const char *)task);
}

static void on_arrive(const void *task)
{
	tell("arrive %s, ", (const char *)task);
}

static void on_because(const char *cause)
{
	tell("because %s, ", cause ? cause : "nothing");
}

static void on_park(void)
{
	tell("park, ");
}

static void on_runtime(struct runtime *rt)
{
	tell("runtime %s, ", rt ? "some" : "none");
}

static const struct probe listener = {
	.poll = on_poll, .pending = on_pending, .ready = on_ready, .drop = on_drop,
	.dropped = on_dropped, .spawn = on_spawn, .abort = on_abort, .wake = on_wake,
	.arrive = on_arrive, .because = on_because, .park = on_park, .runtime = on_runtime,
};

static void listen(void)
{
	story[0] = '\0';
	probe_listen(&listener);
}

static void heard(const char *expected)
{
	probe_listen(NULL);
	CHECK_STR(story, expected);
}

/* --- Polls and drops tell of themselves --- */

TEST(probe, a_poll_is_told_before_and_after)
{
	struct t_waker w = t_waker();
	struct leaf f;
	int held = 0;

	leaf(&f, 1, &held, 0);
	listen();
	CHECK_EQ(t_poll(&f.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&f.future, &w), POLL_READY);
	heard("poll leaf, pending leaf, poll leaf, ready leaf, ");
}

TEST(probe, what_is_polled_inside_is_told_inside)
{
	struct t_waker w = t_waker();
	struct leaf a, b;
	struct join both;
	int held = 0;

	join(&both, leaf(&a, 0, &held, 0), leaf(&b, 1, &held, 0));
	listen();
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	heard("poll join, poll leaf, ready leaf, poll leaf, pending leaf, pending join, ");
	future_drop(&both.future);
}

TEST(probe, a_drop_is_told_around_those_inside)
{
	struct t_waker w = t_waker();
	struct leaf a, b;
	struct join both;
	int held = 0;

	join(&both, leaf(&a, LEAF_SHUT, &held, 0), leaf(&b, LEAF_SHUT, &held, 0));
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	listen();
	future_drop(&both.future);
	heard("drop join, drop leaf, dropped leaf, drop leaf, dropped leaf, dropped join, ");
	CHECK_EQ(held, 0);
}

TEST(probe, a_drop_of_what_is_over_or_nothing_is_not_told)
{
	struct t_waker w = t_waker();
	struct leaf f;
	int held = 0;

	CHECK_EQ(t_poll(leaf(&f, 0, &held, 0), &w), POLL_READY);
	listen();
	future_drop(&f.future);
	future_drop(NULL);
	heard("");
}

TEST(probe, a_drop_without_anything_to_undo_is_told_all_the_same)
{
	struct yield_now turn;

	yield_now(&turn);
	listen();
	future_drop(&turn.future);
	heard("drop yield_now, dropped yield_now, ");
}

/* A frame that is freed by its own drop: what is told afterwards does not touch it. */
struct boxed_leaf {
	struct future future;
};

static void free_it(struct future *f)
{
	memset(f, 0xee, sizeof(struct boxed_leaf)); /* as good as freed */
}

static enum poll never(struct future *f, struct context *cx)
{
	(void)f;
	(void)cx;
	return POLL_PENDING;
}

static const struct future_ops boxed_leaf_ops = FUTURE_OPS("boxed_leaf", never, free_it);

TEST(probe, after_a_drop_the_memory_is_not_looked_at)
{
	struct boxed_leaf f = { .future = future_init(&boxed_leaf_ops) };

	listen();
	future_drop(&f.future);
	heard("drop boxed_leaf, dropped boxed_leaf, ");
}

/* --- Executors and wakers tell by the functions --- */

TEST(probe, each_function_tells_its_own)
{
	struct yield_now turn;
	struct runtime rt = { 0 };

	listen();
	probe_spawn("t", yield_now(&turn));
	probe_abort("t");
	probe_wake("t");
	probe_arrive("t");
	probe_because("a bell");
	probe_because(NULL);
	probe_park();
	probe_runtime(&rt);
	probe_runtime(NULL);
	heard("spawn t yield_now, abort t, wake t, arrive t, because a bell, because nothing, "
	      "park, runtime some, runtime none, ");
}

TEST(probe, without_a_listener_nothing_is_told)
{
	struct yield_now turn;

	story[0] = '\0';
	CHECK(!probe_get());
	block_on_spin(yield_now(&turn));
	probe_wake("t");
	probe_park();
	CHECK_STR(story, "");
}

/* --- A listener may come and go in the midst of a poll --- */

struct switching {
	struct future future;
	const struct probe *then;
};

static enum poll switching_poll(struct future *f, struct context *cx)
{
	(void)cx;
	probe_listen(future_of(f, struct switching)->then);
	return POLL_READY;
}

static const struct future_ops switching_ops = FUTURE_OPS("switching", switching_poll, NULL);

TEST(probe, one_that_goes_during_a_poll_does_not_hear_its_end)
{
	struct switching f = { .future = future_init(&switching_ops) };

	listen();
	block_on_spin(&f.future);
	heard("poll switching, ");
	CHECK(future_is_over(&f.future));
}

TEST(probe, one_that_comes_during_a_poll_hears_neither_its_beginning_nor_its_end)
{
	struct switching f = { .future = future_init(&switching_ops), .then = &listener };

	story[0] = '\0';
	block_on_spin(&f.future);
	heard("");
	CHECK(future_is_over(&f.future));
}

/* --- Nothing else changes --- */

struct race {
	struct co co;
	int *held;
	struct leaf a, b;
	struct select select;
	int winner, n_ended;
};

static enum poll race_run(struct co *co, struct context *cx)
{
	struct race *const f = co_frame(co, struct race);

	co_begin(co);
	co_await(select_first(&f->select, leaf(&f->a, 3, f->held, 0), leaf(&f->b, 1, f->held, 0)));
	f->winner = f->select.winner;
	co_finally {
		f->n_ended++;
	}
	co_end;
}

static struct future *race(struct race *f, int *held)
{
	*f = (struct race){ .co = co_init(race_run), .held = held, .winner = -1 };
	return &f->co.future;
}

/* Polled k times and then dropped; what is left of it in numbers. */
static void run_race(unsigned k, int seen[6])
{
	struct t_waker w = t_waker();
	struct race f;
	int held = 0;
	bool is_over = false;

	race(&f, &held);
	for (; k > 0 && !is_over; k--)
		is_over = t_poll(&f.co.future, &w) == POLL_READY;
	future_drop(&f.co.future);
	seen[0] = is_over;
	seen[1] = f.winner;
	seen[2] = f.n_ended;
	seen[3] = held;
	seen[4] = t_wakes(&w);
	seen[5] = t_held(&w);
}

TEST(probe, a_program_does_the_same_with_and_without)
{
	for (unsigned k = 0; k < 4; k++) {
		int quiet[6], told[6];

		run_race(k, quiet);
		listen();
		run_race(k, told);
		probe_listen(NULL);
		CHECK(*story);
		for (int i = 0; i < 6; i++)
			CHECK_EQ(told[i], quiet[i]);
	}
}

/* Law 6 holds with a listener, too. */
TEST_BUG(probe, polling_what_is_over_aborts_as_ever)
{
	struct t_waker w = t_waker();
	struct leaf f;
	int held = 0;

	listen();
	CHECK_EQ(t_poll(leaf(&f, 0, &held, 0), &w), POLL_READY);
	t_poll(&f.future, &w);
}
