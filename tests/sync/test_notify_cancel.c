/*
 * The notify when things happen at the wrong moment: dropped waiters, and wakers that call it back.
 * A notification for one reaches one, or is stored.
 */
#include "t.h"
#include "t_future.h"

#include "sync/notify.h"

static struct notify notify;

static enum poll start(struct notified *n, struct t_waker *w)
{
	return t_poll(notified(n, &notify), w);
}

static bool was_stored(void)
{
	struct notified n;
	struct t_waker w = t_waker();
	bool stored = start(&n, &w) == POLL_READY;

	future_drop(&n.future);
	return stored;
}

/* BEH sync_notify::notified_drop_notified_notify */
TEST(notify_cancel, a_dropped_waiter_is_skipped)
{
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	future_drop(&n1.future);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
	CHECK_EQ(t_held(&w1), 0);
}

/* BEH sync_notify::notified_multi_notify_drop_one */
/* BEH sync_notify_owned::notified_multi_notify_drop_one */
TEST(notify_cancel, one_notified_but_dropped_unpolled_passes_it_on)
{
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w1), 1);
	CHECK_EQ(t_wakes(&w2), 0);
	future_drop(&n1.future);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
	CHECK(!was_stored());
}

/* BEH sync_notify_owned::notified_multi_notify_one_drop */
TEST(notify_cancel, what_is_passed_on_goes_to_who_then_waits_longest)
{
	struct notified n1, n2, n3;
	struct t_waker w1 = t_waker(), w2 = t_waker(), w3 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	CHECK_EQ(start(&n3, &w3), POLL_PENDING);
	notify_one(&notify);
	future_drop(&n1.future);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_wakes(&w3), 0);
	future_drop(&n2.future);
	CHECK_EQ(t_wakes(&w3), 1);
	future_drop(&n3.future);
	CHECK(was_stored());
}

/* BEH sync_notify::notified_multi_notify_last_drop */
/* BEH sync_notify_owned::notified_multi_notify_last_drop */
TEST(notify_cancel, what_notify_last_gave_is_passed_on_to_who_then_came_last)
{
	struct notified n1, n2, n3;
	struct t_waker w1 = t_waker(), w2 = t_waker(), w3 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	CHECK_EQ(start(&n3, &w3), POLL_PENDING);
	notify_last(&notify);
	CHECK_EQ(t_wakes(&w3), 1);
	future_drop(&n3.future);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
	CHECK_EQ(t_poll(&n1.future, &w1), POLL_PENDING);
	future_drop(&n1.future);
	CHECK(!was_stored());
}

TEST(notify_cancel, with_nobody_to_pass_it_on_to_it_is_stored)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n, &w), POLL_PENDING);
	notify_last(&notify);
	future_drop(&n.future);
	CHECK(was_stored());
}

TEST(notify_cancel, one_notified_with_all_has_nothing_to_pass_on)
{
	struct notified n1, n2;
	struct t_waker w = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w), POLL_PENDING);
	notify_waiters(&notify);
	CHECK_EQ(start(&n2, &w), POLL_PENDING);
	t_wakes(&w);
	future_drop(&n1.future);
	CHECK_EQ(t_wakes(&w), 0);
	future_drop(&n2.future);
	CHECK(!was_stored());
}

/* BEH sync_notify::notify_one_after_dropped_all */
/* BEH sync_notify_owned::notify_one_after_dropped_all */
TEST(notify_cancel, after_all_were_notified_one_is_stored_whoever_is_dropped)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n, &w), POLL_PENDING);
	notify_waiters(&notify);
	notify_one(&notify);
	future_drop(&n.future);
	CHECK(was_stored());
	CHECK(!was_stored());
}

TEST(notify_cancel, one_that_is_enabled_but_never_polled_passes_it_on)
{
	struct notified n1, n2;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notified(&n1, &notify);
	CHECK(!notified_enable(&n1));
	CHECK_EQ(start(&n2, &w), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w), 0);
	future_drop(&n1.future);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&n2.future, &w), POLL_READY);
}

TEST(notify_cancel, one_that_was_told_so_by_enable_has_used_it_up)
{
	struct notified n;

	notify_init(&notify);
	notify_one(&notify);
	notified(&n, &notify);
	CHECK(notified_enable(&n));
	future_drop(&n.future);
	CHECK(!was_stored());
}

TEST(notify_cancel, one_that_was_never_polled_may_be_forgotten)
{
	struct notified n;

	notify_init(&notify);
	notified(&n, &notify);
	notify_one(&notify);
	CHECK(was_stored());
	future_drop(&n.future);
	CHECK(!was_stored());
}

static bool cancelled_after(unsigned k)
{
	struct notified n, next;
	struct t_waker w = t_waker(), other = t_waker();
	bool done = false;

	notify_init(&notify);
	notified(&n, &notify);
	for (unsigned i = 0; i < k && !done; i++) {
		done = t_poll(&n.future, &w) == POLL_READY;
		if (i == 0)
			CHECK_EQ(start(&next, &other), POLL_PENDING);
		if (i == 1)
			notify_one(&notify);
	}
	future_drop(&n.future);
	if (k > 0) {
		CHECK_EQ(t_poll(&next.future, &other), k == 2 ? POLL_READY : POLL_PENDING);
		future_drop(&next.future);
	}
	CHECK(!was_stored());
	CHECK_EQ(t_held(&w) + t_held(&other), 0);
	return done;
}

TEST(notify_cancel, at_every_poll_the_notification_reaches_somebody)
{
	t_cancel_at_every_poll(cancelled_after);
}

struct reentry {
	int calls;
	struct notified *victim, *again;
	struct t_waker *waker;
};

static void notifies_one(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		notify_one(&notify);
}

static void notifies_all(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		notify_waiters(&notify);
}

static void drops_the_victim(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		future_drop(&r->victim->future);
}

/* Waits again at once, as a task does that loops. */
static void waits_again(void *arg)
{
	struct reentry *r = arg;

	if (r->calls++ == 0)
		CHECK_EQ(t_poll(notified(r->again, &notify), r->waker), POLL_PENDING);
}

/* BEH src/sync/tests/notify::notify_clones_waker_before_lock */
TEST(notify_cancel, a_notification_from_inside_clone_is_found_by_the_same_poll)
{
	struct reentry r = { 0 };
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	w.on_clone = notifies_one;
	w.arg = &r;
	CHECK_EQ(start(&n, &w), POLL_READY);
	CHECK(!was_stored());
	CHECK_EQ(t_held(&w), 0);
}

TEST(notify_cancel, a_notification_of_all_from_inside_clone_is_found_by_the_same_poll)
{
	struct reentry r = { 0 };
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	w.on_clone = notifies_all;
	w.arg = &r;
	CHECK_EQ(start(&n, &w), POLL_READY);
	CHECK_EQ(t_held(&w), 0);
}

/* BEH sync_notify::notify_in_drop_after_wake */
TEST(notify_cancel, a_waker_may_notify_all_when_it_is_dropped)
{
	struct reentry r = { 0 };
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	w1.on_drop = notifies_all;
	w1.arg = &r;
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(r.calls, 1);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n1.future, &w2), POLL_READY);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
}

TEST(notify_cancel, a_waker_dropped_with_its_waiter_may_notify)
{
	struct reentry r = { 0 };
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	w1.on_drop = notifies_one;
	w1.arg = &r;
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	future_drop(&n1.future);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
}

TEST(notify_cancel, one_dropped_from_inside_its_own_wake_passes_it_on)
{
	struct notified n1, n2;
	struct reentry r = { .victim = &n1 };
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	w1.on_wake = drops_the_victim;
	w1.arg = &r;
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
}

enum { MANY = 2 * WAKE_LIST_MAX + 1 }; /* three batches of wakes */

/* Calls back from the first wake, in the middle of a notify_waiters, and then checks the rest. */
static void notify_all_with(void (*on_wake)(void *), struct reentry *r, struct notified n[MANY])
{
	struct t_waker w = t_waker(), first = t_waker();

	notify_init(&notify);
	first.on_wake = on_wake;
	first.arg = r;
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(start(&n[i], i == 0 ? &first : &w), POLL_PENDING);
	notify_waiters(&notify);
	CHECK_EQ(r->calls, 1);
	for (int i = 0; i < MANY; i++)
		if (&n[i] != r->victim)
			CHECK_EQ(t_poll(&n[i].future, &w), POLL_READY);
	CHECK_EQ(t_wakes(&w), MANY - 1 - (r->victim != NULL));
	CHECK_EQ(t_held(&w) + t_held(&first), 0);
}

/* BEH src/sync/tests/notify::notify_waiters_handles_panicking_waker */
TEST(notify_cancel, a_waker_that_drops_another_waiter_leaves_all_others_notified)
{
	static struct notified n[MANY];
	struct reentry r = { .victim = &n[MANY - 2] };

	notify_all_with(drops_the_victim, &r, n);
	CHECK(!was_stored());
}

TEST(notify_cancel, all_notified_again_between_two_batches_are_notified_once)
{
	static struct notified n[MANY];
	struct reentry r = { 0 };

	notify_all_with(notifies_all, &r, n);
	CHECK(!was_stored());
}

TEST(notify_cancel, one_notified_between_two_batches_is_none_of_all)
{
	static struct notified n[MANY];
	struct reentry r = { 0 };

	notify_all_with(notifies_one, &r, n);
	CHECK(was_stored());
}

TEST(notify_cancel, who_comes_between_two_batches_waits_for_the_next)
{
	static struct notified n[MANY];
	struct notified late;
	struct t_waker w = t_waker();
	struct reentry r = { .again = &late, .waker = &w };

	notify_all_with(waits_again, &r, n);
	CHECK_EQ(t_wakes(&w), 0);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&late.future, &w), POLL_READY);
}
