/*
 * The once cell when things happen at the wrong moment: a turn that is given up goes to who waits,
 * whenever that is, and a value that is made is there for all.
 */
#include "once_cell_scene.h"

static bool nobody_holds_a_waker(struct user *a, struct user *b)
{
	return t_held(&a->waker) == 0 && t_held(&b->waker) == 0;
}

TEST(once_cell_cancel, who_is_dropped_while_he_makes_it_gives_his_turn_to_the_next)
{
	struct user a, b;

	cell_begin();
	CHECK_EQ(user(&a, 1, 1, 0), POLL_PENDING);
	CHECK_EQ(user(&b, 0, 2, 0), POLL_PENDING);
	future_drop(&a.get.future);
	CHECK_EQ(a.get.err, -ECANCELED);
	CHECK(future_is_over(&a.maker.future));
	CHECK_EQ(t_wakes(&b.waker), 1);
	CHECK_EQ(user_poll(&b), POLL_READY);
	CHECK_EQ(get(), 2);
	CHECK(nobody_holds_a_waker(&a, &b));
	cell_end();
}

TEST(once_cell_cancel, who_is_dropped_when_it_is_his_turn_unpolled_gives_it_to_the_next)
{
	struct user a, b, c;

	cell_begin();
	CHECK_EQ(user(&a, 1, 0, -EIO), POLL_PENDING);
	CHECK_EQ(user(&b, 0, 2, 0), POLL_PENDING);
	CHECK_EQ(user(&c, 0, 3, 0), POLL_PENDING);
	CHECK_EQ(user_poll(&a), POLL_READY);
	future_drop(&b.get.future);
	CHECK_EQ(b.maker.polls, 0);
	CHECK_EQ(t_wakes(&c.waker), 1);
	CHECK_EQ(user_poll(&c), POLL_READY);
	CHECK_EQ(get(), 3);
	cell_end();
}

TEST(once_cell_cancel, with_nobody_waiting_the_cell_is_empty_again)
{
	struct user a;

	cell_begin();
	CHECK_EQ(user(&a, 1, 1, 0), POLL_PENDING);
	future_drop(&a.get.future);
	CHECK_EQ(set(5), 0);
	CHECK_EQ(get(), 5);
	cell_end();
}

TEST(once_cell_cancel, one_that_waits_is_dropped_with_its_future_and_nobody_notices)
{
	struct user a, b;

	cell_begin();
	CHECK_EQ(user(&a, 1, 1, 0), POLL_PENDING);
	CHECK_EQ(user(&b, 0, 2, 0), POLL_PENDING);
	future_drop(&b.get.future);
	CHECK(future_is_over(&b.maker.future));
	CHECK_EQ(user_poll(&a), POLL_READY);
	CHECK_EQ(get(), 1);
	CHECK_EQ(t_wakes(&b.waker), 0);
	CHECK(nobody_holds_a_waker(&a, &b));
	cell_end();
}

TEST(once_cell_cancel, one_that_was_never_polled_drops_its_future)
{
	struct user a;

	cell_begin();
	once_cell_get_or_init(&a.get, &cell, maker(&a.maker, 0, 1, 0));
	future_drop(&a.get.future);
	CHECK(future_is_over(&a.maker.future));
	CHECK_EQ(set(5), 0);
	cell_end();
}

TEST(once_cell_cancel, one_that_waits_for_a_set_may_be_dropped)
{
	struct once_cell_wait wait;
	struct t_waker w = t_waker();

	cell_begin();
	CHECK_EQ(t_poll(once_cell_wait(&wait, &cell), &w), POLL_PENDING);
	future_drop(&wait.acquire.future);
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(set(5), 0);
	CHECK_EQ(t_wakes(&w), 0);
	cell_end();
}

/* The one that is dropped after k polls first waits for another, which fails, and then makes it. */
static bool cancelled_after(unsigned k)
{
	struct user other, u, next;
	struct t_waker w[2] = { t_waker(), t_waker() };
	bool done = false;

	cell_begin();
	CHECK_EQ(user(&other, 1, 0, -EIO), POLL_PENDING);
	once_cell_get_or_try_init(&u.get, &cell, maker(&u.maker, 3, 1, 0), &u.maker.result);
	for (unsigned i = 0; i < k && !done; i++) {
		if (i == 3)
			CHECK_EQ(user_poll(&other), POLL_READY);
		done = t_poll(&u.get.future, &w[i % 2]) == POLL_READY;
	}
	CHECK_EQ(u.get.err, done ? 0 : -ECANCELED);
	future_drop(&u.get.future);
	future_drop(&other.get.future);
	CHECK_EQ(t_held(&w[0]) + t_held(&w[1]) + t_held(&other.waker), 0);
	CHECK_EQ(user(&next, 0, 2, 0), POLL_READY);
	CHECK_EQ(get(), done ? 1 : 2);
	cell_end();
	return done;
}

TEST(once_cell_cancel, at_every_poll_a_drop_leaves_the_turn_to_others)
{
	t_cancel_at_every_poll(cancelled_after);
}

static bool wait_cancelled_after(unsigned k)
{
	struct once_cell_wait wait;
	struct t_waker w[2] = { t_waker(), t_waker() };
	bool done = false;

	cell_begin();
	once_cell_wait(&wait, &cell);
	for (unsigned i = 0; i < k && !done; i++) {
		if (i == 3)
			CHECK_EQ(set(5), 0);
		done = t_poll(&wait.acquire.future, &w[i % 2]) == POLL_READY;
	}
	future_drop(&wait.acquire.future);
	CHECK_EQ(t_held(&w[0]) + t_held(&w[1]), 0);
	cell_end();
	return done;
}

TEST(once_cell_cancel, at_every_poll_one_that_only_waits_leaves_nothing)
{
	t_cancel_at_every_poll(wait_cancelled_after);
}

/* --- Wakers that use it --- */

struct reentry {
	int calls, seen, set;
	struct user *user;
};

static void looks(void *arg)
{
	struct reentry *r = arg;

	r->calls++;
	r->seen = get();
	r->set = set(9);
}

static void sets(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		r->set = set(9);
}

static void drops_the_user(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		future_drop(&r->user->get.future);
}

TEST(once_cell_cancel, whoever_is_woken_finds_the_value)
{
	struct once_cell_wait wait;
	struct t_waker w = t_waker();
	struct reentry r = { 0 };

	cell_begin();
	w.on_wake = looks;
	w.arg = &r;
	CHECK_EQ(t_poll(once_cell_wait(&wait, &cell), &w), POLL_PENDING);
	CHECK_EQ(set(5), 0);
	CHECK_EQ(r.calls, 1);
	CHECK_EQ(r.seen, 5);
	CHECK_EQ(r.set, -EEXIST);
	CHECK_EQ(t_poll(&wait.acquire.future, &w), POLL_READY);
	cell_end();
}

TEST(once_cell_cancel, a_set_from_inside_clone_is_found_by_the_same_poll)
{
	struct once_cell_wait wait;
	struct t_waker w = t_waker();
	struct reentry r = { 0 };

	cell_begin();
	w.on_clone = sets;
	w.arg = &r;
	CHECK_EQ(t_poll(once_cell_wait(&wait, &cell), &w), POLL_READY);
	CHECK_EQ(get(), 9);
	CHECK_EQ(t_held(&w), 0);
	cell_end();
}

TEST(once_cell_cancel, a_waker_may_drop_the_one_whose_turn_it_has_become)
{
	struct user a, b, c;
	struct reentry r = { .user = &b };

	cell_begin();
	CHECK_EQ(user(&a, 1, 0, -EIO), POLL_PENDING);
	CHECK_EQ(user(&b, 0, 2, 0), POLL_PENDING);
	CHECK_EQ(user(&c, 0, 3, 0), POLL_PENDING);
	b.waker.on_wake = drops_the_user;
	b.waker.arg = &r;
	CHECK_EQ(user_poll(&a), POLL_READY);
	CHECK_EQ(r.calls, 1);
	CHECK_EQ(t_wakes(&c.waker), 1);
	CHECK_EQ(user_poll(&c), POLL_READY);
	CHECK_EQ(get(), 3);
	CHECK(nobody_holds_a_waker(&a, &b));
	cell_end();
}

/* A future that looks at its own cell, and tries to set it, while it makes the value. */
static enum poll tries_itself_poll(struct future *f, struct context *cx)
{
	(void)f;
	(void)cx;
	CHECK_EQ(get(), -1);
	CHECK_EQ(set(8), -EALREADY);
	variable = value(1);
	return POLL_READY;
}

static const struct future_ops tries_itself_ops =
	FUTURE_OPS("tries_itself", tries_itself_poll, NULL);

TEST(once_cell_cancel, the_cell_is_busy_also_for_the_future_that_makes_its_value)
{
	struct future tries_itself = future_init(&tries_itself_ops);
	struct once_cell_get_or_init g;
	struct t_waker w = t_waker();

	cell_begin();
	CHECK_EQ(t_poll(once_cell_get_or_init(&g, &cell, &tries_itself), &w), POLL_READY);
	CHECK_EQ(get(), 1);
	cell_end();
}

TEST(once_cell_cancel, backtraces_show_the_turn_and_then_the_future)
{
	struct user a, b;

	cell_begin();
	CHECK_EQ(user(&a, 1, 0, 0), POLL_PENDING);
	CHECK_EQ(user(&b, 0, 0, 0), POLL_PENDING);
	CHECK_PTR(a.get.future.ops->child(&a.get.future, 0), &a.maker.future);
	CHECK_STR(future_name(b.get.future.ops->child(&b.get.future, 0)), "once_cell_turn");
	CHECK_PTR(a.get.future.ops->child(&a.get.future, 1), NULL);
	future_drop(&b.get.future);
	future_drop(&a.get.future);
	cell_end();
}
