/* task_local: seen inside of its scope, in every poll and in the drop, and nowhere else. */
#include "task/task_local.h"

#include "future/join.h"
#include "stream/futures_unordered.h"
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

static const struct task_local number = { "number" }, colour = { "colour" };

/* Looks at the number at each of its polls and in its finally. */
struct looks {
	struct co co;
	int n; /* yields */
	struct yield_now yield;
	int *seen; /* what it saw; -1: nothing. One for each poll, and one more */
};

static int look(void)
{
	const int *value = task_local_get(&number, int);

	return value ? *value : -1;
}

static enum poll looks_run(struct co *co, struct context *cx)
{
	struct looks *const f = co_frame(co, struct looks);

	co_begin(co);
	for (; f->n > 0; f->n--) {
		*f->seen++ = look();
		co_await(yield_now(&f->yield));
	}
	*f->seen++ = look();
	co_finally {
		*f->seen++ = look();
	}
	co_end;
}

static struct future *looks(struct looks *f, int n, int *seen)
{
	*f = (struct looks){ .co = co_init(looks_run), .n = n, .seen = seen };
	return &f->co.future;
}

static void check_all(const int *seen, int n, int expected)
{
	for (int i = 0; i < n; i++)
		CHECK_EQ(seen[i], expected);
}

/* BEH task_local::local */
TEST(task_local, a_value_is_seen_inside_of_its_scope_only_across_awaits)
{
	struct task_local_scope scopes[2];
	struct looks lookers[3];
	struct t_waker w = t_waker();
	int values[2] = { 1, 2 }, seen[3][5] = { 0 };
	struct join all;

	task_local_scope(&scopes[0], &number, &values[0], looks(&lookers[0], 3, seen[0]));
	task_local_scope(&scopes[1], &number, &values[1], looks(&lookers[2], 3, seen[2]));
	join(&all, &scopes[0].future, looks(&lookers[1], 3, seen[1]), &scopes[1].future);
	while (t_poll(&all.future, &w) == POLL_PENDING)
		CHECK_EQ(look(), -1);
	check_all(seen[0], 5, 1);
	check_all(seen[1], 5, -1);
	check_all(seen[2], 5, 2);
	CHECK_EQ(look(), -1);
}

/* A scope in a task. */
struct scoped {
	struct co co;
	int value;
	struct task_local_scope scope;
	struct looks looks;
	int *seen;
};

static enum poll scoped_run(struct co *co, struct context *cx)
{
	struct scoped *const f = co_frame(co, struct scoped);

	co_begin(co);
	co_await(task_local_scope(&f->scope, &number, &f->value, looks(&f->looks, 4, f->seen)));
	co_end;
}

static struct future *scoped(struct scoped *f, int value, int *seen)
{
	*f = (struct scoped){ .co = co_init(scoped_run), .value = value, .seen = seen };
	return &f->co.future;
}

TEST(task_local, each_task_sees_its_own)
{
	enum { N = 10 };
	struct runtime *rt = t_runtime();
	int seen[N][6] = { 0 };

	for (int i = 0; i < N; i++)
		task_detach(spawn(rt, scoped, i, seen[i]));
	job_turns(rt, 6);
	for (int i = 0; i < N; i++)
		check_all(seen[i], 6, i);
	CHECK_EQ(runtime_n_tasks(rt), 0);
	runtime_destroy(rt);
}

static enum poll spawns(struct future *f, struct context *cx);

struct spawner {
	struct future future;
	int *seen;
};

static const struct future_ops spawner_ops = FUTURE_OPS("spawner", spawns, NULL);

static enum poll spawns(struct future *f, struct context *cx)
{
	CHECK_EQ(look(), 7);
	task_detach(spawn(cx->rt, looks, 1, future_of(f, struct spawner)->seen));
	return POLL_READY;
}

TEST(task_local, a_task_that_is_spawned_inside_is_not_inside)
{
	struct runtime *rt = t_runtime();
	struct task_local_scope scope;
	struct spawner spawner;
	int value = 7, seen[3] = { 0 };

	spawner = (struct spawner){ .future = future_init(&spawner_ops), .seen = seen };
	task_local_scope(&scope, &number, &value, &spawner.future);
	CHECK_EQ(runtime_block_on(rt, &scope.future), 0);
	job_turns(rt, 3);
	check_all(seen, 3, -1);
	runtime_destroy(rt);
}

/* --- The end --- */

/* BEH task_local::task_local_available_on_abort */
TEST(task_local, it_is_seen_by_what_is_aborted)
{
	for (int n_turns = 0; n_turns < 4; n_turns++) {
		struct runtime *rt = t_runtime();
		int seen[6] = { 0 };
		struct task *t = spawn(rt, scoped, 5, seen);

		job_turns(rt, n_turns);
		task_abort(t);
		job_turns(rt, 1);
		CHECK(task_is_done(t));
		check_all(seen, n_turns ? n_turns + 1 : 0, 5); /* unpolled, it has no scope yet */
		task_detach(t);
		runtime_destroy(rt);
	}
}

/* BEH task_local::task_local_available_on_completion_drop */
TEST(task_local, it_is_seen_by_what_completes)
{
	struct task_local_scope scope;
	struct looks looker;
	struct t_waker w = t_waker();
	int value = 9, seen[2] = { 0 };

	task_local_scope(&scope, &number, &value, looks(&looker, 0, seen));
	CHECK_EQ(t_poll(&scope.future, &w), POLL_READY);
	check_all(seen, 2, 9);
	CHECK_EQ(look(), -1);
}

TEST(task_local, it_is_seen_by_what_is_dropped_before_its_first_poll)
{
	struct task_local_scope scope;
	struct looks looker;
	int value = 9, seen[1] = { 0 };

	task_local_scope(&scope, &number, &value, looks(&looker, 0, seen));
	future_drop(&scope.future);
	CHECK_EQ(seen[0], 9);
	CHECK_EQ(look(), -1);
}

static int seen_by_cancelled[8];

static bool dropped_after(unsigned k)
{
	struct task_local_scope scope;
	struct looks looker;
	struct t_waker w = t_waker();
	int value = 4;
	unsigned n = 0;
	bool ready = false;

	task_local_scope(&scope, &number, &value, looks(&looker, 3, seen_by_cancelled));
	for (; n < k && !ready; n++) {
		ready = t_poll(&scope.future, &w) == POLL_READY;
		CHECK_EQ(look(), -1);
	}
	future_drop(&scope.future);
	check_all(seen_by_cancelled, (int)n + 1, 4);
	CHECK_EQ(look(), -1);
	return ready;
}

TEST(task_local, it_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(dropped_after);
}

/* --- Taking --- */

/* BEH task_local::take_value */
TEST(task_local, the_value_can_be_taken_once)
{
	struct task_local_scope scope;
	struct pending never;
	int value = 3;

	task_local_scope(&scope, &number, &value, pending(&never));
	CHECK_PTR(task_local_take(&scope, int), &value);
	CHECK_PTR(task_local_take(&scope, int), NULL);
	future_drop(&scope.future);
}

/* BEH task_local::poll_after_take_value_should_fail */
TEST(task_local, once_it_was_taken_nothing_is_seen_not_even_further_out)
{
	struct task_local_scope outer, inner;
	struct looks looker;
	struct t_waker w = t_waker();
	int values[2] = { 1, 2 }, seen[3] = { 0 };

	task_local_scope(&outer, &number, &values[0],
			 task_local_scope(&inner, &number, &values[1], looks(&looker, 1, seen)));
	CHECK_EQ(t_poll(&outer.future, &w), POLL_PENDING);
	CHECK_EQ(seen[0], 2);
	CHECK_PTR(task_local_take(&inner, int), &values[1]);
	CHECK_EQ(t_poll(&outer.future, &w), POLL_READY);
	check_all(seen + 1, 2, -1);
}

/* --- Several --- */

/* BEH task_local::get_value */
TEST(task_local, outside_of_any_scope_there_is_none)
{
	CHECK_PTR(task_local_get(&number, int), NULL);
	CHECK_PTR(task_local_get(&colour, const char), NULL);
}

static enum poll check_both(struct future *f, struct context *cx)
{
	(void)f, (void)cx;
	CHECK_EQ(look(), 2);
	CHECK_STR(task_local_get(&colour, const char), "red");
	return POLL_READY;
}

static const struct future_ops both_ops = FUTURE_OPS("both", check_both, NULL);

TEST(task_local, the_innermost_of_a_key_is_seen_and_other_keys_beside_it)
{
	struct task_local_scope first, second, third;
	struct future both = future_init(&both_ops);
	struct t_waker w = t_waker();
	int values[2] = { 1, 2 };

	task_local_scope(&third, &number, &values[1], &both);
	task_local_scope(&second, &colour, "red", &third.future);
	task_local_scope(&first, &number, &values[0], &second.future);
	CHECK_EQ(t_poll(&first.future, &w), POLL_READY);
}

TEST(task_local, children_of_a_set_are_inside_of_the_scope_around_it)
{
	struct futures_unordered set = { 0 };
	struct futures_unordered_next next;
	struct futures_member members[2] = { 0 };
	struct task_local_scope around, own;
	struct looks lookers[2];
	struct t_waker w = t_waker();
	int values[2] = { 1, 2 }, seen[2][3] = { 0 };

	CHECK_EQ(futures_unordered_push(&set, &members[0], looks(&lookers[0], 0, seen[0])), 0);
	CHECK_EQ(futures_unordered_push(&set, &members[1],
					task_local_scope(&own, &number, &values[1],
							 looks(&lookers[1], 0, seen[1]))), 0);
	for (int i = 0; i < 2; i++) {
		task_local_scope(&around, &number, &values[0], futures_unordered_next(&next, &set));
		CHECK_EQ(t_poll(&around.future, &w), POLL_READY);
	}
	check_all(seen[0], 2, 1);
	check_all(seen[1], 2, 2);
	futures_unordered_clear(&set);
}
