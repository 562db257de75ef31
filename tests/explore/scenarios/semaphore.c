/* semaphore: permits that are handed over, dropped on the way, and never lost. */
#include "sync/semaphore.h"

#include "explore/scenarios/scene.h"

static struct semaphore semaphore;
static atomic_int n_active;
static size_t n_expected;

static void setup_with(size_t n)
{
	CHECK_EQ(semaphore_init(&semaphore, n), 0);
	atomic_init(&n_active, 0);
	n_expected = n;
}

static void setup_none(void)
{
	setup_with(0);
}

static void setup_one(void)
{
	setup_with(1);
}

static void setup_two(void)
{
	setup_with(2);
}

static void setup_ten(void)
{
	setup_with(10);
}

static int acquire(size_t n)
{
	struct semaphore_acquire a;

	explore_await(semaphore_acquire(&a, &semaphore, n));
	return a.err;
}

static void release(size_t n)
{
	CHECK_EQ(semaphore_release(&semaphore, n), 0);
}

static void permits_are_back(void)
{
	CHECK_EQ(semaphore_available(&semaphore), n_expected);
	CHECK_EQ(atomic_load_explicit(&n_active, memory_order_relaxed), 0);
}

/* --- Never more than there are --- */

/* What is counted is relaxed: the semaphore itself must keep the others out. */
static void hold(void)
{
	CHECK_EQ(acquire(1), 0);
	CHECK(atomic_fetch_add_explicit(&n_active, 1, memory_order_relaxed) < 2);
	atomic_fetch_sub_explicit(&n_active, 1, memory_order_relaxed);
	release(1);
}

/* BEH src/sync/tests/loom_semaphore_batch::basic_usage */
SCENARIO(semaphore_two_permits_for_three, .setup = setup_two, .thread = { hold, hold, hold },
	 .check = permits_are_back);

static void release_one(void)
{
	release(1);
}

static void acquire_one(void)
{
	CHECK_EQ(acquire(1), 0);
}

/* BEH src/sync/tests/loom_semaphore_batch::release */
SCENARIO(semaphore_acquire_against_release, .setup = setup_none,
	 .thread = { acquire_one, release_one }, .check = permits_are_back);

/* --- Closing --- */

static void acquire_until_closed(void)
{
	for (int i = 0; i < 2; i++) {
		int err = acquire(1);

		CHECK(err == 0 || err == -EPIPE);
		if (err)
			return;
		release(1);
	}
}

static void close_it(void)
{
	semaphore_close(&semaphore);
}

static void acquire_and_close(void)
{
	int err = acquire(1);

	CHECK(err == 0 || err == -EPIPE);
	if (!err)
		release(1);
	semaphore_close(&semaphore);
}

/* BEH src/sync/tests/loom_semaphore_batch::basic_closing */
SCENARIO(semaphore_close_against_acquires, .setup = setup_one,
	 .thread = { acquire_until_closed, acquire_until_closed, close_it },
	 .check = permits_are_back);
/* BEH src/sync/tests/loom_semaphore_batch::concurrent_close */
SCENARIO(semaphore_three_acquire_and_close, .setup = setup_one,
	 .thread = { acquire_and_close, acquire_and_close, acquire_and_close },
	 .check = permits_are_back);

static void acquire_in_vain(void)
{
	CHECK_EQ(acquire(1), -EPIPE);
}

SCENARIO(semaphore_close_against_two_in_line, .setup = setup_none,
	 .thread = { acquire_in_vain, acquire_in_vain, close_it }, .check = permits_are_back);

/* --- Dropped --- */

static void poll_and_drop_of(size_t n)
{
	struct semaphore_acquire *a = frame_new(semaphore_acquire);

	if (explore_poll(semaphore_acquire(a, &semaphore, n), explore_me()) == POLL_PENDING)
		future_drop(&a->future);
	else
		release(n);
	frame_free(a);
}

static void poll_and_drop(void)
{
	poll_and_drop_of(1);
}

static void release_ten(void)
{
	release(10);
}

static void expect_ten(void)
{
	n_expected = 10;
	permits_are_back();
}

static void expect_one(void)
{
	n_expected = 1;
	permits_are_back();
}

/* BEH src/sync/tests/loom_semaphore_batch::concurrent_cancel */
SCENARIO(semaphore_three_dropped_against_release, .setup = setup_none,
	 .thread = { poll_and_drop, poll_and_drop, poll_and_drop, release_ten },
	 .check = expect_ten, .max_bound = 2);

static void acquire_and_release(void)
{
	CHECK_EQ(acquire(1), 0);
	release(1);
}

/* The permit may be the dropped one's when it goes: then it is the other one's. */
SCENARIO(semaphore_dropped_hands_on, .setup = setup_none,
	 .thread = { poll_and_drop, acquire_and_release, release_one }, .check = expect_one);

/* What it has collected of several goes on, too. */
static void poll_two_and_drop(void)
{
	poll_and_drop_of(2);
}

SCENARIO(semaphore_drop_of_many_hands_on, .setup = setup_none,
	 .thread = { poll_two_and_drop, acquire_and_release, release_one }, .check = expect_one);

/* --- Several at a time --- */

static void acquire_batch(size_t n)
{
	CHECK_EQ(acquire(n), 0);
	CHECK(atomic_fetch_add_explicit(&n_active, (int)n, memory_order_relaxed) + (int)n <= 10);
	atomic_fetch_sub_explicit(&n_active, (int)n, memory_order_relaxed);
	release(n);
}

static void acquire_batches(void)
{
	acquire_batch(4);
	acquire_batch(10);
	acquire_batch(8);
}

/* BEH src/sync/tests/loom_semaphore_batch::batch */
SCENARIO(semaphore_batches, .setup = setup_ten, .thread = { acquire_batches, acquire_batches },
	 .check = permits_are_back);

static void acquire_four_and_release(void)
{
	CHECK_EQ(acquire(4), 0);
	release(4);
}

static void release_eight(void)
{
	release(8);
}

static void acquire_eight(void)
{
	setup_ten();
	CHECK_EQ(semaphore_try_acquire(&semaphore, 8), 0);
}

/* BEH src/sync/tests/loom_semaphore_batch::release_during_acquire */
SCENARIO(semaphore_release_during_acquire, .setup = acquire_eight,
	 .thread = { acquire_four_and_release, release_eight }, .check = permits_are_back);

/* --- Changing how many there are --- */

static void add_two_take_one(void)
{
	release(2);
	CHECK_EQ(acquire(1), 0);
}

static void try_two(void)
{
	if (semaphore_try_acquire(&semaphore, 2) == 0)
		release(2);
}

static void forget_one(void)
{
	n_expected = 10 + 1 - semaphore_forget(&semaphore, 1);
}

/* BEH src/sync/tests/loom_semaphore_batch::concurrent_permit_updates */
SCENARIO(semaphore_changes_of_number, .setup = setup_ten,
	 .thread = { add_two_take_one, try_two, forget_one }, .check = permits_are_back);
