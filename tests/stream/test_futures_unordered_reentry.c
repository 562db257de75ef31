/*
 * futures_unordered called at the wrong moment: by wakers while they are cloned, called or dropped,
 * and by children while they are polled.
 */
#include "stream/futures_unordered.h"

#include "future/leaf.h"
#include "future/poll_fn.h"
#include "t.h"
#include "t_bug.h"
#include "t_future.h"

enum { N = 3 };

struct child {
	struct leaf leaf;
	struct futures_member member;
};

static struct scene {
	struct futures_unordered set;
	struct futures_unordered_next next;
	struct t_waker w;
	int held;
	struct child children[N], guest;
	struct poll_fn fn;
	struct futures_member fn_member;
	int n_calls;
} s;

static void scene_begin(int left)
{
	t_mem_begin();
	s = (struct scene){ .w = t_waker() };
	for (int i = 0; i < N; i++)
		CHECK_EQ(futures_unordered_push(&s.set, &s.children[i].member,
						leaf(&s.children[i].leaf, left, &s.held, i)), 0);
	futures_unordered_next(&s.next, &s.set);
}

static enum poll poll_next(void)
{
	return t_poll(&s.next.future, &s.w);
}

static void scene_end(void)
{
	future_drop(&s.next.future);
	futures_unordered_clear(&s.set);
	CHECK_EQ(s.held, 0);
	CHECK_EQ(t_held(&s.w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static void push_guest(int left)
{
	CHECK_EQ(futures_unordered_push(&s.set, &s.guest.member,
					leaf(&s.guest.leaf, left, &s.held, N)), 0);
}

/* --- What wakers do --- */

static bool is_first_call(void)
{
	return s.n_calls++ == 0;
}

static void open_one(void *arg)
{
	(void)arg;
	if (is_first_call())
		leaf_open(&s.children[1].leaf);
}

static void push_one(void *arg)
{
	(void)arg;
	if (is_first_call())
		push_guest(0);
}

static void remove_all(void *arg)
{
	(void)arg;
	if (is_first_call())
		for (int i = 0; i < N; i++)
			futures_unordered_remove(&s.set, &s.children[i].member);
}

TEST(futures_unordered_reentry, a_child_that_is_woken_while_the_waker_is_cloned_is_not_missed)
{
	scene_begin(LEAF_SHUT);
	s.w.on_clone = open_one;
	CHECK_EQ(poll_next(), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), POLL_READY);
	CHECK_PTR(s.next.done, &s.children[1].leaf);
	scene_end();
}

TEST(futures_unordered_reentry, a_child_that_is_pushed_while_the_waker_is_cloned_is_not_missed)
{
	scene_begin(LEAF_SHUT);
	s.w.on_clone = push_one;
	CHECK_EQ(poll_next(), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), POLL_READY);
	CHECK_PTR(s.next.done, &s.guest.leaf);
	scene_end();
}

TEST(futures_unordered_reentry, an_end_that_comes_while_the_waker_is_cloned_is_not_missed)
{
	scene_begin(LEAF_SHUT);
	s.w.on_clone = remove_all;
	CHECK_EQ(poll_next(), POLL_PENDING);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(poll_next(), POLL_READY);
	CHECK_PTR(s.next.done, NULL);
	scene_end();
}

TEST(futures_unordered_reentry, a_stale_waker_may_use_the_set_when_it_is_dropped)
{
	void (*const calls[])(void *) = { open_one, push_one, remove_all };

	for (int i = 0; i < 3; i++) {
		struct t_waker stale = t_waker();

		scene_begin(LEAF_SHUT);
		stale.on_drop = calls[i];
		CHECK_EQ(t_poll(&s.next.future, &stale), POLL_PENDING);
		CHECK_EQ(poll_next(), POLL_PENDING);
		CHECK_EQ(t_held(&stale), 0);
		CHECK(t_wakes(&s.w) > 0);
		CHECK_EQ(poll_next(), POLL_READY);
		scene_end();
	}
}

static void poll_again(void *arg)
{
	(void)arg;
	if (is_first_call())
		CHECK_EQ(poll_next(), POLL_READY);
}

TEST(futures_unordered_reentry, a_wake_may_poll_the_set_in_the_midst_of_a_push)
{
	scene_begin(LEAF_SHUT);
	CHECK_EQ(poll_next(), POLL_PENDING);
	s.w.on_wake = poll_again;
	push_guest(0);
	CHECK_PTR(s.next.done, &s.guest.leaf);
	CHECK_EQ(s.set.n, N);
	scene_end();
}

TEST(futures_unordered_reentry, a_wake_may_poll_the_set_in_the_midst_of_a_removal_or_a_clear)
{
	for (int cleared = 0; cleared < 2; cleared++) {
		scene_begin(LEAF_SHUT);
		CHECK_EQ(poll_next(), POLL_PENDING);
		s.w.on_wake = poll_again;
		if (cleared)
			futures_unordered_clear(&s.set);
		for (int i = 0; i < N; i++)
			futures_unordered_remove(&s.set, &s.children[i].member);
		CHECK_PTR(s.next.done, NULL);
		CHECK(future_is_over(&s.next.future));
		scene_end();
	}
}

static void push_in_wake(void *arg)
{
	(void)arg;
	if (is_first_call())
		push_guest(LEAF_SHUT);
}

TEST(futures_unordered_reentry, a_wake_may_push_while_the_set_is_cleared)
{
	scene_begin(LEAF_SHUT);
	CHECK_EQ(poll_next(), POLL_PENDING);
	s.w.on_wake = push_in_wake;
	futures_unordered_clear(&s.set);
	CHECK_EQ(s.set.n, 1);
	CHECK_EQ(poll_next(), POLL_PENDING);
	leaf_open(&s.guest.leaf);
	CHECK_EQ(poll_next(), POLL_READY);
	CHECK_PTR(s.next.done, &s.guest.leaf);
	scene_end();
}

/* --- What children do --- */

static void push_fn(enum poll (*fn)(void *, struct context *))
{
	CHECK_EQ(futures_unordered_push(&s.set, &s.fn_member, poll_fn(&s.fn, fn, NULL)), 0);
}

static enum poll pushes_another(void *arg, struct context *cx)
{
	(void)arg, (void)cx;
	push_guest(0);
	return POLL_READY;
}

TEST(futures_unordered_reentry, a_child_may_push_another_while_it_is_polled)
{
	scene_begin(LEAF_SHUT);
	push_fn(pushes_another);
	CHECK_EQ(poll_next(), POLL_READY);
	CHECK_PTR(s.next.done, &s.fn);
	CHECK_EQ(s.set.n, N + 1);
	futures_unordered_next(&s.next, &s.set);
	CHECK_EQ(poll_next(), POLL_READY);
	CHECK_PTR(s.next.done, &s.guest.leaf);
	scene_end();
}

static enum poll removes_the_others(void *arg, struct context *cx)
{
	(void)arg, (void)cx;
	for (int i = 0; i < N; i++)
		futures_unordered_remove(&s.set, &s.children[i].member);
	return POLL_PENDING;
}

TEST(futures_unordered_reentry, a_child_may_remove_those_who_are_queued_behind_it)
{
	scene_begin(LEAF_SHUT);
	for (int i = 0; i < N; i++)
		futures_unordered_remove(&s.set, &s.children[i].member);
	push_fn(removes_the_others);
	for (int i = 0; i < N; i++)
		CHECK_EQ(futures_unordered_push(&s.set, &s.children[i].member,
						leaf(&s.children[i].leaf, 0, &s.held, i)), 0);
	CHECK_EQ(poll_next(), POLL_PENDING);
	CHECK_EQ(s.set.n, 1);
	for (int i = 0; i < N; i++)
		CHECK_EQ(s.children[i].leaf.polls, 0);
	scene_end();
}

/* A set in a set: the inner one's wakes go through the outer one's wakers. */
TEST(futures_unordered_reentry, the_next_of_one_set_may_be_a_child_of_another)
{
	struct futures_unordered outer = { 0 };
	struct futures_unordered_next any;
	struct futures_member member = { 0 };

	scene_begin(LEAF_SHUT);
	CHECK_EQ(futures_unordered_push(&outer, &member, &s.next.future), 0);
	futures_unordered_next(&any, &outer);
	CHECK_EQ(t_poll(&any.future, &s.w), POLL_PENDING);
	CHECK_EQ(s.held, N);
	leaf_open(&s.children[2].leaf);
	CHECK_EQ(t_wakes(&s.w), 1);
	CHECK_EQ(t_poll(&any.future, &s.w), POLL_READY);
	CHECK_PTR(any.done, &s.next);
	CHECK_PTR(s.next.done, &s.children[2].leaf);
	futures_unordered_clear(&outer);
	scene_end();
}

static enum poll removes_itself(void *arg, struct context *cx)
{
	(void)arg, (void)cx;
	futures_unordered_remove(&s.set, &s.fn_member);
	return POLL_PENDING;
}

static enum poll clears_the_set(void *arg, struct context *cx)
{
	(void)arg, (void)cx;
	futures_unordered_clear(&s.set);
	return POLL_PENDING;
}

TEST_BUG(futures_unordered_reentry, a_child_that_removes_itself_in_its_own_poll_is_a_bug)
{
	scene_begin(LEAF_SHUT);
	push_fn(removes_itself);
	poll_next();
}

TEST_BUG(futures_unordered_reentry, a_child_that_clears_the_set_in_its_own_poll_is_a_bug)
{
	scene_begin(LEAF_SHUT);
	push_fn(clears_the_set);
	poll_next();
}
