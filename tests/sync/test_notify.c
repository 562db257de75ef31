/* The notify, one thread, polled by hand: who is woken, and what is stored. */
#include "t.h"
#include "t_future.h"

#include "sync/notify.h"

static struct notify notify;

static enum poll start(struct notified *n, struct t_waker *w)
{
	return t_poll(notified(n, &notify), w);
}

/* True if a notification is stored; it is consumed by asking. */
static bool was_stored(void)
{
	struct notified n;
	struct t_waker w = t_waker();
	bool stored = start(&n, &w) == POLL_READY;

	future_drop(&n.future);
	CHECK_EQ(t_held(&w), 0);
	return stored;
}

/* BEH sync_notify::notify_notified_one */
TEST(notify, a_notification_for_nobody_is_stored_for_the_next_to_come)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notify_one(&notify);
	CHECK_EQ(start(&n, &w), POLL_READY);
	CHECK_EQ(w.clones, 0);
	CHECK(!was_stored());
}

TEST(notify, two_notifications_for_nobody_are_stored_as_one)
{
	notify_init(&notify);
	notify_one(&notify);
	notify_one(&notify);
	notify_last(&notify);
	CHECK(was_stored());
	CHECK(!was_stored());
}

/* BEH sync_notify::notified_one_notify */
/* BEH sync_notify_owned::notified_one_notify */
TEST(notify, a_waiter_is_woken)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n, &w), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
	CHECK(!was_stored());
}

/* BEH sync_notify::notify_multi_notified_one */
/* BEH sync_notify::notified_multi_notify */
/* BEH sync_notify_owned::notify_multi_notified_one */
/* BEH sync_notify_owned::notified_multi_notify */
TEST(notify, one_is_the_one_who_waits_longest)
{
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w1), 1);
	CHECK_EQ(t_wakes(&w2), 0);
	CHECK_EQ(t_poll(&n1.future, &w1), POLL_READY);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_PENDING);
	future_drop(&n2.future);
	CHECK(!was_stored());
}

/* BEH sync_notify::notify_multi_notified_last */
/* BEH sync_notify_owned::notify_multi_notified_last */
TEST(notify, last_is_the_one_who_came_last)
{
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	notify_last(&notify);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
	future_drop(&n1.future);
	CHECK(!was_stored());
}

/* BEH sync_notify::notify_notified_multi */
/* BEH sync_notify_owned::notify_notified_multi */
TEST(notify, a_stored_notification_serves_one_and_the_second_waits_for_the_next)
{
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	notify_one(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_READY);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
}

/* BEH src/sync/tests/notify::notify_simple */
/* BEH src/sync/tests/atomic_waker::basic_usage */
/* BEH src/sync/tests/atomic_waker::wake_without_register */
TEST(notify, all_wakes_everybody_and_stores_nothing)
{
	struct notified n1, n2;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n1, &w1), POLL_PENDING);
	CHECK_EQ(start(&n2, &w2), POLL_PENDING);
	notify_waiters(&notify);
	CHECK_EQ(t_wakes(&w1), 1);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n1.future, &w1), POLL_READY);
	CHECK_EQ(t_poll(&n2.future, &w2), POLL_READY);
	CHECK(!was_stored());
	notify_waiters(&notify);
	CHECK(!was_stored());
}

TEST(notify, all_are_woken_in_their_order_however_many_they_are)
{
	enum { N = 5 * WAKE_LIST_MAX };
	static struct notified n[N];
	struct t_waker w = t_waker();

	notify_init(&notify);
	for (int i = 0; i < N; i++)
		CHECK_EQ(start(&n[i], &w), POLL_PENDING);
	notify_waiters(&notify);
	CHECK_EQ(t_wakes(&w), N);
	CHECK_EQ(t_held(&w), 0);
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_poll(&n[i].future, &w), POLL_READY);
}

TEST(notify, all_includes_who_was_built_but_not_polled)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notified(&n, &notify);
	notify_waiters(&notify);
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
	CHECK_EQ(start(&n, &w), POLL_PENDING);
	future_drop(&n.future);
}

/* BEH sync_notify::unpolled_future_completed_by_notify_waiters_preserves_notify_one_permit */
TEST(notify, one_notified_with_all_does_not_consume_what_is_stored)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notified(&n, &notify);
	notify_waiters(&notify);
	notify_one(&notify);
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
	CHECK(was_stored());
}

/* BEH sync_notify::test_notify_one_not_enabled */
/* BEH sync_notify_owned::test_notify_one_not_enabled */
TEST(notify, who_is_built_but_not_polled_finds_what_was_stored_meanwhile)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notified(&n, &notify);
	notify_one(&notify);
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
	CHECK(!was_stored());
}

/* BEH sync_notify::test_notify_one_after_enable */
/* BEH sync_notify_owned::test_notify_one_after_enable */
TEST(notify, who_is_enabled_has_a_place_in_the_queue)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notified(&n, &notify);
	CHECK(!notified_enable(&n));
	notify_one(&notify);
	CHECK(!was_stored());
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
}

/* BEH sync_notify::test_poll_after_enable */
/* BEH sync_notify_owned::test_poll_after_enable */
TEST(notify, who_is_enabled_and_polled_waits_and_is_woken)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notified(&n, &notify);
	CHECK(!notified_enable(&n));
	CHECK_EQ(t_poll(&n.future, &w), POLL_PENDING);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
}

/* BEH sync_notify::test_enable_after_poll */
/* BEH sync_notify_owned::test_enable_after_poll */
TEST(notify, enabling_who_waits_already_changes_nothing)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n, &w), POLL_PENDING);
	CHECK(!notified_enable(&n));
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK(notified_enable(&n));
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
}

/* BEH sync_notify_owned::test_enable_consumes_permit */
TEST(notify, enabling_consumes_what_is_stored)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notify_one(&notify);
	notified(&n, &notify);
	CHECK(notified_enable(&n));
	CHECK(!was_stored());
	CHECK(notified_enable(&n));
	CHECK_EQ(t_poll(&n.future, &w), POLL_READY);
	CHECK(!was_stored());
}

/* BEH sync_notify::test_waker_update */
/* BEH sync_notify_owned::test_waker_update */
TEST(notify, a_poll_under_another_waker_replaces_the_first)
{
	struct notified n;
	struct t_waker w1 = t_waker(), w2 = t_waker();

	notify_init(&notify);
	CHECK_EQ(start(&n, &w1), POLL_PENDING);
	CHECK_EQ(t_poll(&n.future, &w1), POLL_PENDING);
	CHECK_EQ(w1.clones, 1);
	CHECK_EQ(t_poll(&n.future, &w2), POLL_PENDING);
	CHECK_EQ(t_held(&w1), 0);
	notify_one(&notify);
	CHECK_EQ(t_wakes(&w1), 0);
	CHECK_EQ(t_wakes(&w2), 1);
	CHECK_EQ(t_poll(&n.future, &w1), POLL_READY);
	CHECK_EQ(t_held(&w2), 0);
}

TEST(notify, a_spent_budget_leaves_what_is_stored_for_the_next_turn)
{
	struct notified n;
	struct t_waker w = t_waker();
	unsigned budget = 0;

	notify_init(&notify);
	notify_one(&notify);
	CHECK_EQ(t_poll_budget(notified(&n, &notify), &w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&w), 1);
	budget = 2;
	CHECK_EQ(t_poll_budget(&n.future, &w, &budget), POLL_READY);
	CHECK_EQ(budget, 1);
}

TEST(notify, a_future_of_it_is_six_words)
{
	CHECK_EQ(sizeof(struct notified) - sizeof(struct future), 5 * sizeof(void *));
}

TEST_BUG(notify, polling_a_finished_one)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notify_one(&notify);
	start(&n, &w);
	t_poll(&n.future, &w);
}

TEST_BUG(notify, enabling_a_finished_one)
{
	struct notified n;
	struct t_waker w = t_waker();

	notify_init(&notify);
	notify_one(&notify);
	start(&n, &w);
	notified_enable(&n);
}
