/* subject: the task whose lives are played. See scene.h. */
#include "lifecycle/scene.h"

enum { VALUE = 4711 };

struct subject {
	struct future future;
	struct scene *scene;
	int value; /* output */
};

/* Its memory goes with its last reference. */
struct large_subject {
	struct subject subject;
	char ballast[1000];
};

static _Thread_local bool is_aborting;

void subject_abort(struct scene *s)
{
	is_aborting = true;
	if (s->task)
		task_abort(s->task);
	else
		abort_handle_abort(&s->to_abort);
	is_aborting = false;
}

static enum poll first_poll(struct scene *s, struct context *cx)
{
	if (s->plan.wake != NO_WAKER)
		s->waker = waker_clone(cx->waker);
	atomic_store(&s->is_given, true);
	if (s->plan.abort == IN_POLL)
		task_abort(cx->task);
	if (s->plan.poll == YIELDS)
		waker_wake_by_ref(cx->waker);
	return s->plan.poll == AT_ONCE ? POLL_READY : POLL_PENDING;
}

static enum poll poll_subject(struct future *f, struct context *cx)
{
	struct subject *const subject = future_of(f, struct subject);
	struct scene *s = subject->scene;

	if (atomic_fetch_add(&s->n_polls, 1) == 0) {
		if (first_poll(s, cx) == POLL_PENDING)
			return POLL_PENDING;
	} else if (s->plan.poll == WAITS && !atomic_load(&s->may_end)) {
		return POLL_PENDING;
	}
	subject->value = VALUE;
	atomic_fetch_add(&s->n_completed, 1);
	return POLL_READY;
}

static void drop_subject(struct future *f)
{
	struct scene *s = future_of(f, struct subject)->scene;

	MUST(s, !is_aborting);
	atomic_fetch_add(&s->n_dropped, 1);
}

static const struct future_ops subject_ops = FUTURE_OPS("subject", poll_subject, drop_subject);

static struct future *subject(struct subject *f, struct scene *s)
{
	*f = (struct subject){ .future = future_init(&subject_ops), .scene = s };
	return &f->future;
}

static struct future *large_subject(struct large_subject *f, struct scene *s)
{
	return subject(&f->subject, s);
}

struct task *subject_spawn(struct scene *s)
{
	return s->plan.size == LARGE ? spawn(s->rt, large_subject, s) : spawn(s->rt, subject, s);
}

bool subject_is_right(const struct task *t)
{
	return task_frame(t, struct subject)->value == VALUE;
}
