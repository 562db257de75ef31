/*
 * The once cell between threads that meet before every round, so that each round is a race. One
 * value comes of it, everybody sees that one, and no other is lost.
 */
#define _GNU_SOURCE 1 /* meeting.h */

#include "once_cell_scene.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor/block_on_park.h"
#include "meeting.h"

enum { N_ROUNDS = 1500, N_THREADS = 3 };

static struct meeting meeting;
static atomic_int n_wrong, n_set, n_made;
static atomic_int seen[N_THREADS]; /* what each thread found in the cell; 0: it did not look */

/* --- What a thread may do; each brings a value of its own, which is not 0 --- */

static void look(int who)
{
	int **p = once_cell_get(&cell);

	if (p)
		seen[who] = **p;
	n_wrong += !p;
}

static void set_mine(int who)
{
	int *p = mem_alloc(sizeof *p), err;

	if (!p) {
		n_wrong++;
		return;
	}
	*p = 100 + who;
	err = once_cell_set(&cell, &p);
	n_set += err == 0;
	n_wrong += err && err != -EEXIST && err != -EALREADY;
	if (err)
		value_drop(&p);
}

static void wait_and_look(int who)
{
	struct once_cell_wait wait;

	n_wrong += block_on_park(once_cell_wait(&wait, &cell)) != 0;
	look(who);
}

/* Writes the variable at its second poll. */
struct slow {
	struct future future;
	int who, polls, err;
};

static enum poll slow_poll(struct future *f, struct context *cx)
{
	struct slow *s = future_of(f, struct slow);

	if (s->polls++ == 0) {
		waker_wake_by_ref(cx->waker);
		return POLL_PENDING;
	}
	if (!s->err) {
		variable = mem_alloc(sizeof *variable);
		*variable = 200 + s->who;
		n_made++;
	}
	return POLL_READY;
}

static const struct future_ops slow_ops = FUTURE_OPS("slow", slow_poll, NULL);

static struct future *slow(struct slow *s, int who, int err)
{
	*s = (struct slow){ .future = future_init(&slow_ops), .who = who, .err = err };
	return &s->future;
}

static void make_or_look(int who)
{
	struct once_cell_get_or_init g;
	struct slow s;

	n_wrong += block_on_park(once_cell_get_or_init(&g, &cell, slow(&s, who, 0))) != 0;
	n_wrong += g.err != 0;
	look(who);
}

static void fail(int who)
{
	struct once_cell_get_or_init g;
	struct slow s;

	n_wrong += block_on_park(once_cell_get_or_try_init(&g, &cell, slow(&s, who, -EIO), &s.err));
	n_wrong += g.err != 0 && g.err != -EIO;
}

static void poll_once_and_go(int who)
{
	struct context cx = context_of(&waker_noop);
	struct once_cell_get_or_init g;
	struct slow s;

	future_poll(once_cell_get_or_init(&g, &cell, slow(&s, who, 0)), &cx);
	future_drop(&g.future);
}

/* --- Races --- */

static void (*act[N_THREADS])(int who);
static void (*check_round)(void);

static void *takes_part(void *arg)
{
	int who = (int)(size_t)arg;

	meeting_spread((unsigned)who);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		if (who == 0) {
			cell = (struct once_cell)once_cell_init(&variable, value_drop);
			memset(seen, 0, sizeof seen);
			n_set = n_made = 0;
		}
		meeting_start(&meeting, round, (unsigned)who);
		act[who](who);
		meeting_wait(&meeting);
		if (who == 0) {
			check_round();
			once_cell_drop(&cell);
		}
	}
	return NULL;
}

static void run(void (*check)(void), void (*a)(int), void (*b)(int), void (*c)(int))
{
	pthread_t thread[N_THREADS];

	t_mem_begin();
	act[0] = a;
	act[1] = b;
	act[2] = c;
	check_round = check;
	atomic_store(&n_wrong, 0);
	meeting_init(&meeting, N_THREADS);
	for (size_t i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, takes_part, (void *)i), 0);
	for (int i = 0; i < N_THREADS; i++)
		CHECK_EQ(pthread_join(thread[i], NULL), 0);
	CHECK_EQ(atomic_load(&n_wrong), 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* One value was set or made, and all who looked have seen it. */
static void one_value_for_all(void)
{
	n_wrong += n_set + n_made != 1;
	for (int i = 0; i < N_THREADS; i++)
		n_wrong += seen[i] && seen[i] != get();
}

static void at_most_one_value(void)
{
	n_wrong += n_set + n_made > 1;
	n_wrong += (n_set + n_made == 0) != (get() == -1);
}

/* Whoever is refused because another one is just setting does not find the value yet. */
static void set_and_wait(int who)
{
	set_mine(who);
	wait_and_look(who);
}

/* BEH sync_set_once::set_and_wait_multiple_threads */
/* BEH src/sync/tests/loom_set_once::set_once_drop_test */
TEST(once_cell_threads, of_three_that_set_one_succeeds)
{
	run(one_value_for_all, set_and_wait, set_and_wait, set_and_wait);
}

/* BEH src/sync/tests/loom_set_once::set_once_wait_test */
TEST(once_cell_threads, who_is_about_to_wait_does_not_miss_the_value)
{
	run(one_value_for_all, set_mine, wait_and_look, wait_and_look);
}

TEST(once_cell_threads, of_three_that_could_make_it_one_does)
{
	run(one_value_for_all, make_or_look, make_or_look, make_or_look);
}

TEST(once_cell_threads, a_turn_that_is_given_up_is_not_lost)
{
	run(one_value_for_all, make_or_look, fail, make_or_look);
	run(one_value_for_all, make_or_look, poll_once_and_go, wait_and_look);
	run(at_most_one_value, poll_once_and_go, fail, poll_once_and_go);
}

TEST(once_cell_threads, one_that_sets_and_one_that_makes_are_not_both_heard)
{
	run(one_value_for_all, set_mine, make_or_look, wait_and_look);
	run(at_most_one_value, set_mine, poll_once_and_go, fail);
}
