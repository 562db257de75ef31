/* The two executors that fit on a page: one spins, one parks. */
#include <errno.h>
#include <pthread.h>

#include "base/mem.h"
#include "executor/block_on_park.h"
#include "executor/block_on_spin.h"
#include "future/co.h"
#include "future/join.h"
#include "future/pending.h"
#include "future/poll_fn.h"
#include "future/ready.h"
#include "future/yield_now.h"
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

/* Pending until told, telling whom to wake through `slot`, which its owner may hand to a thread. */
struct bell {
	struct future future;
	struct waker slot;
	int left, polls;
	bool dropped;
};

static enum poll bell_poll(struct future *f, struct context *cx)
{
	struct bell *s = future_of(f, struct bell);

	s->polls++;
	if (s->left-- <= 0)
		return POLL_READY;
	waker_refresh(&s->slot, cx->waker);
	return POLL_PENDING;
}

static void bell_drop(struct future *f)
{
	struct bell *s = future_of(f, struct bell);

	s->dropped = true;
	waker_drop(&s->slot);
}

static const struct future_ops bell_ops = FUTURE_OPS("bell", bell_poll, bell_drop);

static struct future *bell(struct bell *s, int left)
{
	*s = (struct bell){ .future = future_init(&bell_ops), .left = left };
	return &s->future;
}

/* What an executor offers, as seen by a leaf. */
static enum poll look_around(void *arg, struct context *cx)
{
	*(struct context *)arg = *cx;
	return POLL_READY;
}

TEST(block_on_spin, polls_until_ready)
{
	struct yield_now a;
	struct ready b;
	struct join both;

	block_on_spin(join(&both, yield_now(&a), ready(&b)));
	CHECK(future_is_over(&both.future));
}

TEST(block_on_spin, needs_no_wake)
{
	struct bell s;

	block_on_spin(bell(&s, 1000));
	CHECK_EQ(s.polls, 1001);
	waker_drop(&s.slot);
}

TEST(block_on, offers_no_services_and_keeps_no_budget)
{
	struct waker none = { 0 };
	struct context cx = context_of(&none);
	struct poll_fn p;

	block_on_spin(poll_fn(&p, look_around, &cx));
	CHECK(!cx.rt && !cx.task && cx.budget == UINT_MAX);
	cx = (struct context){ 0 };
	CHECK_EQ(block_on_park(poll_fn(&p, look_around, &cx)), 0);
	CHECK(!cx.rt && !cx.task && cx.budget == UINT_MAX);
}

TEST(block_on_park, returns_at_once_when_ready)
{
	struct ready r;

	t_mem_begin();
	CHECK_EQ(block_on_park(ready(&r)), 0);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(t_mem_allocs(), 1);
}

TEST(block_on_park, a_wake_during_the_poll_is_not_lost)
{
	struct yield_now a, b, c;
	struct join all;

	CHECK_EQ(block_on_park(join(&all, yield_now(&a), yield_now(&b), yield_now(&c))), 0);
}

TEST(block_on_park, without_memory_drops_the_future_and_says_so)
{
	struct bell s;

	t_mem_begin();
	t_mem_fail(0);
	CHECK_EQ(block_on_park(bell(&s, 1)), -ENOMEM);
	CHECK(s.dropped);
	CHECK_EQ(s.polls, 0);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(block_on_park, of_a_future_that_nobody_can_wake_is_a_deadlock)
{
	struct pending p;

	t_mem_begin();
	CHECK_EQ(block_on_park(pending(&p)), -EDEADLK);
	CHECK(future_is_over(&p.future));
	CHECK_EQ(t_mem_live(), 0);
}

/* Takes the waker, and gives it up within the same poll. */
static enum poll take_and_forget(void *arg, struct context *cx)
{
	struct waker clone = waker_clone(cx->waker);

	(void)arg;
	waker_drop(&clone);
	return POLL_PENDING;
}

TEST(block_on_park, whose_last_waker_was_dropped_in_the_poll_is_a_deadlock)
{
	struct poll_fn p;

	CHECK_EQ(block_on_park(poll_fn(&p, take_and_forget, NULL)), -EDEADLK);
}

/* Leaves a clone behind for the caller. */
static enum poll leave_behind(void *arg, struct context *cx)
{
	*(struct waker *)arg = waker_clone(cx->waker);
	return POLL_READY;
}

TEST(block_on_park, a_waker_may_outlive_the_call)
{
	struct waker left = { 0 };
	struct poll_fn p;

	t_mem_begin();
	CHECK_EQ(block_on_park(poll_fn(&p, leave_behind, &left)), 0);
	CHECK(t_mem_live() > 0);
	waker_wake_by_ref(&left);
	waker_wake(&left);
	CHECK_EQ(t_mem_live(), 0);
}

struct inner_call {
	struct yield_now yield;
	int err, polls;
};

/* Blocks inside a poll: legal here, if unkind. */
static enum poll block_inside(void *arg, struct context *cx)
{
	struct inner_call *c = arg;

	c->err = block_on_park(yield_now(&c->yield));
	if (c->polls++ > 0)
		return POLL_READY;
	waker_wake_by_ref(cx->waker);
	return POLL_PENDING;
}

TEST(block_on_park, does_not_take_the_wakes_of_another_call_on_the_same_thread)
{
	struct inner_call c = { .err = -1 };
	struct poll_fn p;

	CHECK_EQ(block_on_park(poll_fn(&p, block_inside, &c)), 0);
	CHECK_EQ(c.err, 0);
	CHECK_EQ(c.polls, 2);
}

static enum poll park_inside(void *arg, struct context *cx)
{
	struct inner_call *c = arg;

	(void)cx;
	c->err = block_on_park(yield_now(&c->yield));
	return POLL_READY;
}

TEST(block_on_park, inside_a_task_of_a_runtime_is_refused)
{
	struct runtime *rt = t_runtime();
	struct inner_call c = { .err = 0 };
	struct poll_fn p;

	CHECK_EQ(runtime_block_on(rt, poll_fn(&p, park_inside, &c)), 0);
	CHECK_EQ(c.err, -EDEADLK);
	CHECK(future_is_over(&c.yield.future));
	runtime_destroy(rt);
	CHECK_EQ(block_on_park(yield_now(&c.yield)), 0);
}

/* A slot through which a waiting thread hands its waker to another, which hands back a turn. */
struct exchange {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct waker waker; /* under lock */
	int turns;          /* under lock: given, not yet taken */
	int rounds;
	bool by_dropping;   /* the last waker is dropped, not woken */
};

static void *wake_in_rounds(void *arg)
{
	struct exchange *x = arg;

	for (int i = 0; i < x->rounds; i++) {
		struct waker w;

		pthread_mutex_lock(&x->lock);
		while (!waker_is_some(&x->waker))
			pthread_cond_wait(&x->changed, &x->lock);
		w = waker_take(&x->waker);
		x->turns++;
		pthread_mutex_unlock(&x->lock);
		if (x->by_dropping)
			waker_drop(&w);
		else
			waker_wake(&w);
	}
	return NULL;
}

/* Takes `rounds` turns; for each it leaves its waker and waits. */
struct taker {
	struct future future;
	struct exchange *x;
	bool left; /* our waker has been left there, for this round */
	int taken;
};

static enum poll taker_poll(struct future *f, struct context *cx)
{
	struct taker *t = future_of(f, struct taker);
	struct exchange *x = t->x;

	for (;;) {
		pthread_mutex_lock(&x->lock);
		if (x->turns > 0) {
			x->turns--;
			t->taken++;
			t->left = false;
		}
		pthread_mutex_unlock(&x->lock);
		if (t->taken == x->rounds)
			return POLL_READY;
		if (t->left)
			return POLL_PENDING;
		t->left = true;
		pthread_mutex_lock(&x->lock);
		x->waker = waker_clone(cx->waker);
		pthread_cond_signal(&x->changed);
		pthread_mutex_unlock(&x->lock);
	}
}

static const struct future_ops taker_ops = FUTURE_OPS("taker", taker_poll, NULL);

static int exchange(int rounds, bool by_dropping, int *taken)
{
	struct exchange x = { .lock = PTHREAD_MUTEX_INITIALIZER,
			      .changed = PTHREAD_COND_INITIALIZER,
			      .rounds = rounds,
			      .by_dropping = by_dropping };
	struct taker t = { .future = future_init(&taker_ops), .x = &x };
	pthread_t thread;
	int err;

	CHECK_EQ(pthread_create(&thread, NULL, wake_in_rounds, &x), 0);
	err = block_on_park(&t.future);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	*taken = t.taken;
	return err;
}

TEST(block_on_threads, park_is_woken_by_another_thread_10000_times)
{
	int taken;

	t_mem_begin();
	CHECK_EQ(exchange(10000, false, &taken), 0);
	CHECK_EQ(taken, 10000);
	CHECK_EQ(t_mem_live(), 0);
}

/*
 * The other thread drops the only waker, before or after we have gone to sleep. Either way it has
 * added a turn first, which a poll may see or not, so both outcomes are right; hanging is not.
 */
TEST(block_on_threads, park_notices_when_another_thread_drops_the_last_waker)
{
	t_mem_begin();
	for (int i = 0; i < 500; i++) {
		int taken, err = exchange(1, true, &taken);

		CHECK(taken ? err == 0 : err == -EDEADLK);
	}
	CHECK_EQ(t_mem_live(), 0);
}

static void *spin_for_a_flag(void *arg)
{
	atomic_store((atomic_bool *)arg, true);
	return NULL;
}

static enum poll read_flag(void *arg, struct context *cx)
{
	(void)cx;
	return atomic_load((atomic_bool *)arg) ? POLL_READY : POLL_PENDING;
}

TEST(block_on_threads, spin_sees_what_another_thread_does)
{
	atomic_bool flag = false;
	pthread_t thread;
	struct poll_fn p;

	CHECK_EQ(pthread_create(&thread, NULL, spin_for_a_flag, &flag), 0);
	block_on_spin(poll_fn(&p, read_flag, &flag));
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(atomic_load(&flag));
}
