/*
 * scene: what a plan is played with: the subject, whom it leaves its waker to, who waits for its end; and
 * plugs, polls that do not return, one on each worker, so that nothing else is polled meanwhile.
 */
#ifndef WEFT_TESTS_LIFECYCLE_SCENE_H
#define WEFT_TESTS_LIFECYCLE_SCENE_H

#include <stdatomic.h>

#include "lifecycle/plan.h"
#include "t.h"
#include "t_future.h"
#include "task/abort_handle.h"
#include "task/task.h"

struct scene {
	struct plan plan;
	struct runtime *rt;
	unsigned n_workers;

	/* the subject, and what it leaves */
	struct task *task; /* its handle; NULL: given up */
	struct abort_handle to_abort;
	struct waker waker;
	_Atomic bool is_given; /* the waker, if it leaves one: its first poll has been */
	_Atomic bool may_end;
	_Atomic unsigned n_polls, n_completed, n_dropped;

	/* those who hold the workers fast */
	_Atomic unsigned n_plugs;
	_Atomic bool may_leave;
	void (*_Atomic order)(struct scene *); /* to be done by one of them; NULL: none */

	/* who waits for its end: by hand from outside, or a task */
	struct t_waker w;
	struct task_join join;
	struct task *joiner;
};

/* Fails the test in the plan's words. */
_Noreturn void scene_fail(const struct scene *s, const char *file, int line, const char *what);

#define MUST(scene_, condition_)                                                                   \
	do {                                                                                       \
		if (!(condition_))                                                                 \
			scene_fail((scene_), __FILE__, __LINE__, #condition_);                     \
	} while (0)

/* Lets the runtime go on until something has happened; fails if it does not in a minute. */
void scene_await(struct scene *s, bool (*has_come)(struct scene *));

/* From here on nothing is polled; and now it is again. For the current-thread runtime both are nothing. */
void scene_plug(struct scene *s);
void scene_unplug(struct scene *s);

/* Has something done from there; when it returns it is done. */
void scene_do(struct scene *s, enum plan_by by, void (*order)(struct scene *));

/* How often the subject has completed or was dropped. */
unsigned scene_n_ended(struct scene *s);

/* subject.c: spawns the subject, of the plan's size. */
struct task *subject_spawn(struct scene *s);

/* What it has left in its frame: right if it has completed. */
bool subject_is_right(const struct task *t);

/* Aborts it, by the handle or, if that is given up, by `to_abort`. Its frame must not be dropped within. */
void subject_abort(struct scene *s);

#endif
