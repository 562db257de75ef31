/* Tasks: the handle, joining, aborting in every state, and who frees what. */
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"

#include <errno.h>

#include "future/co.h"
#include "future/pending.h"
#include "future/ready.h"
#include "future/yield_now.h"

/* A future that another future, or nobody, opens; it keeps the waker of who waits. */
struct gate {
	bool open;
	struct waker waker;
};

struct pass {
	struct future future;
	struct gate *gate;
};

static enum poll poll_pass(struct future *f, struct context *cx)
{
	struct pass *p = future_of(f, struct pass);

	if (p->gate->open) {
		waker_drop(&p->gate->waker);
		return POLL_READY;
	}
	waker_refresh(&p->gate->waker, cx->waker);
	return POLL_PENDING;
}

static void drop_pass(struct future *f)
{
	waker_drop(&future_of(f, struct pass)->gate->waker);
}

static const struct future_ops pass_ops = FUTURE_OPS("pass", poll_pass, drop_pass);

static struct future *pass(struct pass *p, struct gate *g)
{
	*p = (struct pass){ .future = future_init(&pass_ops), .gate = g };
	return &p->future;
}

static void open_gate(struct gate *g)
{
	g->open = true;
	waker_wake(&g->waker);
}

/* Passes the gate, then says 42. Counts its endings. */
struct worker {
	struct co co;
	struct gate *gate;
	int *ended;
	struct pass pass;
	int answer;
};

static enum poll worker_run(struct co *co, struct context *cx)
{
	struct worker *const f = co_frame(co, struct worker);

	co_begin(co);
	co_await(pass(&f->pass, f->gate));
	f->answer = 42;
	co_finally {
		++*f->ended;
	}
	co_end;
}

static struct future *worker(struct worker *f, struct gate *g, int *ended)
{
	*f = (struct worker){ .co = co_init(worker_run), .gate = g, .ended = ended };
	return &f->co.future;
}

/* What the root of each test does between its yields. */
struct script {
	struct co co;
	void (*step)(void *arg, unsigned i);
	void *arg;
	unsigned i, n;
	struct yield_now yield;
};

static enum poll script_run(struct co *co, struct context *cx)
{
	struct script *const f = co_frame(co, struct script);

	co_begin(co);
	for (f->i = 0; f->i < f->n; f->i++) {
		f->step(f->arg, f->i);
		co_await(yield_now(&f->yield));
	}
	co_end;
}

static struct future *script(struct script *f, unsigned n, void (*step)(void *, unsigned), void *arg)
{
	*f = (struct script){ .co = co_init(script_run), .step = step, .arg = arg, .n = n };
	return &f->co.future;
}

struct scene {
	struct runtime *rt;
	struct gate gate;
	struct task *t;
	int ended;
	struct task_join join;
	struct script script;
};

static struct scene *scene_begin(void)
{
	static struct scene s;

	t_mem_begin();
	s = (struct scene){ .rt = t_runtime() };
	s.t = spawn(s.rt, worker, &s.gate, &s.ended);
	CHECK(s.t);
	return &s;
}

static void turns(struct scene *s, unsigned n, void (*step)(void *, unsigned))
{
	CHECK_EQ(runtime_block_on(s->rt, script(&s->script, n, step, s)), 0);
}

static void scene_end(struct scene *s)
{
	task_detach(s->t);
	runtime_destroy(s->rt);
	CHECK_EQ(s->ended, 1);
	CHECK_EQ(t_mem_live(), 0);
}

static void nothing(void *arg, unsigned i)
{
	(void)arg, (void)i;
}

TEST(task, join_waits_for_the_end_and_outputs_are_read_from_the_frame)
{
	struct scene *s = scene_begin();

	turns(s, 2, nothing);
	CHECK(!task_is_done(s->t));
	open_gate(&s->gate);
	CHECK_EQ(runtime_block_on(s->rt, task_join(&s->join, s->t)), 0);
	CHECK_EQ(s->join.err, 0);
	CHECK(task_is_done(s->t));
	CHECK_EQ(task_frame(s->t, struct worker)->answer, 42);
	scene_end(s);
}

TEST(task, joining_a_finished_task_is_ready_at_once)
{
	struct scene *s = scene_begin();
	struct t_waker w = t_waker();

	s->gate.open = true;
	turns(s, 2, nothing);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &w), POLL_READY);
	CHECK_EQ(s->join.err, 0);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &w), POLL_READY); /* and again */
	CHECK_EQ(t_held(&w), 0);
	scene_end(s);
}

TEST(task, a_dropped_join_leaves_the_task_alone)
{
	struct scene *s = scene_begin();
	struct t_waker w = t_waker();

	turns(s, 1, nothing);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &w), POLL_PENDING);
	CHECK_EQ(t_held(&w), 1);
	future_drop(&s->join.future);
	CHECK_EQ(t_held(&w), 0);
	open_gate(&s->gate);
	turns(s, 2, nothing);
	CHECK(task_is_done(s->t));
	CHECK_EQ(t_wakes(&w), 0);
	scene_end(s);
}

TEST(task, a_join_polled_under_another_waker_wakes_only_that_one)
{
	struct scene *s = scene_begin();
	struct t_waker a = t_waker(), b = t_waker();

	turns(s, 1, nothing);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &a), POLL_PENDING);
	CHECK_EQ(t_poll(&s->join.future, &b), POLL_PENDING);
	CHECK_EQ(t_held(&a), 0);
	open_gate(&s->gate);
	turns(s, 2, nothing);
	CHECK_EQ(t_wakes(&a), 0);
	CHECK_EQ(t_wakes(&b), 1);
	CHECK_EQ(t_poll(&s->join.future, &b), POLL_READY);
	CHECK_EQ(t_held(&b), 0);
	scene_end(s);
}

static void check_aborted(struct scene *s)
{
	struct t_waker w = t_waker();

	CHECK(task_is_done(s->t));
	CHECK_EQ(s->ended, 1);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &w), POLL_READY);
	CHECK_EQ(s->join.err, -ECANCELED);
	CHECK(!waker_is_some(&s->gate.waker)); /* nobody points at the frame any more */
	scene_end(s);
}

TEST(task, aborted_before_its_first_poll_it_never_runs_but_finally_does)
{
	struct scene *s = scene_begin();

	task_abort(s->t);
	CHECK_EQ(s->ended, 0); /* never inside the call */
	turns(s, 1, nothing);
	check_aborted(s);
}

TEST(task, aborted_while_it_waits_it_is_dropped_at_the_next_turn)
{
	struct scene *s = scene_begin();

	turns(s, 1, nothing);
	CHECK(waker_is_some(&s->gate.waker));
	task_abort(s->t);
	task_abort(s->t); /* twice is once */
	turns(s, 1, nothing);
	check_aborted(s);
}

TEST(task, aborted_while_it_is_queued_it_is_not_polled_again)
{
	struct scene *s = scene_begin();

	turns(s, 1, nothing);
	open_gate(&s->gate);
	task_abort(s->t);
	turns(s, 1, nothing);
	check_aborted(s);
}

TEST(task, aborting_what_is_done_changes_nothing)
{
	struct scene *s = scene_begin();
	struct t_waker w = t_waker();

	s->gate.open = true;
	turns(s, 2, nothing);
	task_abort(s->t);
	turns(s, 2, nothing);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &w), POLL_READY);
	CHECK_EQ(s->join.err, 0);
	scene_end(s);
}

/* Aborts itself, then waits. */
struct suicide {
	struct co co;
	struct task **self;
	int *ended;
	struct pending never;
};

static enum poll suicide_run(struct co *co, struct context *cx)
{
	struct suicide *const f = co_frame(co, struct suicide);

	co_begin(co);
	task_abort(*f->self);
	co_await(pending(&f->never));
	co_finally {
		++*f->ended;
	}
	co_end;
}

static struct future *suicide(struct suicide *f, struct task **self, int *ended)
{
	*f = (struct suicide){ .co = co_init(suicide_run), .self = self, .ended = ended };
	return &f->co.future;
}

TEST(task, aborting_itself_takes_effect_when_it_waits)
{
	struct runtime *rt = t_runtime();
	struct task *self;
	struct task_join join;
	int ended = 0;

	self = spawn(rt, suicide, &self, &ended);
	CHECK_EQ(runtime_block_on(rt, task_join(&join, self)), 0);
	CHECK_EQ(join.err, -ECANCELED);
	CHECK_EQ(ended, 1);
	task_detach(self);
	runtime_destroy(rt);
}

TEST(task, a_waker_outlives_its_task_and_its_runtime)
{
	struct scene *s = scene_begin();
	struct waker late;

	turns(s, 1, nothing);
	late = waker_clone(&s->gate.waker);
	task_abort(s->t);
	turns(s, 1, nothing);
	waker_wake_by_ref(&late);
	task_detach(s->t);
	s->t = NULL;
	runtime_destroy(s->rt);
	waker_wake_by_ref(&late);
	CHECK(t_mem_live() > 0);
	waker_drop(&late);
	CHECK_EQ(t_mem_live(), 0);
	CHECK_EQ(s->ended, 1);
}

TEST(task, a_handle_outlives_its_runtime_and_joins_as_canceled)
{
	struct scene *s = scene_begin();
	struct t_waker w = t_waker();

	turns(s, 1, nothing);
	runtime_destroy(s->rt);
	CHECK_EQ(s->ended, 1);
	task_abort(s->t);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &w), POLL_READY);
	CHECK_EQ(s->join.err, -ECANCELED);
	task_detach(s->t);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(task, a_join_waiting_when_the_runtime_goes_is_woken)
{
	struct scene *s = scene_begin();
	struct t_waker w = t_waker();

	turns(s, 1, nothing);
	CHECK_EQ(t_poll(task_join(&s->join, s->t), &w), POLL_PENDING);
	runtime_destroy(s->rt);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&s->join.future, &w), POLL_READY);
	CHECK_EQ(s->join.err, -ECANCELED);
	task_detach(s->t);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(task, detached_it_goes_on_and_frees_itself)
{
	struct scene *s = scene_begin();

	task_detach(s->t);
	s->t = NULL;
	turns(s, 1, nothing);
	open_gate(&s->gate);
	turns(s, 2, nothing);
	CHECK_EQ(s->ended, 1);
	CHECK_EQ(runtime_n_tasks(s->rt), 0);
	scene_end(s);
}

/*
 * Its finally aborts and detaches another task, and tries to spawn: all of it while the runtime
 * dies.
 */
struct avenger {
	struct co co;
	struct runtime *rt;
	struct task *other;
	bool *refused;
	struct pending never;
};

static struct future *avenger(struct avenger *f, struct runtime *rt, struct task *other, bool *refused);

static enum poll avenger_run(struct co *co, struct context *cx)
{
	struct avenger *const f = co_frame(co, struct avenger);

	co_begin(co);
	co_await(pending(&f->never));
	co_finally {
		task_abort(f->other);
		task_detach(f->other);
		*f->refused = !spawn(f->rt, avenger, f->rt, NULL, NULL);
	}
	co_end;
}

static struct future *avenger(struct avenger *f, struct runtime *rt, struct task *other, bool *refused)
{
	*f = (struct avenger){
		.co = co_init(avenger_run), .rt = rt, .other = other, .refused = refused
	};
	return &f->co.future;
}

TEST(task, a_frame_may_abort_detach_and_try_to_spawn_while_the_runtime_is_destroyed)
{
	struct scene *s = scene_begin();
	bool refused = false;

	task_detach(spawn(s->rt, avenger, s->rt, s->t, &refused));
	s->t = NULL;
	turns(s, 1, nothing);
	runtime_destroy(s->rt);
	CHECK(refused);
	CHECK_EQ(s->ended, 1);
	CHECK_EQ(t_mem_live(), 0);
}

TEST_BUG(task, joining_twice_at_the_same_time_is_a_bug)
{
	struct scene *s = scene_begin();
	struct task_join second;
	struct t_waker w = t_waker();

	t_poll(task_join(&s->join, s->t), &w);
	t_poll(task_join(&second, s->t), &w);
}

TEST_BUG(task, giving_up_a_handle_twice_is_a_bug)
{
	struct scene *s = scene_begin();

	task_detach(s->t);
	task_detach(s->t);
}

/* Polls a join k times, with the task ending somewhere between, and drops it. */
static bool join_dropped_after(unsigned k)
{
	struct scene *s = scene_begin();
	struct t_waker w = t_waker();
	bool ready = false;

	task_join(&s->join, s->t);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&s->join.future, &w) == POLL_READY;
		if (i == 1)
			open_gate(&s->gate);
		turns(s, 1, nothing);
	}
	future_drop(&s->join.future);
	CHECK_EQ(t_held(&w), 0);
	s->gate.open = true;
	task_abort(s->t);
	turns(s, 2, nothing);
	CHECK(task_is_done(s->t));
	scene_end(s);
	return ready;
}

TEST(task, a_join_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(join_dropped_after);
}
