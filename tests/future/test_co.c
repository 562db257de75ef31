/*
 * test_co: the coroutine macros. What runs when, what a drop undoes and in which order, and the
 * guards that only a running program can have.
 */
#include "future/co.h"

#include "future/leaf.h"
#include "t.h"
#include "t_bug.h"
#include "t_future.h"

/* What happened, in order, a character for each event. */
static char events[64];
static size_t n_events;

static void note(char event)
{
	CHECK(n_events < sizeof events - 1);
	events[n_events++] = event;
	events[n_events] = '\0';
}

static void forget_events(void)
{
	n_events = 0;
	events[0] = '\0';
}

static unsigned n_calls(char event)
{
	unsigned n = 0;

	for (const char *e = events; *e; e++)
		n += *e == event;
	return n;
}

/*
 * --- steps: `n` awaits in a loop, one before it and one after
 * ---------------------------------------
 */

struct steps {
	struct co co;
	int n, pending, i;  /* how many; how often each is pending */
	bool return_at_two; /* leave by co_return after the second in the loop */
	int *held;
	struct leaf leaf;
};

static enum poll steps_run(struct co *co, struct context *cx)
{
	struct steps *const f = co_frame(co, struct steps);

	co_begin(co);
	note('(');
	co_await(leaf(&f->leaf, f->pending, f->held, 0));
	for (f->i = 0; f->i < f->n; f->i++) {
		note('i');
		co_await(leaf(&f->leaf, f->pending, f->held, f->i));
		if (f->return_at_two && f->i == 1)
			co_return;
	}
	co_await(leaf(&f->leaf, f->pending, f->held, 0));
	note(')');
	co_finally {
		note('!');
	}
	co_end;
}

static struct future *steps(struct steps *f, int n, int pending, int *held)
{
	*f = (struct steps){ .co = co_init(steps_run), .n = n, .pending = pending, .held = held };
	return &f->co.future;
}

TEST(co, runs_its_body_in_order_and_its_finally_last)
{
	struct t_waker w = t_waker();
	struct steps f;
	int held = 0;

	forget_events();
	CHECK_EQ(t_poll(steps(&f, 3, 0, &held), &w), POLL_READY);
	CHECK_STR(events, "(iii)!");
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(co, goes_on_where_it_waited)
{
	struct t_waker w = t_waker();
	struct steps f;
	struct future *future = steps(&f, 2, 1, &(int){ 0 });
	static const char *const so_far[] = { "(", "(i", "(ii", "(ii" };

	forget_events();
	for (int k = 0; k < 4; k++) {
		CHECK_EQ(t_poll(future, &w), POLL_PENDING);
		CHECK_STR(events, so_far[k]);
	}
	CHECK_EQ(t_poll(future, &w), POLL_READY);
	CHECK_STR(events, "(ii)!");
	CHECK_EQ(t_held(&w), 0);
}

TEST(co, a_spurious_poll_repeats_nothing)
{
	struct t_waker w = t_waker();
	struct steps f;
	struct future *future = steps(&f, 1, LEAF_SHUT, &(int){ 0 });

	forget_events();
	for (int k = 0; k < 3; k++)
		CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_STR(events, "(");
	CHECK_EQ(f.leaf.polls, 3);
	future_drop(future);
}

TEST(co, co_return_skips_the_rest_but_not_the_finally)
{
	struct t_waker w = t_waker();
	struct steps f;
	struct future *future = steps(&f, 9, 0, &(int){ 0 });

	forget_events();
	f.return_at_two = true;
	CHECK_EQ(t_poll(future, &w), POLL_READY);
	CHECK_STR(events, "(ii!");
}

TEST(co, the_constructor_runs_nothing)
{
	struct steps f;

	forget_events();
	CHECK(future_is_live(steps(&f, 1, 0, NULL)));
	CHECK_STR(events, "");
}

TEST(co, dropped_before_its_first_poll_it_still_runs_its_finally)
{
	struct steps f;
	struct future *future = steps(&f, 1, 0, NULL);

	forget_events();
	future_drop(future);
	CHECK_STR(events, "!");
	CHECK(future_is_over(future));
}

TEST(co, a_second_drop_and_a_drop_after_the_end_do_nothing)
{
	struct t_waker w = t_waker();
	struct steps f;

	forget_events();
	future_drop(steps(&f, 1, 0, NULL));
	future_drop(&f.co.future);
	CHECK_STR(events, "!");
	CHECK_EQ(t_poll(steps(&f, 0, 0, &(int){ 0 }), &w), POLL_READY);
	forget_events();
	future_drop(&f.co.future);
	CHECK_STR(events, "");
}

static bool steps_for(unsigned k)
{
	struct t_waker w = t_waker();
	struct steps f;
	int held = 0;
	struct future *future = steps(&f, 3, 2, &held);
	bool done = false;

	forget_events();
	for (unsigned i = 0; i < k && !done; i++)
		done = t_poll(future, &w) == POLL_READY;
	future_drop(future);
	CHECK_EQ(n_calls('!'), 1);
	CHECK_EQ(events[n_events - 1], '!');
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
	return done;
}

TEST(co, dropped_at_any_poll_it_leaves_nothing_behind_and_runs_its_finally_once)
{
	t_cancel_at_every_poll(steps_for);
}

TEST(co, the_waker_of_the_latest_poll_is_the_one_that_counts)
{
	struct t_waker first = t_waker(), second = t_waker();
	struct steps f;
	struct future *future = steps(&f, 0, LEAF_SHUT, &(int){ 0 });

	CHECK_EQ(t_poll(future, &first), POLL_PENDING);
	CHECK_EQ(t_poll(future, &second), POLL_PENDING);
	CHECK_EQ(t_held(&first), 0);
	leaf_open(&f.leaf);
	CHECK_EQ(t_wakes(&first), 0);
	CHECK_EQ(t_wakes(&second), 1);
	future_drop(future);
	CHECK_EQ(t_held(&second), 0);
}

/*
 * --- nest: a coroutine that awaits a coroutine that awaits a coroutine
 * ------------------------------
 */

struct inner {
	struct co co;
	char name;
	struct leaf leaf;
	int *held;
};

static enum poll inner_run(struct co *co, struct context *cx)
{
	struct inner *const f = co_frame(co, struct inner);

	co_begin(co);
	co_await(leaf(&f->leaf, LEAF_SHUT, f->held, 0));
	co_finally {
		note(f->name);
	}
	co_end;
}

static struct future *inner(struct inner *f, char name, int *held)
{
	*f = (struct inner){ .co = co_init(inner_run), .name = name, .held = held };
	return &f->co.future;
}

struct middle {
	struct co co;
	int *held;
	struct inner inner;
};

static enum poll middle_run(struct co *co, struct context *cx)
{
	struct middle *const f = co_frame(co, struct middle);

	co_begin(co);
	co_await(inner(&f->inner, '1', f->held));
	co_await(inner(&f->inner, '2', f->held));
	co_finally {
		note('m');
	}
	co_end;
}

static struct future *middle(struct middle *f, int *held)
{
	*f = (struct middle){ .co = co_init(middle_run), .held = held };
	return &f->co.future;
}

struct outer {
	struct co co;
	int *held;
	struct middle middle;
};

static enum poll outer_run(struct co *co, struct context *cx)
{
	struct outer *const f = co_frame(co, struct outer);

	co_begin(co);
	co_await(middle(&f->middle, f->held));
	co_finally {
		note('o');
	}
	co_end;
}

static struct future *outer(struct outer *f, int *held)
{
	*f = (struct outer){ .co = co_init(outer_run), .held = held };
	return &f->co.future;
}

TEST(co, a_drop_goes_innermost_first)
{
	struct t_waker w = t_waker();
	struct outer f;
	int held = 0;
	struct future *future = outer(&f, &held);

	forget_events();
	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_EQ(held, 1);
	future_drop(future);
	CHECK_STR(events, "1mo");
	CHECK_EQ(held, 0);
	CHECK_EQ(t_held(&w), 0);
}

TEST(co, a_child_that_is_done_is_not_dropped_again)
{
	struct t_waker w = t_waker();
	struct outer f;
	int held = 0;
	struct future *future = outer(&f, &held);

	forget_events();
	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	leaf_open(&f.middle.inner.leaf);
	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_STR(events, "1");
	future_drop(future);
	CHECK_STR(events, "12mo");
	CHECK_EQ(held, 0);
}

TEST(co, a_suspended_one_can_be_walked_down_to_its_leaf)
{
	struct t_waker w = t_waker();
	struct outer f;
	struct future *future = outer(&f, &(int){ 0 }), *at = future;

	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_STR(future_name(at), "outer");
	at = at->ops->child(at, 0);
	CHECK_STR(future_name(at), "middle");
	at = at->ops->child(at, 0);
	CHECK_STR(future_name(at), "inner");
	CHECK_PTR(at->ops->child(at, 1), NULL);
	at = at->ops->child(at, 0);
	CHECK_PTR(at, &f.middle.inner.leaf.future);
	future_drop(future);
}

TEST(co, each_await_knows_its_text_its_function_and_its_line)
{
	struct t_waker w = t_waker();
	struct outer f;
	struct future *future = outer(&f, &(int){ 0 });
	int line;

	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_STR(f.co.site->expr, "middle(&f->middle, f->held)");
	CHECK_STR(f.co.site->func, "outer_run");
	CHECK(strstr(f.co.site->file, "test_co.c"));
	CHECK_STR(f.middle.co.site->expr, "inner(&f->inner, '1', f->held)");
	line = f.middle.co.site->line;
	leaf_open(&f.middle.inner.leaf);
	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_STR(f.middle.co.site->expr, "inner(&f->inner, '2', f->held)");
	CHECK_EQ(f.middle.co.site->line, line + 1);
	future_drop(future);
}

/*
 * --- bare: no finally; an await in each branch of an if without braces, and in a nested loop
 * -------
 */

struct bare {
	struct co co;
	int i, j, left, right;
	struct leaf leaf;
};

static enum poll bare_run(struct co *co, struct context *cx)
{
	struct bare *const f = co_frame(co, struct bare);

	co_begin(co);
	for (f->i = 0; f->i < 2; f->i++) {
		for (f->j = 0; f->j < 3; f->j++) {
			if ((f->i + f->j) % 2)
				co_await(leaf(&f->leaf, 1, &f->left, 0));
			else
				co_await(leaf(&f->leaf, 0, &f->right, 0));
			if (f->i == 1 && f->j == 1)
				break; /* out of a loop of its own: allowed */
			note((char)('0' + f->i * 3 + f->j));
		}
	}
	co_end;
}

static struct future *bare(struct bare *f)
{
	*f = (struct bare){ .co = co_init(bare_run) };
	return &f->co.future;
}

TEST(co, awaits_may_stand_in_loops_and_branches_and_finally_may_be_left_out)
{
	struct t_waker w = t_waker();
	struct bare f;
	struct future *future = bare(&f);

	forget_events();
	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(future, &w), POLL_READY);
	CHECK_STR(events, "0123");
	CHECK_EQ(f.left, 0);
}

TEST(co, without_a_finally_a_drop_still_drops_the_child)
{
	struct t_waker w = t_waker();
	struct bare f;
	struct future *future = bare(&f);

	forget_events();
	CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_EQ(f.left, 1);
	future_drop(future);
	CHECK_EQ(f.left, 0);
	future_drop(bare(&f));
	CHECK_STR(events, "0");
}

TEST(co, an_argument_is_evaluated_once)
{
	struct t_waker w = t_waker();
	struct steps f;
	struct future *future = steps(&f, 0, 2, &(int){ 0 });

	/* A second evaluation would build the leaf anew, and it would be pending for ever. */
	for (int k = 0; k < 4; k++)
		CHECK_EQ(t_poll(future, &w), POLL_PENDING);
	CHECK_EQ(t_poll(future, &w), POLL_READY);
}

/*
 * --- The guards
 * --------------------------------------------------------------------------------------
 */

static void poll_twice(co_run *run)
{
	struct t_waker w = t_waker();
	struct steps f;
	struct co_code code = { .live = { .name = "guarded", .poll = co__poll, .drop = co__drop,
					  .child = co__child, .over = &code.over },
				.over = { .name = "guarded", .poll = future_over_poll },
				.run = run };

	steps(&f, 0, 1, &(int){ 0 });
	f.co.future.ops = &code.live;
	(void)t_poll(&f.co.future, &w);
	(void)t_poll(&f.co.future, &w);
}

static enum poll in_a_switch_run(struct co *co, struct context *cx)
{
	struct steps *const f = co_frame(co, struct steps);

	co_begin(co);
	switch (f->pending) {
	case 1:
		co_await(leaf(&f->leaf, f->pending, f->held, 0));
		break;
	default:
		break;
	}
	co_end;
}

static void await_in_a_switch(void)
{
	poll_twice(in_a_switch_run);
}

TEST_BUG(co, an_await_inside_a_switch_of_its_own)
{
	await_in_a_switch();
}

TEST(co, an_await_inside_a_switch_of_its_own_is_named_with_its_line)
{
	t_bug_says(await_in_a_switch, "guarded: resumed at a place its switch does not have");
	t_bug_says(await_in_a_switch, "test_co.c:");
}

static enum poll return_ready_run(struct co *co, struct context *cx)
{
	co_begin(co);
	return POLL_READY;
	co_end;
}

static void plain_return_of_ready(void)
{
	poll_twice(return_ready_run);
}

TEST_BUG(co, a_plain_return_of_ready)
{
	plain_return_of_ready();
}

static enum poll return_pending_run(struct co *co, struct context *cx)
{
	struct steps *const f = co_frame(co, struct steps);

	co_begin(co);
	co_await(leaf(&f->leaf, 0, f->held, 0));
	return POLL_PENDING;
	co_end;
}

static void plain_return_of_pending(void)
{
	poll_twice(return_pending_run);
}

TEST_BUG(co, a_plain_return_of_pending)
{
	plain_return_of_pending();
}

TEST(co, a_plain_return_is_named)
{
	t_bug_says(plain_return_of_ready, "guarded: left by a plain return");
	t_bug_says(plain_return_of_pending, "guarded: left by a plain return");
	t_bug_says(plain_return_of_pending, "test_co.c:"); /* the await before it */
}

static enum poll stray_break_run(struct co *co, struct context *cx)
{
	struct steps *const f = co_frame(co, struct steps);

	co_begin(co);
	co_await(leaf(&f->leaf, 0, f->held, 0));
	if (f->pending)
		break;
	co_end;
}

static void stray_break(void)
{
	poll_twice(stray_break_run);
}

TEST_BUG(co, a_break_that_belongs_to_no_loop)
{
	stray_break();
}

TEST(co, a_break_that_belongs_to_no_loop_is_named)
{
	t_bug_says(stray_break, "guarded: left by a break that belongs to no loop");
}

static void poll_after_the_end(void)
{
	struct t_waker w = t_waker();
	struct steps f;

	CHECK_EQ(t_poll(steps(&f, 0, 0, &(int){ 0 }), &w), POLL_READY);
	(void)t_poll(&f.co.future, &w);
}

static void poll_after_a_drop(void)
{
	struct t_waker w = t_waker();
	struct steps f;

	future_drop(steps(&f, 0, 0, NULL));
	(void)t_poll(&f.co.future, &w);
}

TEST_BUG(co, a_poll_after_the_end)
{
	poll_after_the_end();
}

TEST_BUG(co, a_poll_after_a_drop)
{
	poll_after_a_drop();
}

TEST(co, a_poll_after_the_end_is_named)
{
	t_bug_says(poll_after_the_end, "steps: polled after it was done");
	t_bug_says(poll_after_a_drop, "steps: polled after it was done");
}

TEST_BUG(co, a_poll_of_what_was_never_built)
{
	struct t_waker w = t_waker();
	struct steps f = { 0 };

	(void)t_poll(&f.co.future, &w);
}

TEST(co, dropping_what_was_never_built_does_nothing)
{
	struct steps f = { 0 };

	future_drop(&f.co.future);
	future_drop(NULL);
	CHECK_STR(future_name(&f.co.future), "(never built)");
}

#ifdef WEFT_DEBUG

static void move_after_the_first_poll(void)
{
	struct t_waker w = t_waker();
	struct steps f, moved;

	CHECK_EQ(t_poll(steps(&f, 0, LEAF_SHUT, &(int){ 0 }), &w), POLL_PENDING);
	moved = f;
	(void)t_poll(&moved.co.future, &w);
}

TEST_BUG(co, a_frame_that_moves_after_its_first_poll)
{
	move_after_the_first_poll();
}

TEST(co, a_frame_that_moves_is_named)
{
	t_bug_says(move_after_the_first_poll, "steps: moved after its first poll");
}

static void drop_where_it_was_not_polled(void)
{
	struct t_waker w = t_waker();
	struct steps f, moved;

	CHECK_EQ(t_poll(steps(&f, 0, LEAF_SHUT, &(int){ 0 }), &w), POLL_PENDING);
	moved = f;
	future_drop(&moved.co.future);
}

TEST(co, a_frame_that_moves_before_its_drop_is_named)
{
	t_bug_says(drop_where_it_was_not_polled, "steps: moved after its first poll");
}

#endif

TEST(co, a_frame_may_move_before_its_first_poll)
{
	struct t_waker w = t_waker();
	struct steps f, moved;

	steps(&f, 0, 0, &(int){ 0 });
	moved = f;
	CHECK_EQ(t_poll(&moved.co.future, &w), POLL_READY);
}
