/* join and join_array: all of several. */
#include "future/join.h"

#include "future/boxed.h"
#include "future/co.h"
#include "future/leaf.h"
#include "future/poll_fn.h"
#include "future/ready.h"
#include "t.h"
#include "t_future.h"

/* BEH macros_join::sync_one_lit_expr_comma */
TEST(join, of_one_is_that_one)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a;
	struct future *children[] = { leaf(&a, 0, &held, 1) };
	struct join_array all;

	CHECK_EQ(t_poll(join_array(&all, children, 1), &w), POLL_READY);
	CHECK_EQ(a.value, 1);
	CHECK_EQ(a.polls, 1);
}

/* BEH macros_join::sync_two_lit_expr_comma */
TEST(join, of_two_that_are_ready_is_ready_with_each_result_in_its_place)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct join both;

	CHECK_EQ(t_poll(join(&both, leaf(&a, 0, &held, 1), leaf(&b, 0, &held, 2)), &w), POLL_READY);
	CHECK_EQ(a.value, 1);
	CHECK_EQ(b.value, 2);
}

/* BEH macros_join::two_await */
TEST(join, is_woken_by_each_child_and_ready_when_both_are)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct join both;

	join(&both, leaf(&a, LEAF_SHUT, &held, 1), leaf(&b, LEAF_SHUT, &held, 2));
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(held, 2);
	leaf_open(&b);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(held, 1);
	leaf_open(&a);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&both.future, &w), POLL_READY);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
}

struct hungry {
	struct co co;
	struct ready ready;
	unsigned laps; /* to go */
};

static enum poll hungry_run(struct co *co, struct context *cx)
{
	struct hungry *const f = co_frame(co, struct hungry);

	co_begin(co);
	for (; f->laps > 0; f->laps--)
		co_await(ready(&f->ready));
	co_end;
}

static struct future *hungry(struct hungry *f, unsigned laps)
{
	*f = (struct hungry){ .co = co_init(hungry_run), .laps = laps };
	return &f->co.future;
}

/* BEH macros_join::join_does_not_allow_tasks_to_starve */
TEST(join, a_child_that_eats_the_whole_budget_cannot_starve_a_sibling)
{
	struct t_waker w = t_waker();
	struct hungry glutton, modest;
	unsigned budget = CONTEXT_BUDGET;
	struct join both;

	join(&both, hungry(&glutton, 1000), hungry(&modest, 1));
	CHECK_EQ(t_poll_budget(&both.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(budget, 0);
	CHECK_EQ(modest.laps, 1);
	budget = CONTEXT_BUDGET;
	CHECK_EQ(t_poll_budget(&both.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(modest.laps, 0);
	CHECK(t_wakes(&w) > 0);
	future_drop(&both.future);
}

struct record {
	char order[64];
	int len;
};

struct scribe {
	struct record *record;
	char name;
};

static enum poll scribble(void *arg, struct context *cx)
{
	struct scribe *s = arg;

	(void)cx;
	s->record->order[s->record->len++] = s->name;
	return POLL_PENDING;
}

/* BEH macros_join::a_different_future_is_polled_first_every_time_poll_fn_is_polled */
TEST(join, begins_with_another_child_at_every_poll)
{
	struct t_waker w = t_waker();
	struct record record = { .len = 0 };
	struct scribe a = { &record, 'a' }, b = { &record, 'b' }, c = { &record, 'c' };
	struct poll_fn pa, pb, pc;
	struct join all;

	join(&all, poll_fn(&pa, scribble, &a), poll_fn(&pb, scribble, &b),
	     poll_fn(&pc, scribble, &c));
	for (int i = 0; i < 4; i++)
		t_poll(&all.future, &w);
	CHECK_STR(record.order, "abcbcacababc");
	future_drop(&all.future);
}

/* BEH macros_join::empty_join */
TEST(join, of_nothing_is_ready_at_once_but_not_without_budget)
{
	struct t_waker w = t_waker();
	unsigned budget = 0;
	struct join_array none;

	CHECK_EQ(t_poll(join_array(&none, NULL, 0), &w), POLL_READY);
	join_array(&none, NULL, 0);
	CHECK_EQ(t_poll_budget(&none.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	future_drop(&none.future);
}

TEST(join, a_child_that_is_null_or_over_counts_as_done)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct future *children[3] = { NULL, leaf(&a, 1, &held, 1), leaf(&b, 0, &held, 2) };
	struct join_array all;
	struct join both;

	future_drop(children[2]);
	join_array(&all, children, 3);
	CHECK_EQ(t_poll(&all.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&all.future, &w), POLL_READY);
	CHECK_EQ(b.polls, 0);
	CHECK_EQ(t_poll(join(&both, NULL, NULL), &w), POLL_READY);
}

TEST(join, does_not_poll_a_finished_child_again)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct join both;

	join(&both, leaf(&a, 0, &held, 1), leaf(&b, 5, &held, 2));
	for (int i = 0; i < 5; i++)
		CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&both.future, &w), POLL_READY);
	CHECK_EQ(a.polls, 1);
	CHECK_EQ(b.polls, 6);
}

TEST(join, of_eight_waits_for_the_slowest)
{
	struct t_waker w = t_waker();
	int held = 0, polls = 1;
	struct leaf l[8];
	struct join all;

	join(&all, leaf(&l[0], 3, &held, 0), leaf(&l[1], 1, &held, 1), leaf(&l[2], 4, &held, 2),
	     leaf(&l[3], 1, &held, 3), leaf(&l[4], 5, &held, 4), leaf(&l[5], 9, &held, 5),
	     leaf(&l[6], 2, &held, 6), leaf(&l[7], 6, &held, 7));
	while (t_poll(&all.future, &w) == POLL_PENDING)
		polls++;
	CHECK_EQ(polls, 10);
	CHECK_EQ(held, 0);
	for (int i = 0; i < 8; i++)
		CHECK(future_is_over(&l[i].future));
}

/* BEH futures-rs/futures/future_join_all::collect_collects */
TEST(join, of_an_array_leaves_every_result_in_its_place)
{
	enum { N = 300 };
	struct t_waker w = t_waker();
	static struct leaf l[N];
	struct future *children[N];
	struct join_array all;
	int held = 0, polls = 1;

	for (int i = 0; i < N; i++)
		children[i] = leaf(&l[i], i % 7, &held, i);
	join_array(&all, children, N);
	while (t_poll(&all.future, &w) == POLL_PENDING)
		polls++;
	CHECK_EQ(polls, 7);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(l[i].value, i);
		CHECK_EQ(l[i].polls, i % 7 + 1);
	}
	CHECK_EQ(t_held(&w), 0);
}

TEST(join, dropped_drops_the_live_ones_only)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct join both;

	join(&both, leaf(&a, 0, &held, 1), leaf(&b, LEAF_SHUT, &held, 2));
	CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(held, 1);
	future_drop(&both.future);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
	CHECK(future_is_over(&b.future));
	future_drop(&both.future);
}

static void count_release(void *memory)
{
	++*(int *)memory;
}

TEST(join, dropped_before_its_first_poll_drops_its_children)
{
	int released = 0;
	struct ready ra, rb;
	struct boxed a, b;
	struct join both;

	join(&both, boxed(&a, ready(&ra), count_release, &released),
	     boxed(&b, ready(&rb), count_release, &released));
	future_drop(&both.future);
	CHECK_EQ(released, 2);
}

TEST(join, passes_on_the_waker_of_the_latest_poll)
{
	struct t_waker w1 = t_waker(), w2 = t_waker();
	int held = 0;
	struct leaf a, b;
	struct join both;

	join(&both, leaf(&a, LEAF_SHUT, &held, 1), leaf(&b, LEAF_SHUT, &held, 2));
	t_poll(&both.future, &w1);
	t_poll(&both.future, &w2);
	CHECK_EQ(t_held(&w1), 0);
	leaf_open(&a);
	leaf_open(&b);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 2);
	CHECK_EQ(t_poll(&both.future, &w2), POLL_READY);
}

TEST(join, survives_spurious_polls)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct join both;

	join(&both, leaf(&a, LEAF_SHUT, &held, 1), leaf(&b, LEAF_SHUT, &held, 2));
	for (int i = 0; i < 10; i++)
		CHECK_EQ(t_poll(&both.future, &w), POLL_PENDING);
	CHECK_EQ(held, 2);
	CHECK_EQ(t_held(&w), 2);
	CHECK_EQ(t_wakes(&w), 0);
	future_drop(&both.future);
}

TEST(join, shows_a_backtrace_the_children_that_are_not_done)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b, c;
	struct join all;
	struct join_array array;
	struct future *children[2];

	join(&all, leaf(&a, LEAF_SHUT, &held, 1), leaf(&b, 0, &held, 2),
	     leaf(&c, LEAF_SHUT, &held, 3));
	t_poll(&all.future, &w);
	CHECK_STR(future_name(&all.future), "join");
	CHECK_PTR(all.future.ops->child(&all.future, 0), &a.future);
	CHECK_PTR(all.future.ops->child(&all.future, 1), &c.future);
	CHECK_PTR(all.future.ops->child(&all.future, 2), NULL);
	children[0] = NULL;
	children[1] = &all.future;
	join_array(&array, children, 2);
	CHECK_PTR(array.future.ops->child(&array.future, 0), &all.future);
	CHECK_PTR(array.future.ops->child(&array.future, 1), NULL);
	future_drop(&array.future);
	CHECK_EQ(held, 0);
}

struct nest {
	struct co co;
	struct leaf a, b, c, d;
	struct join inner, outer;
	struct join_array array;
	struct future *children[2];
	int *held, *finallies;
};

static enum poll nest_run(struct co *co, struct context *cx)
{
	struct nest *const f = co_frame(co, struct nest);

	co_begin(co);
	co_await(join(&f->outer, leaf(&f->a, 2, f->held, 1),
		      join(&f->inner, leaf(&f->b, 4, f->held, 2), leaf(&f->c, 1, f->held, 3))));
	f->children[0] = leaf(&f->a, 2, f->held, 1);
	f->children[1] = leaf(&f->d, 3, f->held, 1);
	co_await(join_array(&f->array, f->children, 2));
	co_finally {
		++*f->finallies;
	}
	co_end;
}

static bool cancelled_after(unsigned k)
{
	struct t_waker w = t_waker();
	int held = 0, finallies = 0;
	struct nest f = { .co = co_init(nest_run), .held = &held, .finallies = &finallies };
	bool completed = false;

	for (unsigned i = 0; i < k && !completed; i++)
		completed = t_poll(&f.co.future, &w) == POLL_READY;
	future_drop(&f.co.future);
	CHECK_EQ(held, 0);
	CHECK_EQ(finallies, 1);
	CHECK_EQ(t_held(&w), 0);
	return completed;
}

TEST(join, cancelled_at_any_poll_leaves_nothing_behind)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST_BUG(join, must_not_be_polled_after_it_was_done)
{
	struct t_waker w = t_waker();
	struct ready a, b;
	struct join both;

	t_poll(join(&both, ready(&a), ready(&b)), &w);
	t_poll(&both.future, &w);
}

TEST_BUG(join, of_a_future_that_was_never_built_is_a_bug)
{
	struct t_waker w = t_waker();
	struct ready a, b = { 0 };
	struct join both;

	t_poll(join(&both, ready(&a), &b.future), &w);
}
