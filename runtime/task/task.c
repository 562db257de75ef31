/*
 * task: the header in front of a frame, its wakers, its handle. See task.h, and state.h for its
 * life.
 */
#include "task/task.h"

#include "task/scheduler.h"

/* --- Memory --- */

struct task *task__new(struct runtime *rt, size_t frame_len, size_t frame_align)
{
	struct scheduler *s = rt->scheduler;
	bool is_wide = frame_align > _Alignof(struct task);
	size_t len = sizeof(struct task) + (is_wide ? 8 : 0) + frame_len;
	struct task *t;

	if (atomic_load_explicit(&s->closed, memory_order_relaxed) || len > INT32_MAX)
		return NULL;
	t = scheduler__alloc(s, len);
	if (!t)
		return NULL;
	t->home = s;
	t->joiner = NULL;
	atomic_init(&t->id, 0);
	t->len = (uint32_t)len;
	t->is_wide = is_wide;
	atomic_init(&t->refs.n, 2); /* the handle and the runtime */
	return t;
}

void *task__frame(const struct task *t)
{
	return (char *)(t + 1) + (t->is_wide ? 8 : 0);
}

struct future *task__future(const struct task *t)
{
	return task__frame(t);
}

void task__start(struct task *t, struct future *f)
{
	bug_unless(f == task__future(t)); /* a constructor builds in place */
	state_spawn(&t->state);
	probe_spawn(t, f);
	if (scheduler_here == t->home || t->home->ops->is_multi)
		scheduler__adopt(t->home, t);
	scheduler_push(t->home, t);
}

void task__unref(struct task *t)
{
	if (count_sub(&t->refs, 1) == 0)
		scheduler__free(t->home, t);
}

/* --- The four functions behind a task's waker --- */

static struct waker clone(void *data)
{
	struct task *t = data;

	count_add(&t->refs, 1);
	return (struct waker){ &task__waker_vtable, t };
}

static void wake_by_ref(void *data)
{
	struct task *t = data;

	probe_wake(t);
	if (state_schedule(&t->state))
		scheduler_push(t->home, t);
}

static void drop(void *data)
{
	task__unref(data);
}

static void wake(void *data)
{
	wake_by_ref(data);
	drop(data);
}

const struct waker_vtable task__waker_vtable = {
	.clone = clone, .wake = wake, .wake_by_ref = wake_by_ref, .drop = drop
};

/*
 * Two races decide the order of the reads here. A handle that another thread is giving up clears
 * its bit first and its reference second; a waker that another thread is calling sets SCHEDULED
 * first and gives its reference back second. So the references are read before the bits: what is
 * seen in the midst of either is one waker too many, or a queued task; never a task that nobody
 * can reach.
 */
static unsigned wakers_and_state(const struct task *t, unsigned *word)
{
	/* acquire: pairs with the release in count_sub */
	unsigned refs = atomic_load_explicit(&t->refs.n, memory_order_acquire);
	unsigned held;

	*word = state_get(&t->state);
	held = !(*word & STATE_DONE) + !!(*word & STATE_HANDLE);
	return refs > held ? refs - held : 0;
}

unsigned task__n_wakers(const struct task *t)
{
	unsigned word;

	return wakers_and_state(t, &word);
}

bool task__may_run(const struct task *t)
{
	unsigned word, n_wakers = wakers_and_state(t, &word);

	return n_wakers > 0 || word & (STATE_SCHEDULED | STATE_RUNNING);
}

/* --- The handle --- */

void task_abort(struct task *t)
{
	if (!t)
		return;
	probe_abort(t);
	if (state_abort(&t->state))
		scheduler_push(t->home, t);
}

void task_detach(struct task *t)
{
	if (t) {
		state_detach(&t->state);
		task__unref(t);
	}
}

bool task_is_done(const struct task *t)
{
	return state_get(&t->state) & STATE_DONE;
}

const char *task_name(const struct task *t)
{
	return future_name(future__seen(task__future(t)));
}

uint32_t task_id(const struct task *t)
{
	return atomic_load_explicit(&t->id, memory_order_relaxed);
}
