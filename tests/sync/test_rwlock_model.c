/*
 * The rwlock against a naive model: 100,000 random steps. The model knows who holds it and who
 * waits, in an array, and the one rule: the longest waiter gets in when the holders allow it.
 */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <stdint.h>

#include "sync/rwlock.h"

enum { N_SLOTS = 20, N_STEPS = 100000 };

enum standing { FREE, BUILT, WAITING, GRANTED, HOLDING };

static struct slot {
	union {
		struct rwlock_read read;
		struct rwlock_write write;
	} u;
	struct future *future;
	struct t_waker waker;
	enum standing standing;
	bool writes;
	int turn;
} slot[N_SLOTS];

static struct rwlock real;
static struct {
	size_t readers, writers, max_readers;
	int turn;
} model;
static uint64_t seed;

static unsigned below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static struct slot *longest_waiter(void)
{
	struct slot *best = NULL;

	for (struct slot *s = slot; s < slot + N_SLOTS; s++)
		if (s->standing == WAITING && (!best || s->turn < best->turn))
			best = s;
	return best;
}

static bool has_room_for(bool writer)
{
	if (writer)
		return model.readers == 0 && model.writers == 0;
	return model.writers == 0 && model.readers < model.max_readers;
}

static void enter(bool writer)
{
	model.writers += writer;
	model.readers += !writer;
}

static void model_serve(void)
{
	struct slot *s;

	while ((s = longest_waiter()) && has_room_for(s->writes)) {
		enter(s->writes);
		s->standing = GRANTED;
		CHECK_EQ(t_wakes(&s->waker), 1);
	}
}

/* Both sides: the lock that `s` holds, or was granted, is given up. */
static void leave(struct slot *s)
{
	model.writers -= s->writes;
	model.readers -= !s->writes;
	s->standing = FREE;
	model_serve();
}

static void unlock(struct slot *s)
{
	if (s->writes && below(3) == 0) {
		rwlock_downgrade(&real);
		s->writes = false;
		model.writers--;
		model.readers++;
		model_serve();
		return;
	}
	if (s->writes)
		rwlock_write_unlock(&real);
	else
		rwlock_read_unlock(&real);
	leave(s);
}

static void drop_one(struct slot *s)
{
	enum standing was = s->standing;

	future_drop(s->future);
	s->standing = FREE;
	if (was == GRANTED)
		leave(s);
	else
		model_serve();
}

static void poll_one(struct slot *s)
{
	enum poll polled = t_poll(s->future, &s->waker);

	if (s->standing == BUILT && !longest_waiter() && has_room_for(s->writes)) {
		enter(s->writes);
		s->standing = GRANTED;
	} else if (s->standing == BUILT) {
		s->standing = WAITING;
		s->turn = model.turn++;
	}
	CHECK_EQ(polled == POLL_READY, s->standing == GRANTED);
	if (polled == POLL_READY)
		s->standing = HOLDING;
}

static void build(struct slot *s)
{
	s->writes = below(3) == 0;
	s->standing = BUILT;
	if (s->writes)
		s->future = rwlock_write(&s->u.write, &real);
	else
		s->future = rwlock_read(&s->u.read, &real);
}

static void try_one(struct slot *s)
{
	int expected;

	s->writes = below(2) == 0;
	expected = !longest_waiter() && has_room_for(s->writes) ? 0 : -EAGAIN;
	CHECK_EQ(s->writes ? rwlock_try_write(&real) : rwlock_try_read(&real), expected);
	if (expected)
		return;
	enter(s->writes);
	s->standing = HOLDING;
}

static void step(struct slot *s)
{
	if (s->standing == FREE && below(4) == 0)
		try_one(s);
	else if (s->standing == FREE)
		build(s);
	else if (s->standing == HOLDING)
		unlock(s);
	else if (below(6) == 0)
		drop_one(s);
	else
		poll_one(s);
}

static void check_agreement(void)
{
	bool idle = model.readers == 0 && model.writers == 0;

	CHECK(model.writers <= 1);
	CHECK(model.writers == 0 || model.readers == 0);
	if (idle && !longest_waiter())
		CHECK_EQ(semaphore_available(&real.semaphore), model.max_readers);
	for (struct slot *s = slot; s < slot + N_SLOTS; s++) {
		CHECK_EQ(t_wakes(&s->waker), 0);
		CHECK_EQ(t_held(&s->waker), s->standing == WAITING);
	}
}

static void end_round(void)
{
	for (struct slot *s = slot; s < slot + N_SLOTS; s++)
		while (s->standing != FREE)
			if (s->standing == HOLDING)
				unlock(s);
			else
				drop_one(s);
	check_agreement();
	CHECK_EQ(rwlock_try_write(&real), 0);
}

TEST(rwlock_model, agrees_with_a_naive_one_over_many_random_steps)
{
	for (unsigned round = 0; round < N_STEPS / 1000; round++) {
		seed = round + 1;
		memset(&model, 0, sizeof model);
		model.max_readers = round % 5 ? round % 5 : RWLOCK_MAX_READERS;
		CHECK_EQ(rwlock_init(&real, model.max_readers), 0);
		for (int i = 0; i < 1000; i++) {
			step(&slot[below(N_SLOTS)]);
			check_agreement();
		}
		end_round();
	}
}
