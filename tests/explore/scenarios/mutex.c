/* mutex and rwlock: handed over, dropped on the way, and what is done under them. */
#include "sync/mutex.h"

#include "explore/scenarios/scene.h"
#include "sync/rwlock.h"

static struct mutex mutex;
static struct rwlock rwlock;
static int n, seen[3];

static void setup(void)
{
	mutex_init(&mutex);
	CHECK_EQ(rwlock_init(&rwlock, 3), 0);
	n = 0;
	seen[0] = seen[1] = seen[2] = -1;
}

/* --- The mutex --- */

static void add(void)
{
	struct mutex_lock lock;

	explore_await(mutex_lock(&lock, &mutex));
	n++;
	mutex_unlock(&mutex);
}

static void try_to_add(void)
{
	if (mutex_try_lock(&mutex))
		return;
	n++;
	mutex_unlock(&mutex);
}

static void poll_and_drop(void)
{
	struct mutex_lock *lock = frame_new(mutex_lock);

	if (explore_poll(mutex_lock(lock, &mutex), explore_me()) == POLL_PENDING)
		future_drop(&lock->acquire.future);
	else
		mutex_unlock(&mutex);
	frame_free(lock);
}

static void is_free_again(void)
{
	CHECK_EQ(mutex_try_lock(&mutex), 0);
	mutex_unlock(&mutex);
}

static void counted_three(void)
{
	CHECK_EQ(n, 3);
	is_free_again();
}

static void counted_two(void)
{
	CHECK_EQ(n, 2);
	is_free_again();
}

SCENARIO(mutex_of_three, .setup = setup, .thread = { add, add, add }, .check = counted_three);
SCENARIO(mutex_hand_over_against_drop, .setup = setup, .thread = { add, poll_and_drop, add },
	 .check = counted_two);
SCENARIO(mutex_try_against_hand_over, .setup = setup, .thread = { add, add, try_to_add },
	 .check = is_free_again);

/* --- The rwlock --- */

static void write_five(void)
{
	struct rwlock_write w;

	explore_await(rwlock_write(&w, &rwlock));
	n += 5;
	rwlock_write_unlock(&rwlock);
}

static int read_it(void)
{
	struct rwlock_read r;
	int found;

	explore_await(rwlock_read(&r, &rwlock));
	found = n;
	rwlock_read_unlock(&rwlock);
	return found;
}

static void read_once(void)
{
	int found = read_it();

	CHECK(found == 0 || found == 5 || found == 10);
}

static void poll_write_and_drop(void)
{
	struct rwlock_write *w = frame_new(rwlock_write);

	if (explore_poll(rwlock_write(w, &rwlock), explore_me()) == POLL_PENDING)
		future_drop(&w->acquire.future);
	else
		rwlock_write_unlock(&rwlock);
	frame_free(w);
}

static void is_ten(void)
{
	CHECK_EQ(n, 10);
	CHECK_EQ(rwlock_try_write(&rwlock), 0);
}

static void is_free(void)
{
	CHECK_EQ(rwlock_try_write(&rwlock), 0);
}

/* BEH src/sync/tests/loom_rwlock::concurrent_write */
SCENARIO(rwlock_two_writers, .setup = setup, .thread = { write_five, write_five }, .check = is_ten);
/* BEH src/sync/tests/loom_rwlock::concurrent_read_write */
SCENARIO(rwlock_reader_between_writers, .setup = setup,
	 .thread = { write_five, write_five, read_once }, .check = is_ten);
SCENARIO(rwlock_write_dropped_lets_readers_in, .setup = setup,
	 .thread = { read_once, poll_write_and_drop, read_once }, .check = is_free);

static void write_and_downgrade(void)
{
	struct rwlock_write w;

	explore_await(rwlock_write(&w, &rwlock));
	n++;
	rwlock_downgrade(&rwlock);
	seen[0] = n;
	rwlock_read_unlock(&rwlock);
}

static void write_once(void)
{
	struct rwlock_write w;

	explore_await(rwlock_write(&w, &rwlock));
	n++;
	rwlock_write_unlock(&rwlock);
}

/* Nobody has written between the downgrade and the read. */
static void nobody_came_between(void)
{
	CHECK_EQ(n, 2);
	CHECK(seen[0] == 1 || seen[0] == 2);
	is_free();
}

static void downgrade_then_again(void)
{
	write_and_downgrade();
	seen[1] = read_it();
	CHECK(seen[1] >= seen[0]);
}

/* BEH src/sync/tests/loom_rwlock::downgrade */
SCENARIO(rwlock_downgrade_against_writer, .setup = setup,
	 .thread = { downgrade_then_again, write_once }, .check = nobody_came_between);
