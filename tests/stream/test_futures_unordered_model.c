/*
 * futures_unordered against a naive model, over random steps: who must be polled in which order,
 * who comes out, how many are left.
 */
#include "stream/futures_unordered.h"

#include "base/rand.h"
#include "future/leaf.h"
#include "t.h"
#include "t_future.h"

enum { N = 40, N_STEPS = 20000 };

struct child {
	struct leaf leaf;
	struct futures_member member;
	bool is_in;
	bool is_queued; /* says the model */
	int polls;      /* says the model */
};

static struct scene {
	struct futures_unordered set;
	struct futures_unordered_next next;
	struct t_waker w;
	struct child children[N];
	int queue[N], n_queued; /* the model's */
	int n, held;
	struct rand rand;
} s;

static void enqueue(int i)
{
	if (!s.children[i].is_queued) {
		s.children[i].is_queued = true;
		s.queue[s.n_queued++] = i;
	}
}

static void dequeue(int i)
{
	int at = 0;

	if (!s.children[i].is_queued)
		return;
	s.children[i].is_queued = false;
	while (s.queue[at] != i)
		at++;
	s.n_queued--;
	memmove(&s.queue[at], &s.queue[at + 1], (size_t)(s.n_queued - at) * sizeof s.queue[0]);
}

static void step_push(int i)
{
	struct child *c = &s.children[i];
	int left = rand_below(&s.rand, 3) ? LEAF_SHUT : (int)rand_below(&s.rand, 3);

	if (c->is_in)
		return;
	CHECK_EQ(futures_unordered_push(&s.set, &c->member, leaf(&c->leaf, left, &s.held, i)), 0);
	c->is_in = true;
	c->polls = 0;
	s.n++;
	enqueue(i);
}

static void step_remove(int i)
{
	futures_unordered_remove(&s.set, &s.children[i].member);
	if (s.children[i].is_in) {
		s.children[i].is_in = false;
		s.n--;
		dequeue(i);
	}
}

static void step_open(int i)
{
	struct child *c = &s.children[i];

	if (c->is_in && waker_is_some(&c->leaf.waker)) {
		enqueue(i);
		leaf_open(&c->leaf);
	}
}

static void step_wake(int i)
{
	struct child *c = &s.children[i];

	if (c->is_in && waker_is_some(&c->leaf.waker)) {
		enqueue(i);
		waker_wake_by_ref(&c->leaf.waker);
	}
}

/* What a poll must do: returns who comes out, or -1. */
static int predict(void)
{
	for (int n = s.n_queued; n > 0; n--) {
		int i = s.queue[0];
		struct child *c = &s.children[i];

		dequeue(i);
		c->polls++;
		if (c->leaf.left == 0) {
			c->is_in = false;
			s.n--;
			return i;
		}
		if (c->leaf.left != LEAF_SHUT)
			enqueue(i); /* it wakes itself */
	}
	return -1;
}

static void step_poll(void)
{
	bool was_empty = s.n == 0;
	int expected = predict();

	if (!future_is_live(&s.next.future))
		futures_unordered_next(&s.next, &s.set);
	t_wakes(&s.w);
	if (t_poll(&s.next.future, &s.w) == POLL_PENDING) {
		CHECK_EQ(expected, -1);
		CHECK(!was_empty);
		CHECK_EQ(t_wakes(&s.w) > 0, s.n_queued > 0); /* another turn if there is more */
	} else if (was_empty) {
		CHECK_PTR(s.next.done, NULL);
	} else {
		CHECK(expected >= 0);
		CHECK_PTR(s.next.done, &s.children[expected].leaf);
	}
}

static void step(void)
{
	int i = (int)rand_below(&s.rand, N);

	switch (rand_below(&s.rand, 16)) {
	case 0: case 1: case 2: case 3:
		step_push(i);
		break;
	case 4:
		step_remove(i);
		break;
	case 5: case 6: case 7:
		step_open(i);
		break;
	case 8: case 9:
		step_wake(i);
		break;
	case 10:
		future_drop(&s.next.future);
		break;
	default:
		step_poll();
	}
	CHECK_EQ(s.set.n, s.n);
}

TEST(futures_unordered_model, does_what_a_naive_one_would_over_random_steps)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		t_mem_begin();
		s = (struct scene){ .w = t_waker(), .rand = { seed } };
		for (int i = 0; i < N_STEPS; i++) {
			step();
			for (int k = 0; k < N; k++)
				CHECK_EQ(s.children[k].leaf.polls * s.children[k].is_in,
					 s.children[k].polls * s.children[k].is_in);
			if (rand_below(&s.rand, 1000) == 0) {
				futures_unordered_clear(&s.set);
				for (int k = 0; k < N; k++)
					step_remove(k);
			}
		}
		future_drop(&s.next.future);
		futures_unordered_clear(&s.set);
		CHECK_EQ(s.held, 0);
		CHECK_EQ(t_held(&s.w), 0);
		CHECK_EQ(t_mem_live(), 0);
	}
}
