/* futures_ordered: side by side, and out in the order of the pushes. */
#include "stream/futures_ordered.h"

#include "base/rand.h"
#include "future/leaf.h"
#include "t.h"
#include "t_future.h"

enum { N = 30, NONE = -1, PENDING = -2 };

struct child {
	struct leaf leaf;
	struct ordered_member member;
};

static struct scene {
	struct futures_ordered set;
	struct futures_ordered_next next;
	struct t_waker w;
	int held;
	struct child children[N];
} s;

static void scene_begin(void)
{
	t_mem_begin();
	s = (struct scene){ .w = t_waker() };
}

static int push(int i, int left)
{
	struct child *c = &s.children[i];

	return futures_ordered_push(&s.set, &c->member, leaf(&c->leaf, left, &s.held, i));
}

static int push_front(int i, int left)
{
	struct child *c = &s.children[i];

	return futures_ordered_push_front(&s.set, &c->member, leaf(&c->leaf, left, &s.held, i));
}

static int poll_next(void)
{
	if (!future_is_live(&s.next.future))
		futures_ordered_next(&s.next, &s.set);
	if (t_poll(&s.next.future, &s.w) == POLL_PENDING)
		return PENDING;
	if (!s.next.done)
		return NONE;
	CHECK_PTR(s.next.member, &future_of(s.next.done, struct child)->member);
	return future_of(s.next.done, struct leaf)->value;
}

static void scene_end(void)
{
	future_drop(&s.next.future);
	futures_ordered_clear(&s.set);
	CHECK_EQ(s.held, 0);
	CHECK_EQ(s.set.n, 0);
	CHECK_EQ(t_held(&s.w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH futures-rs/futures/stream_futures_ordered::works_1 */
TEST(futures_ordered, they_come_out_in_the_order_of_the_pushes)
{
	scene_begin();
	for (int i = 0; i < 3; i++)
		CHECK_EQ(push(i, LEAF_SHUT), 0);
	CHECK_EQ(poll_next(), PENDING);
	leaf_open(&s.children[1].leaf);
	CHECK_EQ(poll_next(), PENDING);
	leaf_open(&s.children[0].leaf);
	leaf_open(&s.children[2].leaf);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(poll_next(), i);
	CHECK_EQ(poll_next(), NONE);
	scene_end();
}

/* BEH futures-rs/futures/stream_futures_ordered::test_push_back */
TEST(futures_ordered, one_that_is_pushed_later_comes_last)
{
	scene_begin();
	for (int i = 0; i < 3; i++)
		CHECK_EQ(push(i, 0), 0);
	CHECK_EQ(poll_next(), 0);
	CHECK_EQ(push(3, 0), 0);
	for (int i = 1; i < 4; i++)
		CHECK_EQ(poll_next(), i);
	CHECK_EQ(poll_next(), NONE);
	scene_end();
}

/* BEH futures-rs/futures/stream_futures_ordered::from_iterator */
TEST(futures_ordered, what_is_ready_at_once_keeps_its_order_too)
{
	scene_begin();
	for (int i = 0; i < N; i++)
		CHECK_EQ(push(i, 0), 0);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(s.set.n, N - i);
		CHECK_EQ(poll_next(), i);
	}
	CHECK_EQ(poll_next(), NONE);
	scene_end();
}

/* BEH futures-rs/futures/stream_futures_ordered::queue_never_unblocked */
TEST(futures_ordered, behind_one_that_is_never_ready_all_others_run_and_wait)
{
	scene_begin();
	CHECK_EQ(push(0, LEAF_SHUT), 0);
	for (int i = 1; i < N; i++)
		CHECK_EQ(push(i, 0), 0);
	CHECK_EQ(poll_next(), PENDING);
	for (int i = 1; i < N; i++)
		CHECK(future_is_over(&s.children[i].leaf.future));
	for (int i = 0; i < 10; i++)
		CHECK_EQ(poll_next(), PENDING);
	CHECK_EQ(s.set.n, N);
	CHECK_EQ(s.set.running.n, 1);
	scene_end();
}

/* BEH futures-rs/futures/stream_futures_ordered::test_push_front_negative */
TEST(futures_ordered, any_number_may_be_pushed_to_the_front)
{
	scene_begin();
	CHECK_EQ(push(10, 0), 0);
	for (int i = 9; i >= 0; i--)
		CHECK_EQ(push_front(i, i % 3), 0);
	CHECK_EQ(push(11, 0), 0);
	for (int i = 0; i < 12; i++) {
		int value;

		while ((value = poll_next()) == PENDING)
			CHECK(t_wakes(&s.w) > 0);
		CHECK_EQ(value, i);
	}
	CHECK_EQ(push_front(0, 0), 0); /* into an empty one */
	CHECK_EQ(push(1, 0), 0);
	CHECK_EQ(poll_next(), 0);
	CHECK_EQ(poll_next(), 1);
	CHECK_EQ(poll_next(), NONE);
	scene_end();
}

TEST(futures_ordered, what_was_done_before_its_turn_comes_out_without_a_poll)
{
	scene_begin();
	CHECK_EQ(push(0, LEAF_SHUT), 0);
	CHECK_EQ(push(1, 0), 0);
	CHECK_EQ(poll_next(), PENDING);
	leaf_open(&s.children[0].leaf);
	CHECK_EQ(poll_next(), 0);
	CHECK_EQ(poll_next(), 1);
	CHECK_EQ(s.children[1].leaf.polls, 1);
	scene_end();
}

TEST(futures_ordered, a_push_to_the_front_wakes_whoever_waits)
{
	scene_begin();
	CHECK_EQ(push(0, LEAF_SHUT), 0);
	CHECK_EQ(poll_next(), PENDING);
	CHECK_EQ(t_wakes(&s.w), 0);
	CHECK_EQ(push_front(1, 0), 0);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), 1);
	scene_end();
}

TEST(futures_ordered, cleared_while_somebody_waits_it_tells_him_and_can_be_waited_on_again)
{
	struct futures_ordered_next second;

	scene_begin();
	CHECK_EQ(push(0, LEAF_SHUT), 0);
	CHECK_EQ(push(1, 0), 0);
	CHECK_EQ(poll_next(), PENDING);
	futures_ordered_clear(&s.set);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), NONE);
	CHECK_EQ(push(2, LEAF_SHUT), 0);
	CHECK_EQ(t_poll(futures_ordered_next(&second, &s.set), &s.w), POLL_PENDING);
	future_drop(&second.future);
	CHECK_EQ(poll_next(), PENDING);
	scene_end();
}

TEST(futures_ordered, handing_out_what_is_done_costs_budget)
{
	unsigned budget = 0;

	scene_begin();
	CHECK_EQ(push(0, 0), 0);
	futures_ordered_next(&s.next, &s.set);
	CHECK_EQ(t_poll_budget(&s.next.future, &s.w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.w), 1);
	budget = 3;
	CHECK_EQ(t_poll_budget(&s.next.future, &s.w, &budget), POLL_READY);
	CHECK_EQ(budget, 2);
	CHECK_PTR(s.next.done, &s.children[0].leaf);
	scene_end();
}

TEST(futures_ordered, a_push_without_memory_leaves_the_child_with_the_caller)
{
	int refused;

	for (int n = 0; ; n++) {
		scene_begin();
		refused = 0;
		t_mem_fail(n);
		for (int i = 0; i < N; i++)
			if (i % 2 ? push(i, 0) : push_front(i, 0)) {
				refused++;
				CHECK(future_is_live(&s.children[i].leaf.future));
			}
		CHECK_EQ(refused, t_mem_failed());
		for (int i = 0; i < N - refused; i++)
			CHECK(poll_next() >= 0);
		CHECK_EQ(poll_next(), NONE);
		scene_end();
		if (!refused)
			return;
	}
}

static bool dropped_after(unsigned k)
{
	int n_done = 0;

	scene_begin();
	for (int i = 0; i < 10; i++)
		CHECK_EQ(push(i, 10 - i), 0); /* the first is the last to be ready */
	for (unsigned i = 0; i < k && n_done < 10; i++) {
		int value = poll_next();

		if (value != PENDING)
			CHECK_EQ(value, n_done++);
		CHECK_EQ(s.set.n, 10 - n_done);
	}
	scene_end();
	return n_done == 10;
}

TEST(futures_ordered, it_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(dropped_after);
}

TEST(futures_ordered, a_dropped_wait_loses_nothing)
{
	scene_begin();
	for (int i = 0; i < N; i++)
		CHECK_EQ(push(i, i % 4), 0);
	for (int i = 0; i < N;) {
		int value = poll_next();

		if (value == PENDING)
			future_drop(&s.next.future);
		else
			CHECK_EQ(value, i++);
	}
	CHECK_EQ(poll_next(), NONE);
	scene_end();
}

/* Random pushes at either end, random ends; the model is a plain array. */
TEST(futures_ordered, does_what_a_plain_array_would_over_random_steps)
{
	struct rand rand = { 11 };
	int line[2 * N], n = 0, n_out = 0;

	scene_begin();
	for (int step = 0; step < 20000; step++) {
		int i = (int)rand_below(&rand, N), at = 0;

		while (at < n && line[at] != i)
			at++;
		if (at < n && waker_is_some(&s.children[i].leaf.waker)) {
			leaf_open(&s.children[i].leaf);
		} else if (at == n && rand_below(&rand, 2)) {
			CHECK_EQ(push(i, rand_below(&rand, 2) ? LEAF_SHUT : 0), 0);
			line[n++] = i;
		} else if (at == n) {
			CHECK_EQ(push_front(i, rand_below(&rand, 2) ? LEAF_SHUT : 0), 0);
			memmove(line + 1, line, (size_t)n++ * sizeof line[0]);
			line[0] = i;
		}
		CHECK_EQ(s.set.n, n);
		i = poll_next();
		if (i >= 0) {
			CHECK_EQ(i, line[0]);
			memmove(line, line + 1, (size_t)--n * sizeof line[0]);
			n_out++;
		} else {
			CHECK_EQ(i, n ? PENDING : NONE);
		}
	}
	CHECK(n_out > 1000);
	scene_end();
}
