/*
 * block_on_park: a thread that sleeps on one word, which says whether it was woken, and how many
 * could still wake it.
 */
#include "executor/block_on_park.h"

#include "base/lock.h"
#include "explore/scenarios/scene.h"
#include "sync/oneshot.h"

/* A gate: it opens once, and tells two wakers. Of these each is called, dropped or both. */
static struct {
	struct lock lock;
	bool is_open;
	struct waker wakers[2];
} gate;

struct pass {
	struct future future;
	unsigned n_polls;
};

static struct oneshot_sender tx;
static struct oneshot_receiver rx;
static int err, *received;
static unsigned n_polls;

static void setup(void)
{
	gate.lock = (struct lock){ 0 };
	gate.is_open = false;
	gate.wakers[0] = gate.wakers[1] = (struct waker){ 0 };
	err = 1;
	n_polls = 0;
}

static enum poll pass_poll(struct future *f, struct context *cx)
{
	struct pass *p = future_of(f, struct pass);
	struct waker mine[2] = { waker_clone(cx->waker), waker_clone(cx->waker) };
	bool is_open;

	p->n_polls++;
	lock_acquire(&gate.lock);
	is_open = gate.is_open;
	for (unsigned i = 0; i < 2 && !is_open; i++) {
		struct waker stale = gate.wakers[i];

		gate.wakers[i] = mine[i];
		mine[i] = stale;
	}
	lock_release(&gate.lock);
	waker_drop(&mine[0]);
	waker_drop(&mine[1]);
	return is_open ? POLL_READY : POLL_PENDING;
}

static const struct future_ops pass_ops = FUTURE_OPS("pass", pass_poll, NULL);

static void park(void)
{
	struct pass pass = { .future = future_init(&pass_ops) };

	err = block_on_park(&pass.future);
	n_polls = pass.n_polls;
}

static struct waker take(unsigned i, bool opens)
{
	struct waker w;

	lock_acquire(&gate.lock);
	w = waker_take(&gate.wakers[i]);
	gate.is_open |= opens;
	lock_release(&gate.lock);
	return w;
}

static void open_and_wake(void)
{
	struct waker w = take(0, true);

	waker_wake(&w);
}

static void open_wake_and_drop(void)
{
	struct waker w = take(0, true);

	waker_wake_by_ref(&w);
	waker_drop(&w);
}

/* In the gate's other place, and without opening it. */
static void drop_other(void)
{
	struct waker w = take(1, false);

	waker_drop(&w);
}

static void wake_other(void)
{
	struct waker w = take(1, false);

	waker_wake(&w);
}

static void drop_first(void)
{
	struct waker w = take(0, false);

	waker_drop(&w);
}

static void drop_rest(void)
{
	waker_drop(&gate.wakers[0]);
	waker_drop(&gate.wakers[1]);
}

/* A gate that is open needs two polls at most, and one more for each wake that was not for it. */
static void was_woken(void)
{
	CHECK_EQ(err, 0);
	CHECK(n_polls <= 2);
	drop_rest();
}

static void was_woken_once_more(void)
{
	CHECK_EQ(err, 0);
	CHECK(n_polls <= 3);
	drop_rest();
}

static void found_the_deadlock(void)
{
	CHECK_EQ(err, -EDEADLK);
}

SCENARIO(park_against_wake, .setup = setup, .thread = { park, open_and_wake }, .check = was_woken);
SCENARIO(park_against_wake_by_ref, .setup = setup, .thread = { park, open_wake_and_drop },
	 .check = was_woken);
SCENARIO(park_against_wake_against_drop, .setup = setup,
	 .thread = { park, open_and_wake, drop_other }, .check = was_woken);
SCENARIO(park_against_two_wakes, .setup = setup, .thread = { park, open_and_wake, wake_other },
	 .check = was_woken_once_more);

/* --- The last waker goes without a wake --- */

static atomic_bool is_over;

static void setup_drop(void)
{
	setup();
	atomic_init(&is_over, false);
}

static void park_in_vain(void)
{
	park();
	atomic_store_explicit(&is_over, true, memory_order_release);
}

static void drop_wakers_until_over(void)
{
	while (!atomic_load_explicit(&is_over, memory_order_acquire)) {
		drop_first();
		drop_other();
		explore_yield();
	}
}

SCENARIO(park_against_last_drop, .setup = setup_drop, .check = found_the_deadlock,
	 .thread = { park_in_vain, drop_wakers_until_over });

/* --- What was done before a wake is seen by the poll: nothing else puts it in order here --- */

static atomic_bool is_there;
static int parcel;

/*
 * Waits for the flag, and clones the waker only once: the other thread takes it when it is there.
 */
struct parcel_recv {
	struct future future;
	int n;
};

static struct waker parcel_waker;
static atomic_bool has_waker;

static enum poll parcel_poll(struct future *f, struct context *cx)
{
	if (!atomic_load_explicit(&has_waker, memory_order_relaxed)) {
		parcel_waker = waker_clone(cx->waker);
		atomic_store_explicit(&has_waker, true, memory_order_release);
		return POLL_PENDING;
	}
	if (!atomic_load_explicit(&is_there, memory_order_relaxed))
		return POLL_PENDING;
	future_of(f, struct parcel_recv)->n = parcel;
	return POLL_READY;
}

static const struct future_ops parcel_ops = FUTURE_OPS("parcel", parcel_poll, NULL);

static void setup_parcel(void)
{
	atomic_init(&is_there, false);
	atomic_init(&has_waker, false);
	parcel = 0;
}

static void await_parcel(void)
{
	struct parcel_recv recv = { .future = future_init(&parcel_ops) };

	CHECK_EQ(block_on_park(&recv.future), 0);
	CHECK_EQ(recv.n, 5);
}

static void deliver_parcel(void)
{
	while (!atomic_load_explicit(&has_waker, memory_order_acquire))
		explore_yield();
	parcel = 5;
	atomic_store_explicit(&is_there, true, memory_order_relaxed);
	waker_wake(&parcel_waker);
}

SCENARIO(park_sees_what_was_done_before_the_wake, .setup = setup_parcel,
	 .thread = { await_parcel, deliver_parcel });

/* --- With a channel --- */

static void setup_channel(void)
{
	setup();
	received = NULL;
	CHECK_EQ(oneshot_open(&tx, &rx, int *, value_drop), 0);
}

static void park_for_a_value(void)
{
	struct oneshot_recv recv;

	err = block_on_park(oneshot_recv(&recv, &rx, &received));
	if (!err)
		err = recv.err;
	oneshot_receiver_drop(&rx);
}

static void send(void)
{
	int *p = value(1);

	CHECK_EQ(oneshot_send(&tx, &p), 0);
}

static void drop_sender(void)
{
	oneshot_sender_drop(&tx);
}

static void received_one(void)
{
	CHECK_EQ(err, 0);
	CHECK_EQ(value_take(received), 1);
}

static void received_none(void)
{
	CHECK_EQ(err, -EPIPE);
}

SCENARIO(park_for_a_oneshot, .setup = setup_channel, .thread = { park_for_a_value, send },
	 .check = received_one);
SCENARIO(park_for_a_sender_that_drops, .setup = setup_channel, .check = received_none,
	 .thread = { park_for_a_value, drop_sender });
