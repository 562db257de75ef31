/* select: the first of several, biased and fair. */
#include "future/select.h"

#include "future/co.h"
#include "future/fuse.h"
#include "future/join.h"
#include "future/leaf.h"
#include "future/pending.h"
#include "future/ready.h"
#include "t.h"
#include "t_future.h"

enum { MANY = 64 };

/* BEH macros_select::no_branch_else_only */
/* BEH macros_select::no_branch_else_only_biased */
TEST(select, with_no_branch_is_ready_at_once_with_no_winner)
{
	struct t_waker w = t_waker();
	struct select_array s;

	CHECK_EQ(t_poll(select_array(&s, NULL, 0), &w), POLL_READY);
	CHECK_EQ(s.winner, -1);
	CHECK_EQ(t_poll(select_fair_array(&s, 7, NULL, 0), &w), POLL_READY);
	CHECK_EQ(s.winner, -1);
}

/* BEH macros_select::sync_one_ident */
TEST(select, takes_a_future_that_was_built_before)
{
	struct t_waker w = t_waker();
	struct ready r;
	struct future *one = ready(&r);
	struct select_array s;

	CHECK_EQ(t_poll(select_array(&s, &one, 1), &w), POLL_READY);
	CHECK_EQ(s.winner, 0);
}

/* BEH macros_select::sync_two */
TEST(select, of_two_that_are_ready_has_exactly_one_winner)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct select s;

	select_first(&s, leaf(&a, 0, &held, 1), leaf(&b, 0, &held, 2));
	CHECK_EQ(t_poll(&s.future, &w), POLL_READY);
	CHECK_EQ(s.winner, 0);
	CHECK_EQ(a.polls, 1);
	CHECK_EQ(b.polls, 0);
	CHECK(future_is_over(&b.future));
}

/* BEH macros_select::one_ready */
TEST(select, is_won_by_the_one_that_is_ready)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct select s;

	select_first(&s, leaf(&a, LEAF_SHUT, &held, 1), leaf(&b, LEAF_SHUT, &held, 2));
	CHECK_EQ(t_poll(&s.future, &w), POLL_PENDING);
	CHECK_EQ(s.winner, -1);
	leaf_open(&b);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&s.future, &w), POLL_READY);
	CHECK_EQ(s.winner, 1);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
}

/* BEH macros_select::mutable_borrowing_future_with_same_borrow_in_block */
/* BEH macros_select::mutable_borrowing_future_with_same_borrow_in_block_and_else */
TEST(select, has_dropped_the_losers_when_it_says_ready)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b, c;
	struct select s;

	select_first(&s, leaf(&a, LEAF_SHUT, &held, 1), leaf(&b, 1, &held, 2),
		     leaf(&c, LEAF_SHUT, &held, 3));
	CHECK_EQ(t_poll(&s.future, &w), POLL_PENDING);
	CHECK_EQ(held, 3);
	CHECK_EQ(t_poll(&s.future, &w), POLL_READY);
	CHECK_EQ(s.winner, 1);
	CHECK_EQ(held, 0);
	CHECK(future_is_over(&a.future) && future_is_over(&c.future));
	/* What they borrowed, `held` and their own memory, is free again: */
	CHECK_EQ(t_poll(leaf(&a, 0, &held, 4), &w), POLL_READY);
}

/* BEH macros_select::disable_with_if */
TEST(select, does_not_poll_a_disabled_branch)
{
	struct t_waker w = t_waker();
	bool full = true;
	int held = 0;
	struct leaf a, b;
	struct select s;

	leaf(&a, 0, &held, 1);
	select_first(&s, full ? NULL : &a.future, leaf(&b, 1, &held, 2));
	CHECK_EQ(t_poll(&s.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&s.future, &w), POLL_READY);
	CHECK_EQ(s.winner, 1);
	CHECK_EQ(a.polls, 0);
}

/* BEH macros_select::use_future_in_if_condition */
/* BEH macros_select::use_future_in_if_condition_biased */
TEST(select, with_every_branch_disabled_takes_the_else)
{
	struct t_waker w = t_waker();
	bool hungry = false;
	struct select s;
	struct ready r;

	ready(&r);
	CHECK_EQ(t_poll(select_first(&s, hungry ? &r.future : NULL, NULL), &w), POLL_READY);
	CHECK_EQ(s.winner, -1);
	CHECK_EQ(t_poll(select_fair(&s, 1, NULL, NULL), &w), POLL_READY);
	CHECK_EQ(s.winner, -1);
	CHECK(future_is_live(&r.future));
}

/* BEH macros_select::many_branches */
TEST(select, of_64_branches_is_won_by_any_of_them)
{
	struct t_waker w = t_waker();
	struct leaf l[MANY];
	struct future *children[MANY];
	struct select_array s;
	int held = 0;

	for (int winner = 0; winner < MANY; winner++) {
		for (int i = 0; i < MANY; i++)
			children[i] = leaf(&l[i], i == winner ? 1 : LEAF_SHUT, &held, i);
		select_array(&s, children, MANY);
		CHECK_EQ(t_poll(&s.future, &w), POLL_PENDING);
		CHECK_EQ(held, MANY);
		CHECK_EQ(t_poll(&s.future, &w), POLL_READY);
		CHECK_EQ(s.winner, winner);
		CHECK_EQ(held, 0);
	}
	CHECK_EQ(t_held(&w), 0);
}

/* BEH macros_select::select_is_budget_aware */
TEST(select, with_the_budget_spent_is_pending)
{
	struct t_waker w = t_waker();
	unsigned budget = 0;
	struct ready a, b;
	struct select s;
	struct select_array none;

	select_first(&s, ready(&a), ready(&b));
	CHECK_EQ(t_poll_budget(&s.future, &w, &budget), POLL_PENDING);
	CHECK(t_wakes(&w) > 0);
	select_array(&none, NULL, 0);
	CHECK_EQ(t_poll_budget(&none.future, &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	budget = 1;
	CHECK_EQ(t_poll_budget(&s.future, &w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
	budget = 1;
	CHECK_EQ(t_poll_budget(&none.future, &w, &budget), POLL_READY);
	CHECK_EQ(budget, 0);
}

/* BEH futures-rs/futures/async_await_macros::select_biased */
TEST(select, biased_asks_in_the_order_given)
{
	struct t_waker w = t_waker();
	struct ready a, b;
	struct select s;

	for (int i = 0; i < 100; i++) {
		CHECK_EQ(t_poll(select_first(&s, ready(&a), ready(&b)), &w), POLL_READY);
		CHECK_EQ(s.winner, 0);
	}
}

TEST(select, fair_gives_every_ready_branch_its_turn)
{
	struct t_waker w = t_waker();
	struct ready r[8];
	struct select s;
	int wins[8] = { 0 };

	for (unsigned turn = 0; turn < 80; turn++) {
		select_fair(&s, turn, ready(&r[0]), ready(&r[1]), ready(&r[2]), ready(&r[3]),
			    ready(&r[4]), ready(&r[5]), ready(&r[6]), ready(&r[7]));
		CHECK_EQ(t_poll(&s.future, &w), POLL_READY);
		wins[s.winner]++;
	}
	for (int i = 0; i < 8; i++)
		CHECK_EQ(wins[i], 10);
}

TEST(select, fair_starves_nobody_when_some_are_pending_or_disabled)
{
	struct t_waker w = t_waker();
	struct future *children[4];
	struct select_array s;
	int wins[4] = { 0 };
	struct pending never;
	struct ready a, b;

	for (unsigned turn = UINT_MAX - 8; turn != 8; turn++) { /* past the end, too */
		children[0] = pending(&never);
		children[1] = ready(&a);
		children[2] = NULL;
		children[3] = ready(&b);
		CHECK_EQ(t_poll(select_fair_array(&s, turn, children, 4), &w), POLL_READY);
		wins[s.winner]++;
	}
	CHECK_EQ(wins[0] + wins[2], 0);
	CHECK(wins[1] > 0 && wins[3] > 0);
}

/* A number generator as small as can be: what matters is that the seed decides. */
static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static void choose(unsigned seed, int *winners, int n)
{
	struct t_waker w = t_waker();
	struct ready a, b, c;
	struct select s;

	for (int i = 0; i < n; i++) {
		t_poll(select_fair(&s, next_random(&seed), ready(&a), ready(&b), ready(&c)), &w);
		winners[i] = s.winner;
	}
}

/* BEH macros_select::deterministic_select_current_thread */
/* BEH macros_select::deterministic_select_multi_thread */
TEST(select, fair_with_the_same_seed_makes_the_same_choices)
{
	int first[50], again[50], other[50];

	choose(42, first, 50);
	choose(42, again, 50);
	choose(43, other, 50);
	CHECK(memcmp(first, again, sizeof first) == 0);
	CHECK(memcmp(first, other, sizeof first) != 0);
}

/* A stream of a few numbers, each one poll away: what a receiver looks like from here. */
struct numbers {
	int next, end;
};

struct take {
	struct future future;
	struct numbers *from;
	bool waited;
	int value; /* output: -1 when there are no more */
};

static enum poll take_poll(struct future *f, struct context *cx)
{
	struct take *t = future_of(f, struct take);

	if (!t->waited && t->from->next % 2) {
		t->waited = true;
		waker_wake_by_ref(cx->waker);
		return POLL_PENDING;
	}
	t->value = t->from->next < t->from->end ? t->from->next++ : -1;
	return POLL_READY;
}

static const struct future_ops take_ops = FUTURE_OPS("take", take_poll, NULL);

static struct future *take(struct take *t, struct numbers *from)
{
	*t = (struct take){ .future = future_init(&take_ops), .from = from };
	return &t->future;
}

struct merge {
	struct co co;
	struct numbers a, b;
	bool a_open, b_open;
	struct take take_a, take_b;
	struct select race;
	int sum, n;
};

/* A branch that has ended is disabled; when all have, the else ends the loop. */
static enum poll merge_run(struct co *co, struct context *cx)
{
	struct merge *const f = co_frame(co, struct merge);

	co_begin(co);
	for (;;) {
		co_await(select_first(&f->race, f->a_open ? take(&f->take_a, &f->a) : NULL,
				      f->b_open ? take(&f->take_b, &f->b) : NULL));
		if (f->race.winner < 0)
			co_return;
		if (f->race.winner == 0 && f->take_a.value < 0)
			f->a_open = false;
		else if (f->race.winner == 1 && f->take_b.value < 0)
			f->b_open = false;
		else
			f->n++, f->sum += f->race.winner == 0 ? f->take_a.value : f->take_b.value;
	}
	co_end;
}

/* BEH macros_select::select_streams */
/* BEH futures-rs/futures/async_await_macros::select_streams */
TEST(select, in_a_loop_merges_two_sources_until_both_have_ended)
{
	struct t_waker w = t_waker();
	struct merge f = { .co = co_init(merge_run), .a = { 0, 10 }, .b = { 100, 107 },
			   .a_open = true, .b_open = true };

	while (t_poll(&f.co.future, &w) == POLL_PENDING)
		CHECK(t_wakes(&w) > 0);
	CHECK_EQ(f.n, 17);
	CHECK_EQ(f.sum, 45 + 721);
}

struct nested {
	struct co co;
	struct leaf a, b, c, d;
	struct select outer, inner;
	int *held;
	int result;
};

static enum poll nested_run(struct co *co, struct context *cx)
{
	struct nested *const f = co_frame(co, struct nested);

	co_begin(co);
	co_await(select_first(&f->outer, leaf(&f->a, LEAF_SHUT, f->held, 1),
			      select_first(&f->inner, leaf(&f->b, LEAF_SHUT, f->held, 2),
					   leaf(&f->c, 2, f->held, 3))));
	if (f->outer.winner == 1 && f->inner.winner == 1) {
		co_await(select_first(&f->inner, leaf(&f->d, 1, f->held, f->c.value * 10),
				      leaf(&f->a, LEAF_SHUT, f->held, 5)));
		f->result = f->inner.winner == 0 ? f->d.value : -1;
	}
	co_end;
}

static struct future *nested(struct nested *f, int *held)
{
	*f = (struct nested){ .co = co_init(nested_run), .held = held };
	return &f->co.future;
}

/* BEH macros_select::nested_one */
/* BEH macros_select::nested */
TEST(select, nests_and_its_winner_may_select_again)
{
	struct t_waker w = t_waker();
	struct nested f;
	int held = 0;

	nested(&f, &held);
	while (t_poll(&f.co.future, &w) == POLL_PENDING)
		CHECK(held > 0);
	CHECK_EQ(f.result, 30);
	CHECK_EQ(held, 0);
}

static bool cancelled_after(unsigned k)
{
	struct t_waker w = t_waker();
	bool completed = false;
	struct nested f;
	int held = 0;

	nested(&f, &held);
	for (unsigned i = 0; i < k && !completed; i++)
		completed = t_poll(&f.co.future, &w) == POLL_READY;
	future_drop(&f.co.future);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
	return completed;
}

TEST(select, cancelled_at_any_poll_leaves_nothing_behind)
{
	t_cancel_at_every_poll(cancelled_after);
}

/* BEH macros_select::future_panics_after_poll */
TEST(select, a_branch_whose_result_is_refused_is_disabled_and_never_polled_again)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct fuse fa, fb;
	struct select s;

	fuse(&fa, leaf(&a, 0, &held, 1));
	fuse(&fb, leaf(&b, 2, &held, 2));
	CHECK_EQ(t_poll(select_first(&s, fuse_again(&fa), fuse_again(&fb)), &w), POLL_READY);
	CHECK_EQ(s.winner, 0); /* and we do not want a 1: on with the others */
	select_first(&s, fuse_again(&fa), fuse_again(&fb));
	CHECK_EQ(t_poll(&s.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&s.future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(&s.future, &w), POLL_READY);
	CHECK_EQ(s.winner, 1);
	CHECK_EQ(a.polls, 1);
	future_drop(&fa.future);
	future_drop(&fb.future);
}

/* BEH macros_select::biased_eventually_ready */
TEST(select, biased_with_preconditions_serves_each_when_it_is_ready)
{
	struct t_waker w = t_waker();
	int held = 0, order[3], n = 0;
	struct leaf l[3];
	struct fuse u[3];
	struct select s;

	fuse(&u[0], leaf(&l[0], 2, &held, 1)); /* the first, but slow */
	fuse(&u[1], leaf(&l[1], 0, &held, 2));
	fuse(&u[2], leaf(&l[2], 0, &held, 3));
	while (n < 3) {
		select_first(&s, n == 2 ? fuse_again(&u[0]) : NULL, fuse_again(&u[1]),
			     n > 0 ? fuse_again(&u[2]) : NULL);
		while (t_poll(&s.future, &w) == POLL_PENDING)
			CHECK_EQ(t_wakes(&w), 1);
		order[n++] = l[s.winner].value;
	}
	CHECK_EQ(order[0], 2);
	CHECK_EQ(order[1], 3);
	CHECK_EQ(order[2], 1);
	for (int i = 0; i < 3; i++)
		future_drop(&u[i].future);
}

/* BEH futures-rs/futures/future_select_all::smoke */
/* BEH futures-rs/futures/async_await_macros::select_can_move_uncompleted_futures */
TEST(select, over_loans_leaves_the_losers_usable)
{
	struct t_waker w = t_waker();
	int held = 0, order = 0;
	struct leaf l[3];
	struct fuse u[3];
	struct future *children[3];
	struct select_array s;

	fuse(&u[0], leaf(&l[0], 4, &held, 1));
	fuse(&u[1], leaf(&l[1], 1, &held, 2));
	fuse(&u[2], leaf(&l[2], 2, &held, 3));
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 3; i++)
			children[i] = fuse_again(&u[i]);
		select_array(&s, children, 3);
		while (t_poll(&s.future, &w) == POLL_PENDING)
			CHECK(held > 0);
		if (s.winner >= 0)
			order = order * 10 + l[s.winner].value;
	}
	CHECK_EQ(order, 231); /* and in the fourth round nobody is left */
	CHECK_EQ(s.winner, -1);
	for (int i = 0; i < 3; i++)
		future_drop(&u[i].future);
	CHECK_EQ(t_held(&w), 0);
}

/* The first of three whose value is positive, as futures-rs' select_ok; 0 if there is none. */
static int first_positive(int a, int b, int c)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf l[3];
	struct fuse u[3];
	struct future *children[3];
	struct select_array s;
	int value = 0;

	fuse(&u[0], leaf(&l[0], 0, &held, a));
	fuse(&u[1], leaf(&l[1], 1, &held, b));
	fuse(&u[2], leaf(&l[2], 2, &held, c));
	do {
		for (int i = 0; i < 3; i++)
			children[i] = fuse_again(&u[i]);
		select_array(&s, children, 3);
		while (t_poll(&s.future, &w) == POLL_PENDING)
			CHECK(held > 0);
		if (s.winner >= 0)
			value = l[s.winner].value;
	} while (value <= 0 && s.winner >= 0);
	for (int i = 0; i < 3; i++)
		future_drop(&u[i].future);
	CHECK_EQ(held, 0);
	return value;
}

/* BEH futures-rs/futures/future_select_ok::ignore_err */
/* BEH futures-rs/futures/future_select_ok::last_err */
TEST(select, in_a_loop_finds_the_first_success_or_the_last_error)
{
	CHECK_EQ(first_positive(-1, -2, 3), 3);
	CHECK_EQ(first_positive(-1, 2, 3), 2);
	CHECK_EQ(first_positive(-1, -2, -3), -3);
}

TEST(select, passes_on_the_waker_of_the_latest_poll)
{
	struct t_waker w1 = t_waker(), w2 = t_waker();
	int held = 0;
	struct leaf a, b;
	struct select s;

	select_first(&s, leaf(&a, LEAF_SHUT, &held, 1), leaf(&b, LEAF_SHUT, &held, 2));
	t_poll(&s.future, &w1);
	t_poll(&s.future, &w2);
	t_poll(&s.future, &w2);
	CHECK_EQ(t_held(&w1), 0);
	leaf_open(&a);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&s.future, &w2), POLL_READY);
	CHECK_EQ(t_held(&w2), 0);
}

TEST(select, dropped_drops_every_branch)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct join both;
	struct ready r;
	struct select s;

	select_first(&s, join(&both, leaf(&a, LEAF_SHUT, &held, 1), ready(&r)), NULL,
		     leaf(&b, LEAF_SHUT, &held, 2));
	t_poll(&s.future, &w);
	CHECK_EQ(held, 2);
	future_drop(&s.future);
	CHECK_EQ(held, 0);
	CHECK_EQ(s.winner, -1);
	CHECK_EQ(t_held(&w), 0);
}

TEST(select, shows_a_backtrace_the_branches_that_are_live)
{
	struct t_waker w = t_waker();
	int held = 0;
	struct leaf a, b;
	struct select s;

	select_first(&s, leaf(&a, LEAF_SHUT, &held, 1), NULL, leaf(&b, LEAF_SHUT, &held, 2));
	t_poll(&s.future, &w);
	CHECK_STR(future_name(&s.future), "select");
	CHECK_PTR(s.future.ops->child(&s.future, 0), &a.future);
	CHECK_PTR(s.future.ops->child(&s.future, 1), &b.future);
	CHECK_PTR(s.future.ops->child(&s.future, 2), NULL);
	future_drop(&s.future);
}

TEST_BUG(select, of_a_finished_future_is_a_bug)
{
	struct t_waker w = t_waker();
	struct ready a;
	struct pending b;
	struct select s;

	t_poll(ready(&a), &w);
	t_poll(select_first(&s, &a.future, pending(&b)), &w);
}

TEST_BUG(select, must_not_be_polled_after_it_was_done)
{
	struct t_waker w = t_waker();
	struct ready a, b;
	struct select s;

	t_poll(select_first(&s, ready(&a), ready(&b)), &w);
	t_poll(&s.future, &w);
}
