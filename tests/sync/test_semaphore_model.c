/*
 * The semaphore against a naive model: 100,000 random steps, after each of which both must agree.
 * The model keeps its queue in an array and looks at all of it, every time.
 */
#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "sync/semaphore.h"

enum { N_SLOTS = 24, N_STEPS = 100000, N_MAX = 4 };

enum standing { FREE, BUILT, WAITING, GRANTED, REFUSED };

static struct slot {
	struct semaphore_acquire acquire;
	struct t_waker waker[2];
	enum standing standing; /* in the model */
	size_t n, got;
	int turn;  /* the lower, the longer it has waited */
	int using; /* which of the two wakers */
} slot[N_SLOTS];

static struct semaphore real;
static struct {
	size_t available, held;
	bool closed;
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

static void must_be_woken(struct slot *s, int n)
{
	CHECK_EQ(t_wakes(&s->waker[s->using]), n);
	CHECK_EQ(t_wakes(&s->waker[!s->using]), 0);
}

/* The one rule: what is free goes to who waits longest. */
static void model_serve(void)
{
	struct slot *s;

	while (model.available > 0 && (s = longest_waiter())) {
		model.available--;
		if (++s->got == s->n) {
			s->standing = GRANTED;
			must_be_woken(s, 1);
		}
	}
}

static void model_poll(struct slot *s)
{
	if (s->standing != BUILT)
		return;
	if (model.closed) {
		s->standing = REFUSED;
	} else if (s->n == 0) {
		s->standing = GRANTED;
	} else if (longest_waiter() || model.available < s->n) {
		s->standing = WAITING;
		s->turn = model.turn++;
		model_serve();
	} else {
		model.available -= s->n;
		s->standing = GRANTED;
	}
}

static void poll_one(struct slot *s)
{
	enum poll polled;

	s->using = s->standing == WAITING ? (int)below(2) : s->using;
	polled = t_poll(&s->acquire.future, &s->waker[s->using]);
	model_poll(s);
	CHECK_EQ(polled == POLL_PENDING, s->standing == WAITING);
	if (polled == POLL_PENDING)
		return;
	CHECK_EQ(s->acquire.err, s->standing == GRANTED ? 0 : -EPIPE);
	model.held += s->standing == GRANTED ? s->n : 0;
	s->standing = FREE;
}

static void drop_one(struct slot *s)
{
	future_drop(&s->acquire.future);
	if (s->standing == WAITING)
		model.available += s->got;
	else if (s->standing == GRANTED)
		model.available += s->n;
	s->standing = FREE;
	model_serve();
}

static void use(struct slot *s)
{
	if (s->standing != FREE) {
		if (below(4) > 0)
			poll_one(s);
		else
			drop_one(s);
		return;
	}
	s->n = below(N_MAX + 1);
	s->got = 0;
	s->standing = BUILT;
	semaphore_acquire(&s->acquire, &real, s->n);
}

static void release_some(size_t n)
{
	CHECK_EQ(semaphore_release(&real, n), 0);
	model.held -= n;
	model.available += n;
	model_serve();
}

static void try_some(size_t n)
{
	int expected = model.closed ? -EPIPE : 0;

	if (!expected && n > 0 && (longest_waiter() || model.available < n))
		expected = -EAGAIN;
	CHECK_EQ(semaphore_try_acquire(&real, n), expected);
	if (!expected) {
		model.available -= n;
		model.held += n;
	}
}

static void close_it(void)
{
	semaphore_close(&real);
	model.closed = true;
	for (struct slot *s = slot; s < slot + N_SLOTS; s++)
		if (s->standing == WAITING) {
			model.available += s->got;
			s->standing = REFUSED;
			must_be_woken(s, 1);
		}
}

static void check_agreement(void)
{
	CHECK_EQ(semaphore_available(&real), model.available);
	for (struct slot *s = slot; s < slot + N_SLOTS; s++) {
		must_be_woken(s, 0);
		CHECK_EQ(t_held(&s->waker[s->using]), s->standing == WAITING);
		CHECK_EQ(t_held(&s->waker[!s->using]), 0);
	}
}

static void step(void)
{
	unsigned what = below(1000);

	if (what < 700)
		use(&slot[below(N_SLOTS)]);
	else if (what < 900)
		release_some(model.held > 0 ? 1 + below((unsigned)model.held) : 0);
	else if (what < 998)
		try_some(below(N_MAX + 1));
	else if (!model.closed)
		close_it();
	check_agreement();
}

/* Everybody leaves; what was there at the beginning must be there again. */
static void end_round(size_t n)
{
	for (struct slot *s = slot; s < slot + N_SLOTS; s++)
		if (s->standing != FREE)
			drop_one(s);
	release_some(model.held);
	check_agreement();
	CHECK_EQ(semaphore_available(&real), n);
}

TEST(semaphore_model, agrees_with_a_naive_one_over_many_random_steps)
{
	for (unsigned round = 0; round < N_STEPS / 1000; round++) {
		size_t n = round % 9;

		seed = round + 1;
		CHECK_EQ(semaphore_init(&real, n), 0);
		memset(&model, 0, sizeof model);
		model.available = n;
		for (int i = 0; i < 1000; i++)
			step();
		end_round(n);
	}
}
