/* The cancel token when things happen at the wrong moment: dropped waiters, wakers that call it. */
#include "cancel_token_scene.h"

/* BEH util/sync_cancellation_token::cancel_token_owned_drop_test */
TEST(cancel_token_cancel, a_waiter_that_is_dropped_is_not_woken)
{
	struct cancel_token t = root();
	struct cancelled c1, c2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	CHECK_EQ(start(&c1, &t, &w1), POLL_PENDING);
	CHECK_EQ(start(&c2, &t, &w2), POLL_PENDING);
	future_drop(&c1.future);
	CHECK_EQ(t_held(&w1), 0);
	cancel_token_cancel(&t);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	future_drop(&c2.future);
	cancel_token_drop(&t);
	nothing_is_left();
}

TEST(cancel_token_cancel, one_that_was_never_polled_may_be_forgotten)
{
	struct cancel_token t = root();
	struct cancelled c;

	cancelled(&c, &t);
	cancel_token_drop(&t);
	nothing_is_left();
}

static bool cancelled_after(unsigned k)
{
	struct cancel_token t = root(), child = child_of(&t);
	struct cancelled c;
	struct t_waker w[2] = { t_waker(), t_waker() };
	bool done = false;

	cancelled(&c, &child);
	for (unsigned i = 0; i < k && !done; i++) {
		if (i == 3)
			cancel_token_cancel(&t);
		done = t_poll(&c.future, &w[i % 2]) == POLL_READY;
	}
	future_drop(&c.future);
	CHECK_EQ(t_held(&w[0]) + t_held(&w[1]), 0);
	cancel_token_drop(&t);
	cancel_token_drop(&child);
	nothing_is_left();
	return done;
}

TEST(cancel_token_cancel, at_every_poll_a_drop_leaves_nothing)
{
	t_cancel_at_every_poll(cancelled_after);
}

/* What a waker does when it is called, once. */
struct reentry {
	int calls;
	struct cancel_token *token, *child, *seen[4];
	struct cancelled *victim;
};

static void cancels(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		cancel_token_cancel(r->token);
}

static void drops_all(void *arg)
{
	struct reentry *r = arg;

	for (int i = 0; i < 4; i++)
		if (r->seen[i])
			cancel_token_drop(r->seen[i]);
}

static void drops_the_victim(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		future_drop(&r->victim->future);
}

static void makes_a_child(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		*r->child = child_of(r->token);
}

static void looks_at_all(void *arg)
{
	struct reentry *r = arg;

	r->calls++;
	for (int i = 0; i < 4; i++)
		CHECK(!r->seen[i] || cancel_token_is_cancelled(r->seen[i]));
}

TEST(cancel_token_cancel, whoever_is_woken_finds_all_below_cancelled)
{
	enum { N = 200 };
	static struct cancel_token t[N];
	struct cancelled c;
	struct t_waker w = t_waker();
	struct reentry r = { .seen = { &t[0], &t[1], &t[N / 2], &t[N - 1] } };

	t[0] = root();
	for (int i = 1; i < N; i++)
		t[i] = child_of(&t[i < N / 2 ? 0 : i - 1]);
	w.on_wake = looks_at_all;
	w.arg = &r;
	CHECK_EQ(start(&c, &t[0], &w), POLL_PENDING);
	cancel_token_cancel(&t[0]);
	CHECK_EQ(r.calls, 1);
	CHECK_EQ(t_poll(&c.future, &w), POLL_READY);
	for (int i = 0; i < N; i++)
		cancel_token_drop(&t[i]);
	nothing_is_left();
}

TEST(cancel_token_cancel, a_cancel_from_inside_clone_is_found_by_the_same_poll)
{
	struct cancel_token t = root(), child = child_of(&t);
	struct cancelled c;
	struct t_waker w = t_waker();
	struct reentry r = { .token = &t };

	w.on_clone = cancels;
	w.arg = &r;
	CHECK_EQ(start(&c, &child, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
	cancel_token_drop(&t);
	cancel_token_drop(&child);
	nothing_is_left();
}

TEST(cancel_token_cancel, a_waker_may_cancel_the_same_token_or_one_above)
{
	for (int above = 0; above < 2; above++) {
		struct cancel_token t = root(), child = child_of(&t);
		struct cancelled c1, c2;
		struct t_waker w1 = t_waker(), w2 = t_waker();
		struct reentry r = { .token = above ? &t : &child };

		w1.on_wake = cancels;
		w1.arg = &r;
		CHECK_EQ(start(&c1, &child, &w1), POLL_PENDING);
		CHECK_EQ(start(&c2, &t, &w2), POLL_PENDING);
		cancel_token_cancel(&child);
		CHECK_EQ(t_wakes(&w1), 1);
		CHECK_EQ(t_wakes(&w2), above);
		CHECK_EQ(cancel_token_is_cancelled(&t), above);
		future_drop(&c1.future);
		future_drop(&c2.future);
		cancel_token_drop(&child);
		cancel_token_drop(&t);
		nothing_is_left();
	}
}

/* The tree goes while the cancel that fires the waker is still at work in it. */
TEST(cancel_token_cancel, a_waker_may_give_up_every_token)
{
	enum { N = 2 * WAKE_LIST_MAX + 1 };
	static struct cancelled c[N];
	struct cancel_token t = root(), child = child_of(&t), other = child_of(&t);
	struct t_waker w = t_waker(), last = t_waker();
	struct reentry r = { .seen = { &t, &child, &other } };

	for (int i = 0; i < N; i++)
		CHECK_EQ(start(&c[i], i % 2 ? &t : &child, i == N - 1 ? &last : &w), POLL_PENDING);
	last.on_wake = drops_all;
	last.arg = &r;
	cancel_token_cancel(&t);
	CHECK_EQ(t_wakes(&w) + t_wakes(&last), N);
	CHECK_PTR(t.node, NULL);
	nothing_is_left();
}

/* Two batches of wakes: the first drops somebody of the second, whose token goes with it. */
TEST(cancel_token_cancel, a_waker_may_drop_who_was_to_be_woken_after_it_and_give_up_its_token)
{
	enum { N = WAKE_LIST_MAX + 3 };
	static struct cancelled c[N];
	struct cancel_token t[N];
	struct t_waker w = t_waker(), first = t_waker();
	struct reentry r = { .victim = &c[N - 2], .seen = { &t[N - 2] } };

	for (int i = 0; i < N; i++) {
		t[i] = i == 0 ? root() : child_of(&t[0]);
		CHECK_EQ(start(&c[i], &t[i], i == 0 ? &first : &w), POLL_PENDING);
	}
	first.on_wake = drops_the_victim;
	first.on_drop = drops_all;
	first.arg = &r;
	cancel_token_cancel(&t[0]);
	CHECK_EQ(t_wakes(&w), N - 2);
	for (int i = 0; i < N; i++) {
		future_drop(&c[i].future);
		CHECK(i == N - 2 || cancel_token_is_cancelled(&t[i]));
		cancel_token_drop(&t[i]);
	}
	CHECK_EQ(t_held(&w) + t_held(&first), 0);
	nothing_is_left();
}

TEST(cancel_token_cancel, a_child_made_by_a_waker_is_born_cancelled)
{
	struct cancel_token t = root(), child = child_of(&t), born = { 0 };
	struct cancelled c;
	struct t_waker w = t_waker();
	struct reentry r = { .token = &child, .child = &born };

	w.on_wake = makes_a_child;
	w.arg = &r;
	CHECK_EQ(start(&c, &t, &w), POLL_PENDING);
	cancel_token_cancel(&t);
	CHECK(cancel_token_is_cancelled(&born));
	CHECK_EQ(t_poll(&c.future, &w), POLL_READY);
	cancel_token_drop(&born);
	cancel_token_drop(&child);
	cancel_token_drop(&t);
	nothing_is_left();
}

TEST(cancel_token_cancel, a_waker_that_is_dropped_with_its_waiter_may_cancel)
{
	struct cancel_token t = root();
	struct cancelled c1, c2;
	struct t_waker w1 = t_waker(), w2 = t_waker();
	struct reentry r = { .token = &t };

	w1.on_drop = cancels;
	w1.arg = &r;
	CHECK_EQ(start(&c1, &t, &w1), POLL_PENDING);
	CHECK_EQ(start(&c2, &t, &w2), POLL_PENDING);
	future_drop(&c1.future);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&c2.future, &w2), POLL_READY);
	cancel_token_drop(&t);
	nothing_is_left();
}
