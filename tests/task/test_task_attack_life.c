/*
 * The lives of thousands of tasks, at random. At every step something is done to a random one: from
 * the root between two turns, from outside of the runtime, and from within frames that are just
 * ending. Whatever the order, every frame ends exactly once, an aborted one is not polled again, a
 * join tells how it ended, and nothing is left.
 */
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

#include <errno.h>

#include "base/rand.h"

enum { N_LIVES = 2000, N_RECENT = 100, N_ROUNDS = 30, N_STEPS = 20, N_TURNS = 4 };

struct life {
	struct task *t;     /* NULL: its handle was given up */
	struct waker knock; /* while it waits */
	struct waker stray; /* kept for as long as it pleases the test */
	bool is_open, is_aborted, is_canceled, is_joining;
	unsigned n_ended;
	struct task_join join;
	struct t_waker w; /* of the join */
};

struct town {
	struct runtime *rt;
	struct rand rand;
	unsigned n_spawned;
	bool is_closing;
	struct life lives[N_LIVES];
};

static void step(struct town *town);

/* --- A task: waits until its life is open --- */

struct dweller {
	struct future future;
	struct town *town;
	struct life *life;
};

/* What it does last may concern anybody, itself included. */
static void end(struct dweller *d, bool is_canceled)
{
	d->life->n_ended++;
	d->life->is_canceled = is_canceled;
	waker_drop(&d->life->knock);
	step(d->town);
}

static enum poll poll_dweller(struct future *f, struct context *cx)
{
	struct dweller *d = future_of(f, struct dweller);

	CHECK(!d->life->is_aborted);
	CHECK_EQ(d->life->n_ended, 0);
	if (!d->life->is_open) {
		waker_refresh(&d->life->knock, cx->waker);
		return POLL_PENDING;
	}
	end(d, false);
	return POLL_READY;
}

static void drop_dweller(struct future *f)
{
	struct dweller *d = future_of(f, struct dweller);

	CHECK(d->life->is_aborted || d->town->is_closing);
	end(d, true);
}

static const struct future_ops dweller_ops = FUTURE_OPS("dweller", poll_dweller, drop_dweller);

/* Two sizes of the slab, and one that has a chunk of its own. */
struct small {
	struct dweller d;
};

struct medium {
	struct dweller d;
	char ballast[100];
};

struct large {
	struct dweller d;
	char ballast[600];
};

static struct future *init(struct dweller *d, struct town *town, struct life *life)
{
	*d = (struct dweller){ .future = future_init(&dweller_ops), .town = town, .life = life };
	return &d->future;
}

static struct future *small(struct small *f, struct town *town, struct life *life)
{
	return init(&f->d, town, life);
}

static struct future *medium(struct medium *f, struct town *town, struct life *life)
{
	return init(&f->d, town, life);
}

static struct future *large(struct large *f, struct town *town, struct life *life)
{
	return init(&f->d, town, life);
}

/* --- What is done to them --- */

static void be_born(struct town *town)
{
	struct life *l;

	if (town->n_spawned == N_LIVES)
		return;
	l = &town->lives[town->n_spawned];
	switch (rand_below(&town->rand, 3)) {
	case 0:
		l->t = spawn(town->rt, small, town, l);
		break;
	case 1:
		l->t = spawn(town->rt, medium, town, l);
		break;
	default:
		l->t = spawn(town->rt, large, town, l);
		break;
	}
	CHECK_EQ(l->t == NULL, town->is_closing);
	town->n_spawned += l->t != NULL;
}

static void leave_join(struct life *l)
{
	if (l->is_joining)
		future_drop(&l->join.future);
	l->is_joining = false;
	CHECK_EQ(t_held(&l->w), 0);
}

static void poll_join(struct life *l)
{
	if (!l->t)
		return;
	if (!l->is_joining)
		task_join(&l->join, l->t);
	l->is_joining = t_poll(&l->join.future, &l->w) == POLL_PENDING;
	CHECK_EQ(l->is_joining, !task_is_done(l->t));
	if (!l->is_joining) {
		CHECK_EQ(l->n_ended, 1);
		CHECK_EQ(l->join.err, l->is_canceled ? -ECANCELED : 0);
		CHECK_EQ(t_held(&l->w), 0);
	}
}

static void abort_it(struct life *l)
{
	if (l->t && l->n_ended == 0)
		l->is_aborted = true;
	task_abort(l->t);
}

static void give_up(struct life *l)
{
	leave_join(l);
	task_detach(l->t);
	l->t = NULL;
}

static void keep_stray(struct life *l)
{
	waker_drop(&l->stray);
	if (waker_is_some(&l->knock))
		l->stray = waker_clone(&l->knock);
}

static void act(struct town *town, struct life *l)
{
	switch (rand_below(&town->rand, 10)) {
	case 0:
		abort_it(l);
		break;
	case 1:
		give_up(l);
		break;
	case 2:
	case 3:
		poll_join(l);
		break;
	case 4:
		leave_join(l);
		break;
	case 5:
		keep_stray(l);
		break;
	case 6:
		waker_wake_by_ref(&l->stray);
		break;
	case 7:
		waker_wake_by_ref(&l->knock); /* without a reason */
		break;
	default:
		l->is_open = true;
		waker_wake(&l->knock);
		break;
	}
}

static void step(struct town *town)
{
	unsigned n = town->n_spawned, recent = n < N_RECENT ? n : N_RECENT;

	if (rand_below(&town->rand, 4) == 0)
		be_born(town);
	else if (n > 0)
		act(town, &town->lives[n - 1 - rand_below(&town->rand, recent)]);
}

static void steps(struct town *town)
{
	for (int i = 0; i < N_STEPS; i++)
		step(town);
}

/* --- The root --- */

struct mayor {
	struct future future;
	struct town *town;
	unsigned n_turns;
};

static enum poll poll_mayor(struct future *f, struct context *cx)
{
	struct mayor *m = future_of(f, struct mayor);

	if (m->n_turns-- == 0)
		return POLL_READY;
	steps(m->town);
	waker_wake_by_ref(cx->waker);
	return POLL_PENDING;
}

static const struct future_ops mayor_ops = FUTURE_OPS("mayor", poll_mayor, NULL);

static struct future *mayor(struct mayor *m, struct town *town)
{
	*m = (struct mayor){
		.future = future_init(&mayor_ops), .town = town, .n_turns = N_TURNS
	};
	return &m->future;
}

static void check_life(struct life *l)
{
	CHECK_EQ(l->n_ended, 1);
	poll_join(l);
	CHECK(!l->is_joining);
	CHECK_EQ(t_held(&l->w), 0);
	task_detach(l->t);
	waker_wake_by_ref(&l->stray); /* the runtime is gone: nothing happens */
	waker_drop(&l->stray);
	CHECK(!waker_is_some(&l->knock));
}

/* The runtime is destroyed in the midst of it, earlier or later. */
static void live(uint64_t seed, int n_rounds)
{
	static struct town town;
	struct mayor m;

	t_mem_begin();
	town = (struct town){ .rt = t_runtime(), .rand = { seed } };
	for (int round = 0; round < n_rounds; round++) {
		steps(&town);
		CHECK_EQ(runtime_block_on(town.rt, mayor(&m, &town)), 0);
	}
	CHECK(town.n_spawned > N_RECENT);
	town.is_closing = true;
	runtime_destroy(town.rt);
	for (unsigned i = 0; i < town.n_spawned; i++)
		check_life(&town.lives[i]);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(task_attack, whatever_is_done_to_tasks_each_frame_ends_once_and_nothing_is_left)
{
	for (uint64_t seed = 1; seed <= 12; seed++)
		live(seed, (int)seed * N_ROUNDS);
}
