/* boxed: a future and the memory it lives in. */
#include "future/boxed.h"

#include "base/mem.h"
#include "future/co.h"
#include "future/leaf.h"
#include "future/select.h"
#include "t.h"
#include "t_future.h"

static int held, released;

static void leaf_release(void *memory)
{
	released++;
	mem_free(memory, sizeof(struct leaf));
}

static struct future *boxed_leaf(struct boxed *b, int left)
{
	struct leaf *l = mem_alloc(sizeof *l);

	CHECK(l);
	return boxed(b, leaf(l, left, &held, 42), leaf_release, l);
}

TEST(boxed, keeps_the_outputs_until_it_is_freed)
{
	struct t_waker w = t_waker();
	struct boxed b;

	t_mem_begin();
	released = 0;
	CHECK_EQ(t_poll(boxed_leaf(&b, 0), &w), POLL_READY);
	CHECK_EQ(((struct leaf *)b.memory)->value, 42);
	CHECK_EQ(released, 0);
	boxed_free(&b);
	CHECK_EQ(released, 1);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(boxed, releases_exactly_once_however_often_it_is_freed_and_dropped)
{
	struct t_waker w = t_waker();
	struct boxed b = { 0 };

	t_mem_begin();
	released = 0;
	boxed_free(&b);
	CHECK_EQ(t_poll(boxed_leaf(&b, 0), &w), POLL_READY);
	future_drop(&b.future);
	CHECK_EQ(released, 0);
	boxed_free(&b);
	boxed_free(&b);
	future_drop(&b.future);
	CHECK_EQ(released, 1);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(boxed, dropped_drops_the_child_then_releases_the_memory)
{
	struct t_waker w = t_waker();
	struct boxed b;

	t_mem_begin();
	held = released = 0;
	CHECK_EQ(t_poll(boxed_leaf(&b, LEAF_SHUT), &w), POLL_PENDING);
	CHECK_EQ(held, 1);
	future_drop(&b.future);
	CHECK_EQ(held, 0);
	CHECK_EQ(released, 1);
	boxed_free(&b);
	CHECK_EQ(released, 1);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(boxed, freed_while_pending_is_cancelled)
{
	struct t_waker w = t_waker();
	struct boxed b;

	t_mem_begin();
	held = released = 0;
	CHECK_EQ(t_poll(boxed_leaf(&b, LEAF_SHUT), &w), POLL_PENDING);
	boxed_free(&b);
	CHECK_EQ(held, 0);
	CHECK_EQ(released, 1);
	CHECK(future_is_over(&b.future));
	CHECK_EQ(t_mem_live(), 0);
}

TEST(boxed, dropped_before_its_first_poll_releases_what_it_was_given)
{
	struct boxed b;

	t_mem_begin();
	released = 0;
	future_drop(boxed_leaf(&b, 3));
	CHECK_EQ(released, 1);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(boxed, without_a_release_just_forwards)
{
	struct t_waker w = t_waker();
	struct leaf l;
	struct boxed b;

	held = 0;
	boxed(&b, leaf(&l, 1, &held, 7), NULL, NULL);
	CHECK_EQ(t_poll(&b.future, &w), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_PTR(b.future.ops->child(&b.future, 0), &l.future);
	CHECK_PTR(b.future.ops->child(&b.future, 1), NULL);
	CHECK_EQ(t_poll(&b.future, &w), POLL_READY);
	boxed_free(&b);
	CHECK_EQ(l.value, 7);
}

TEST(boxed, as_a_loser_of_a_select_is_released_before_the_winner_is_known)
{
	struct t_waker w = t_waker();
	struct boxed a, b;
	struct select race;

	t_mem_begin();
	held = released = 0;
	select_first(&race, boxed_leaf(&a, LEAF_SHUT), boxed_leaf(&b, 0));
	CHECK_EQ(t_poll(&race.future, &w), POLL_READY);
	CHECK_EQ(race.winner, 1);
	CHECK_EQ(released, 1);
	boxed_free(&a);
	boxed_free(&b);
	CHECK_EQ(released, 2);
	CHECK_EQ(t_mem_live(), 0);
}

/* A coroutine that awaits itself: 1 + 2 + ... + n, one frame per number, each in a box. */
struct sum {
	struct co co;
	struct leaf wait;
	struct boxed rest;
	int n;
	int total;
};

static struct future *sum(struct sum *f, int n);

static void sum_release(void *memory)
{
	mem_free(memory, sizeof(struct sum));
}

static struct future *sum_boxed(struct boxed *b, int n)
{
	struct sum *f = mem_alloc(sizeof *f);

	CHECK(f);
	return boxed(b, sum(f, n), sum_release, f);
}

static enum poll sum_run(struct co *co, struct context *cx)
{
	struct sum *const f = co_frame(co, struct sum);

	co_begin(co);
	co_await(leaf(&f->wait, 1, &held, 0));
	if (f->n == 0)
		co_return;
	co_await(sum_boxed(&f->rest, f->n - 1));
	f->total = f->n + ((struct sum *)f->rest.memory)->total;
	co_finally {
		boxed_free(&f->rest);
	}
	co_end;
}

static struct future *sum(struct sum *f, int n)
{
	*f = (struct sum){ .co = co_init(sum_run), .n = n };
	return &f->co.future;
}

static bool cancelled_after(unsigned k)
{
	struct t_waker w = t_waker();
	bool completed = false;
	struct sum f;

	held = 0;
	t_mem_begin();
	sum(&f, 10);
	for (unsigned i = 0; i < k && !completed; i++)
		completed = t_poll(&f.co.future, &w) == POLL_READY;
	future_drop(&f.co.future);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(t_held(&w), 0);
	CHECK(!completed || f.total == 55);
	return completed;
}

TEST(boxed, lets_a_coroutine_await_itself_and_be_cancelled_at_any_depth)
{
	t_cancel_at_every_poll(cancelled_after);
}

TEST_BUG(boxed, must_not_be_polled_after_it_was_done)
{
	struct t_waker w = t_waker();
	struct leaf l;
	struct boxed b;

	t_poll(boxed(&b, leaf(&l, 0, &held, 1), NULL, NULL), &w);
	t_poll(&b.future, &w);
}
