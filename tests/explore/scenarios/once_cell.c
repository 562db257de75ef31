/* once_cell: one turn, one value, and those who give up either before it is there. */
#include "sync/once_cell.h"

#include "explore/scenarios/scene.h"

static int *variable;
static struct once_cell cell;
static atomic_int n_values;

static void setup(void)
{
	cell = (struct once_cell)once_cell_init(&variable, value_drop);
	atomic_init(&n_values, 0);
}

static void count(void)
{
	atomic_fetch_add_explicit(&n_values, 1, memory_order_relaxed);
}

/* Ready at its second poll. */
struct maker {
	struct future future;
	int polls, err;
};

static enum poll maker_poll(struct future *f, struct context *cx)
{
	struct maker *m = future_of(f, struct maker);

	if (m->polls++ == 0) {
		waker_wake_by_ref(cx->waker);
		return POLL_PENDING;
	}
	if (!m->err) {
		variable = value(7);
		count();
	}
	return POLL_READY;
}

static const struct future_ops maker_ops = FUTURE_OPS("maker", maker_poll, NULL);

struct user {
	struct once_cell_get_or_init get;
	struct maker maker;
};

static struct future *user(struct user *u, int err)
{
	u->maker = (struct maker){ .future = future_init(&maker_ops), .err = err };
	return once_cell_get_or_try_init(&u->get, &cell, &u->maker.future, &u->maker.err);
}

/* --- What a thread does --- */

static void look(void)
{
	int **p = once_cell_get(&cell);

	CHECK(p);
	CHECK_EQ(**p, 7);
}

static void make_or_look(void)
{
	struct user *u = frame_new(user);

	explore_await(user(u, 0));
	CHECK_EQ(u->get.err, 0);
	frame_free(u);
	look();
}

static void fail(void)
{
	struct user *u = frame_new(user);

	explore_await(user(u, -EIO));
	frame_free(u);
}

static void poll_once_and_go(void)
{
	struct user *u = frame_new(user);

	explore_poll(user(u, 0), explore_me());
	future_drop(&u->get.future);
	frame_free(u);
}

static void set(void)
{
	int *p = value(7), err = once_cell_set(&cell, &p);

	if (err)
		value_drop(&p);
	else
		count();
}

static void wait_and_look(void)
{
	struct once_cell_wait *w = frame_new(once_cell_wait);

	explore_await(once_cell_wait(w, &cell));
	frame_free(w);
	look();
}

static void ask_and_look(void)
{
	if (once_cell_get(&cell))
		look();
}

/* --- Afterwards --- */

static void one_value(void)
{
	CHECK_EQ(atomic_load(&n_values), 1);
	look();
	once_cell_drop(&cell);
}

static void one_or_none(void)
{
	CHECK_EQ(atomic_load(&n_values), once_cell_get(&cell) != NULL);
	once_cell_drop(&cell);
}

/* BEH src/sync/tests/loom_set_once::set_once_drop_test */
SCENARIO(once_cell_set_against_set, .setup = setup, .thread = { set, set }, .check = one_value);
/* BEH src/sync/tests/loom_set_once::set_once_wait_test */
SCENARIO(once_cell_set_against_wait, .setup = setup, .thread = { set, wait_and_look }, .check = one_value);
SCENARIO(once_cell_set_against_get, .setup = setup, .thread = { set, ask_and_look }, .check = one_value);
SCENARIO(once_cell_two_who_could_make_it, .setup = setup, .thread = { make_or_look, make_or_look },
	 .check = one_value);
SCENARIO(once_cell_make_against_fail, .setup = setup, .thread = { make_or_look, fail }, .check = one_value);
SCENARIO(once_cell_make_against_poll_and_drop, .setup = setup,
	 .thread = { make_or_look, poll_once_and_go }, .check = one_value);
SCENARIO(once_cell_set_against_poll_and_drop, .setup = setup, .thread = { set, poll_once_and_go },
	 .check = one_or_none);
SCENARIO(once_cell_make_against_wait, .setup = setup, .thread = { make_or_look, wait_and_look },
	 .check = one_value);
SCENARIO(once_cell_make_against_make_and_fail, .setup = setup,
	 .thread = { make_or_look, make_or_look, fail }, .check = one_value);
