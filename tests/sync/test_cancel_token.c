/* The cancel token, one thread, polled by hand: who is cancelled, and who is woken. */
#include "cancel_token_scene.h"

/* BEH util/sync_cancellation_token::cancel_token */
/* BEH util/sync_cancellation_token::cancel_token_owned */
TEST(cancel_token, who_waits_is_woken_once_and_who_comes_later_need_not_wait)
{
	struct cancel_token t = root();
	struct cancelled before, after;
	struct t_waker w = t_waker(), late = t_waker();

	CHECK(!cancel_token_is_cancelled(&t));
	CHECK_EQ(start(&before, &t, &w), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 0);
	cancel_token_cancel(&t);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_held(&w), 0);
	CHECK(cancel_token_is_cancelled(&t));
	CHECK_EQ(t_poll(&before.future, &w), POLL_READY);
	CHECK_EQ(start(&after, &t, &late), POLL_READY);
	CHECK_EQ(late.clones, 0);
	cancel_token_drop(&t);
	nothing_is_left();
}

TEST(cancel_token, cancelling_twice_is_cancelling_once)
{
	struct cancel_token t = root();
	struct cancelled c;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&c, &t, &w), POLL_PENDING);
	cancel_token_cancel(&t);
	cancel_token_cancel(&t);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&c.future, &w), POLL_READY);
	cancel_token_drop(&t);
	nothing_is_left();
}

TEST(cancel_token, a_clone_is_the_same_token_and_outlives_the_first)
{
	struct cancel_token t = root(), same = cancel_token_clone(&t);
	struct cancelled c;
	struct t_waker w = t_waker();

	cancel_token_drop(&t);
	CHECK_PTR(t.node, NULL);
	CHECK(!cancel_token_is_cancelled(&same));
	CHECK_EQ(start(&c, &same, &w), POLL_PENDING);
	cancel_token_cancel(&same);
	CHECK_EQ(t_poll(&c.future, &w), POLL_READY);
	cancel_token_drop(&same);
	nothing_is_left();
}

TEST(cancel_token, a_token_that_was_never_made_or_is_given_up_may_be_cancelled_and_dropped)
{
	struct cancel_token none = { 0 }, t = root();

	cancel_token_cancel(&none);
	CHECK(!cancel_token_is_cancelled(&none));
	cancel_token_drop(&none);
	cancel_token_drop(&t);
	cancel_token_cancel(&t);
	cancel_token_drop(&t);
	nothing_is_left();
}

/* BEH util/sync_cancellation_token::cancel_child_token_through_parent */
TEST(cancel_token, a_parent_takes_its_children_and_a_child_nobody)
{
	struct cancel_token parent = root(), child = child_of(&parent), other = child_of(&parent);
	struct cancelled c1, c2, c3;
	struct t_waker w1 = t_waker(), w2 = t_waker(), w3 = t_waker();

	CHECK_EQ(start(&c1, &parent, &w1), POLL_PENDING);
	CHECK_EQ(start(&c2, &child, &w2), POLL_PENDING);
	CHECK_EQ(start(&c3, &other, &w3), POLL_PENDING);
	cancel_token_cancel(&child);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_wakes(&w1) + t_wakes(&w3), 0);
	CHECK(!cancel_token_is_cancelled(&parent) && !cancel_token_is_cancelled(&other));
	cancel_token_cancel(&parent);
	CHECK_EQ(t_wakes(&w1), 1);
	CHECK_EQ(t_wakes(&w3), 1);
	CHECK_EQ(t_wakes(&w2), 0);
	CHECK(cancel_token_is_cancelled(&parent) && cancel_token_is_cancelled(&other));
	CHECK_EQ(t_poll(&c1.future, &w1), POLL_READY);
	CHECK_EQ(t_poll(&c2.future, &w2), POLL_READY);
	CHECK_EQ(t_poll(&c3.future, &w3), POLL_READY);
	cancel_token_drop(&other);
	cancel_token_drop(&child);
	cancel_token_drop(&parent);
	nothing_is_left();
}

/* BEH util/sync_cancellation_token::cancel_grandchild_token_through_parent_if_child_was_dropped */
TEST(cancel_token, a_grandchild_is_reached_although_the_one_between_is_gone)
{
	struct cancel_token parent = root(), child = child_of(&parent), grand = child_of(&child);
	struct cancelled c;
	struct t_waker w = t_waker();

	CHECK_EQ(start(&c, &grand, &w), POLL_PENDING);
	cancel_token_drop(&child);
	CHECK(!cancel_token_is_cancelled(&grand));
	cancel_token_cancel(&parent);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK(cancel_token_is_cancelled(&grand));
	CHECK_EQ(t_poll(&c.future, &w), POLL_READY);
	cancel_token_drop(&parent);
	cancel_token_drop(&grand);
	nothing_is_left();
}

/* BEH util/sync_cancellation_token::create_child_token_after_parent_was_cancelled */
TEST(cancel_token, a_child_of_a_cancelled_one_is_born_cancelled)
{
	struct cancel_token parent = root(), child, grand;
	struct cancelled c;
	struct t_waker w = t_waker();

	cancel_token_cancel(&parent);
	child = child_of(&parent);
	cancel_token_drop(&parent);
	grand = child_of(&child);
	CHECK(cancel_token_is_cancelled(&child) && cancel_token_is_cancelled(&grand));
	CHECK_EQ(start(&c, &grand, &w), POLL_READY);
	cancel_token_cancel(&child);
	cancel_token_drop(&child);
	cancel_token_drop(&grand);
	nothing_is_left();
}

/* BEH util/sync_cancellation_token::drop_multiple_child_tokens */
TEST(cancel_token, children_given_up_in_any_order_leave_the_parent_live)
{
	enum { N = 3 };
	static const int order[][N] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		struct cancel_token parent = root(), child[N];

		for (int k = 0; k < N; k++)
			child[k] = child_of(&parent);
		CHECK(!cancel_token_is_cancelled(&parent));
		for (int k = 0; k < N; k++) {
			cancel_token_drop(&child[order[i][k]]);
			CHECK(!cancel_token_is_cancelled(&parent));
		}
		cancel_token_drop(&parent);
		nothing_is_left();
	}
}

/* BEH util/sync_cancellation_token::cancel_only_all_descendants */
TEST(cancel_token, exactly_those_below_are_cancelled)
{
	/* Each with its parent; 2 is the one that is cancelled, 3 to 7 are below it. */
	enum { N = 9, CANCELLED = 2, LAST = 7 };
	static const int parent[N] = { -1, 0, 0, 2, 2, 3, 5, 4, 0 };
	struct cancel_token t[N];
	struct cancelled c[N];
	struct t_waker w = t_waker(), spared = t_waker();

	for (int i = 0; i < N; i++) {
		bool is_below = i >= CANCELLED && i <= LAST;

		t[i] = i == 0 ? root() : child_of(&t[parent[i]]);
		CHECK_EQ(start(&c[i], &t[i], is_below ? &w : &spared), POLL_PENDING);
	}
	cancel_token_cancel(&t[CANCELLED]);
	CHECK_EQ(t_wakes(&w), 6);
	CHECK_EQ(t_wakes(&spared), 0);
	for (int i = 0; i < N; i++) {
		bool is_below = i >= CANCELLED && i <= LAST;

		CHECK_EQ(cancel_token_is_cancelled(&t[i]), is_below);
		CHECK_EQ(t_poll(&c[i].future, is_below ? &w : &spared),
			 is_below ? POLL_READY : POLL_PENDING);
		future_drop(&c[i].future);
		cancel_token_drop(&t[i]);
	}
	CHECK_EQ(t_held(&w) + t_held(&spared), 0);
	nothing_is_left();
}

/* BEH util/sync_cancellation_token::drop_parent_before_child_tokens */
TEST(cancel_token, a_parent_that_is_given_up_cancels_nobody)
{
	struct cancel_token parent = root(), a = child_of(&parent), b = child_of(&parent);
	struct cancel_token below = child_of(&a);

	cancel_token_drop(&parent);
	CHECK(!cancel_token_is_cancelled(&a) && !cancel_token_is_cancelled(&b));
	cancel_token_cancel(&a);
	CHECK(cancel_token_is_cancelled(&below) && !cancel_token_is_cancelled(&b));
	cancel_token_drop(&a);
	cancel_token_drop(&b);
	cancel_token_drop(&below);
	nothing_is_left();
}

/* What was the root's has no parent any more: a ring of orphans, which must hold all the same. */
TEST(cancel_token, orphans_can_be_parents_be_cancelled_and_be_given_up)
{
	enum { N = 5 };
	struct cancel_token parent = root(), orphan[N], grand[N];

	for (int i = 0; i < N; i++)
		orphan[i] = child_of(&parent);
	cancel_token_drop(&parent);
	for (int i = 0; i < N; i++)
		grand[i] = child_of(&orphan[i]);
	cancel_token_cancel(&orphan[2]);
	cancel_token_drop(&orphan[0]);
	for (int i = 1; i < N; i++) {
		cancel_token_cancel(&orphan[i]);
		CHECK(cancel_token_is_cancelled(&grand[i]));
		cancel_token_drop(&orphan[i]);
	}
	CHECK(!cancel_token_is_cancelled(&grand[0]));
	for (int i = 0; i < N; i++)
		cancel_token_drop(&grand[i]);
	nothing_is_left();
}

/* A chain too long for any recursion, cut in the middle by tokens that are given up. */
TEST(cancel_token, a_chain_of_100000_is_cancelled_to_its_end)
{
	enum { N = 100000 };
	static struct cancel_token t[N];
	struct cancelled c;
	struct t_waker w = t_waker();

	t[0] = root();
	for (int i = 1; i < N; i++)
		t[i] = child_of(&t[i - 1]);
	CHECK_EQ(start(&c, &t[N - 1], &w), POLL_PENDING);
	for (int i = 1; i < N - 1; i += 3)
		cancel_token_drop(&t[i]);
	cancel_token_cancel(&t[0]);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&c.future, &w), POLL_READY);
	for (int i = 0; i < N; i++) {
		CHECK(!t[i].node || cancel_token_is_cancelled(&t[i]));
		cancel_token_drop(&t[i]);
	}
	nothing_is_left();
}

TEST(cancel_token, a_chain_is_given_up_from_its_top)
{
	enum { N = 100000 };
	static struct cancel_token t[N];

	t[0] = root();
	for (int i = 1; i < N; i++)
		t[i] = child_of(&t[i - 1]);
	for (int i = 0; i < N; i++)
		cancel_token_drop(&t[i]);
	nothing_is_left();
}

TEST(cancel_token, all_are_woken_in_their_order_however_many_they_are)
{
	enum { N = 5 * WAKE_LIST_MAX };
	static struct cancelled c[N];
	static struct cancel_token t[N];
	struct t_waker w = t_waker();
	struct cancel_token parent = root();

	for (int i = 0; i < N; i++) {
		t[i] = child_of(&parent);
		CHECK_EQ(start(&c[i], i % 2 ? &t[i] : &parent, &w), POLL_PENDING);
	}
	cancel_token_cancel(&parent);
	CHECK_EQ(t_wakes(&w), N);
	CHECK_EQ(t_held(&w), 0);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(t_poll(&c[i].future, &w), POLL_READY);
		CHECK(cancel_token_is_cancelled(&t[i]));
		cancel_token_drop(&t[i]);
	}
	cancel_token_drop(&parent);
	nothing_is_left();
}

TEST(cancel_token, polled_again_with_the_same_waker_it_clones_nothing_and_with_another_it_moves)
{
	struct cancel_token t = root();
	struct cancelled c;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	CHECK_EQ(start(&c, &t, &w1), POLL_PENDING);
	CHECK_EQ(t_poll(&c.future, &w1), POLL_PENDING);
	CHECK_EQ(w1.clones, 1);
	CHECK_EQ(t_poll(&c.future, &w2), POLL_PENDING);
	CHECK_EQ(t_held(&w1), 0);
	cancel_token_cancel(&t);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&c.future, &w2), POLL_READY);
	cancel_token_drop(&t);
	nothing_is_left();
}

TEST(cancel_token, without_budget_it_yields_cancelled_or_not)
{
	struct cancel_token t = root();
	struct cancelled c;
	struct t_waker w = t_waker();
	unsigned none = 0, one = 1;

	cancel_token_cancel(&t);
	cancelled(&c, &t);
	CHECK_EQ(t_poll_budget(&c.future, &w, &none), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll_budget(&c.future, &w, &one), POLL_READY);
	CHECK_EQ(one, 0);
	cancel_token_drop(&t);
	nothing_is_left();
}

TEST(cancel_token, without_memory_there_is_no_token_and_the_others_are_as_they_were)
{
	struct cancel_token parent = root(), t = { parent.node };

	t_mem_fail(0);
	CHECK_EQ(cancel_token_init(&t), -ENOMEM);
	CHECK_PTR(t.node, NULL);
	t = parent;
	t_mem_fail(0);
	CHECK_EQ(cancel_token_child(&t, &parent), -ENOMEM);
	CHECK_PTR(t.node, NULL);
	t = child_of(&parent);
	cancel_token_cancel(&parent);
	CHECK(cancel_token_is_cancelled(&t));
	cancel_token_drop(&t);
	cancel_token_drop(&parent);
	nothing_is_left();
}

TEST_BUG(cancel_token, giving_up_a_token_that_is_waited_for_is_a_bug)
{
	struct cancel_token t = root();
	struct cancelled c;
	struct t_waker w = t_waker();

	start(&c, &t, &w);
	cancel_token_drop(&t);
}

TEST_BUG(cancel_token, a_child_of_none_is_a_bug)
{
	struct cancel_token t = { 0 }, child;

	cancel_token_child(&child, &t);
}
