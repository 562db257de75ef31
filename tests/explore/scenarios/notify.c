/* notify: for one and for all, stored, handed on, and never lost. */
#include "sync/notify.h"

#include "explore/scenarios/scene.h"

static struct notify notify;
static struct notified early[3];
static int n_done;
static atomic_int n_seen;

static void setup(void)
{
	notify_init(&notify);
	n_done = 0;
	atomic_init(&n_seen, 0);
	for (int i = 0; i < 3; i++)
		notified(&early[i], &notify);
}

static void await(void)
{
	struct notified n;

	explore_await(notified(&n, &notify));
	atomic_fetch_add_explicit(&n_seen, 1, memory_order_relaxed);
}

static void notify_it(void)
{
	notify_one(&notify);
}

static void notify_all(void)
{
	notify_waiters(&notify);
}

static bool is_stored(void)
{
	struct notified n;
	bool is_there = explore_poll(notified(&n, &notify), explore_me()) == POLL_READY;

	future_drop(&n.future);
	return is_there;
}

static void nothing_is_stored(void)
{
	CHECK(!is_stored());
}

/* BEH src/sync/tests/loom_notify::notify_one */
SCENARIO(notify_one_against_wait, .setup = setup, .thread = { await, notify_it },
	 .check = nothing_is_stored);

/* --- For all --- */

static void await_early(unsigned i)
{
	explore_await(&early[i].future);
	atomic_fetch_add_explicit(&n_seen, 1, memory_order_relaxed);
}

static void await_early_first(void)
{
	await_early(0);
}

static void await_early_second(void)
{
	await_early(1);
}

static void await_early_both(void)
{
	await_early(0);
	await_early(1);
}

/* BEH src/sync/tests/loom_notify::notify_waiters */
SCENARIO(notify_waiters_against_two, .setup = setup, .check = nothing_is_stored,
	 .thread = { await_early_first, await_early_second, notify_all });

/* Late: it may miss the call for all, and then gets the one. */
static void notify_all_then_one(void)
{
	notify_waiters(&notify);
	notify_one(&notify);
}

/* BEH src/sync/tests/loom_notify::notify_waiters_and_one */
SCENARIO(notify_waiters_then_one, .setup = setup,
	 .thread = { await_early_first, await, notify_all_then_one });

/* --- From one to the next --- */

static void await_and_notify(void)
{
	await();
	notify_one(&notify);
}

/* BEH src/sync/tests/loom_notify::notify_multi */
SCENARIO(notify_chain, .setup = setup, .check = NULL,
	 .thread = { await_and_notify, await_and_notify, notify_it });

static void poll_and_drop(void)
{
	struct notified *n = frame_new(notified);

	if (explore_poll(notified(n, &notify), explore_me()) == POLL_READY)
		notify_one(&notify);
	future_drop(&n->future);
	frame_free(n);
}

/* What the dropped one had been given is the other one's. */
SCENARIO(notify_one_dropped_hands_on, .setup = setup, .thread = { poll_and_drop, await, notify_it },
	 .check = nothing_is_stored);

static void poll_and_drop_then_await(void)
{
	poll_and_drop();
	await();
}

SCENARIO(notify_one_dropped_is_stored, .setup = setup,
	 .thread = { poll_and_drop_then_await, notify_it }, .check = nothing_is_stored);

static void notify_the_last(void)
{
	notify_last(&notify);
}

SCENARIO(notify_last_dropped_hands_on, .setup = setup,
	 .thread = { poll_and_drop, await, notify_the_last }, .check = nothing_is_stored);

static void poll_and_drop_early(void)
{
	if (explore_poll(&early[1].future, explore_me()) == POLL_PENDING)
		future_drop(&early[1].future);
}

SCENARIO(notify_waiters_against_drop, .setup = setup, .check = nothing_is_stored,
	 .thread = { await_early_first, poll_and_drop_early, notify_all });

/* --- All at once --- */

static void poll_in_order(void)
{
	struct sleeper *me = explore_me();
	enum poll first = explore_poll(&early[0].future, me),
		  second = explore_poll(&early[1].future, me);

	CHECK(first == POLL_PENDING || second == POLL_READY);
	future_drop(&early[0].future);
	future_drop(&early[1].future);
}

static void enable_both_then_poll(void)
{
	bool first = notified_enable(&early[0]), second = notified_enable(&early[1]);

	CHECK(!first || second);
	poll_in_order();
}

static void enable_first_then_poll(void)
{
	notified_enable(&early[0]);
	poll_in_order();
}

static void enable_second_then_poll(void)
{
	notified_enable(&early[1]);
	poll_in_order();
}

/* BEH src/sync/tests/loom_notify::notify_waiters_poll_consistency */
SCENARIO(notify_waiters_seen_by_both, .setup = setup, .thread = { poll_in_order, notify_all });
SCENARIO(notify_waiters_seen_by_both_enabled, .setup = setup,
	 .thread = { enable_both_then_poll, notify_all });
SCENARIO(notify_waiters_seen_by_both_first_enabled, .setup = setup,
	 .thread = { enable_first_then_poll, notify_all });
SCENARIO(notify_waiters_seen_by_both_second_enabled, .setup = setup,
	 .thread = { enable_second_then_poll, notify_all });

/* More than one batch of wakers: the lock is released in between. */
enum { N_MANY = 17 };
static struct notified many[N_MANY];
static struct sleeper crowd;

static void setup_many(void)
{
	setup();
	crowd = (struct sleeper){ 0 };
	for (int i = 0; i < N_MANY; i++)
		CHECK_EQ(explore_poll(notified(&many[i], &notify), &crowd), POLL_PENDING);
}

static void poll_first_then_last(void)
{
	enum poll first = explore_poll(&many[0].future, explore_me());
	enum poll last = explore_poll(&many[N_MANY - 1].future, explore_me());

	for (int i = 0; i < N_MANY; i++)
		future_drop(&many[i].future);
	CHECK(first == POLL_PENDING || last == POLL_READY);
}

/*
 * Known: while the lock is open, those of the first batch have seen the call, and those of the
 * second have not yet. In Tokio they have. Nobody sleeps on, but "all at once" it is not.
 */
SCENARIO(notify_waiters_seen_batch_by_batch, .setup = setup_many, .finds = "check", .needs = 1,
	 .thread = { poll_first_then_last, notify_all });

/* Who comes to wait in the midst of a call for all is not among them, and gets what comes later. */
static void notify_all_then_one_then_look(void)
{
	notify_waiters(&notify);
	notify_one(&notify);
}

static void await_many_and_one(void)
{
	explore_await(&many[0].future);
	explore_await(&many[N_MANY - 1].future);
	for (int i = 0; i < N_MANY; i++)
		future_drop(&many[i].future);
	await();
}

/* BEH src/sync/tests/loom_notify::notify_waiters_is_atomic */
SCENARIO(notify_waiters_is_atomic, .setup = setup_many, .check = nothing_is_stored,
	 .thread = { await_many_and_one, notify_all_then_one_then_look });

/*
 * Built while the call for all is on its way: between two batches it must not be taken for an old
 * one.
 */
static void await_first_of_many_and_one(void)
{
	explore_await(&many[0].future);
	await();
	for (int i = 0; i < N_MANY; i++)
		future_drop(&many[i].future);
}

static atomic_bool is_called;

static void setup_call(void)
{
	setup_many();
	atomic_init(&is_called, false);
}

static void notify_all_then_one_later(void)
{
	notify_waiters(&notify);
	atomic_store(&is_called, true);
	notify_one(&notify);
}

static void await_first_of_many_and_one_later(void)
{
	await_first_of_many_and_one();
	CHECK(atomic_load(&is_called));
}

SCENARIO(notify_waiters_leaves_newcomers_alone, .setup = setup_call, .check = nothing_is_stored,
	 .thread = { await_first_of_many_and_one_later, notify_all_then_one_later });

/* One call for all ends one wait only, of two that follow each other. */
static atomic_bool is_second;

static void setup_sequential(void)
{
	setup();
	atomic_init(&is_second, false);
}

static void await_early_then_another(void)
{
	struct notified n;

	explore_await(&early[0].future);
	if (explore_poll(notified(&n, &notify), explore_me()) == POLL_READY)
		CHECK(atomic_load(&is_second));
	else
		future_drop(&n.future);
}

static void notify_all_then_say_so_then_one(void)
{
	notify_waiters(&notify);
	atomic_store(&is_second, true);
	notify_one(&notify);
}

/* BEH src/sync/tests/loom_notify::notify_waiters_sequential_notified_await */
SCENARIO(notify_waiters_ends_one_wait, .setup = setup_sequential,
	 .thread = { await_early_then_another, notify_all_then_say_so_then_one });

/* --- Look, then wait: what the notify is for --- */

static atomic_int stock;

static void setup_stock(void)
{
	setup();
	atomic_init(&stock, 0);
}

static void deliver(void)
{
	atomic_store_explicit(&stock, 1, memory_order_relaxed);
	notify_waiters(&notify);
}

static void deliver_and_notify_one(void)
{
	atomic_store_explicit(&stock, 1, memory_order_relaxed);
	notify_one(&notify);
}

static void be_there_then_look_then_wait(void)
{
	for (;;) {
		struct notified n;
		struct future *f = notified(&n, &notify);

		if (atomic_load_explicit(&stock, memory_order_relaxed) > 0)
			return;
		explore_await(f);
	}
}

SCENARIO(notify_waiters_after_a_look, .setup = setup_stock,
	 .thread = { be_there_then_look_then_wait, deliver });
SCENARIO(notify_one_after_a_look, .setup = setup_stock,
	 .thread = { be_there_then_look_then_wait, deliver_and_notify_one });

/* BEH src/sync/tests/loom_atomic_waker::basic_notification */
static void await_two_deliveries(void)
{
	while (atomic_load_explicit(&n_seen, memory_order_relaxed) < 2) {
		struct notified n;

		explore_await(notified(&n, &notify));
	}
}

static void count_and_notify(void)
{
	atomic_fetch_add_explicit(&n_seen, 1, memory_order_relaxed);
	notify_one(&notify);
}

SCENARIO(notify_one_of_two_to_one, .setup = setup,
	 .thread = { await_two_deliveries, count_and_notify, count_and_notify });
SCENARIO(notify_waiters_both_in_one_thread, .setup = setup,
	 .thread = { await_early_both, notify_all });
