/* join_set_scene: what the tests of join_set have in common: a runtime, a set, jobs in it. */
#ifndef WEFT_TESTS_JOIN_SET_SCENE_H
#define WEFT_TESTS_JOIN_SET_SCENE_H

#include <errno.h>

#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"
#include "task/join_set.h"

static struct scene {
	struct runtime *rt;
	struct join_set set;
	struct join_set_next next;
	struct tally tally;
	struct t_waker w;
	int n_spawned;
} s;

static inline void scene_begin(void)
{
	t_mem_begin();
	s = (struct scene){ .rt = t_runtime_virtual(), .w = t_waker() };
}

static inline struct task *spawn_job(int wait, int value)
{
	struct task *t = join_set_spawn(&s.set, s.rt, job, &s.tally, wait, value);

	s.n_spawned += t != NULL;
	return t;
}

/* Inside the runtime; the value of the next one, or its error, or NONE. */
enum { NONE = -1000 };

static inline int join_next(void)
{
	CHECK_EQ(runtime_block_on(s.rt, join_set_next(&s.next, &s.set)), 0);
	if (!s.next.task)
		return NONE;
	return s.next.err ? s.next.err : task_frame(s.next.task, struct job)->value;
}

static inline void scene_end(void)
{
	join_set_drop(&s.set);
	runtime_destroy(s.rt);
	CHECK_EQ(s.tally.n_ended, s.n_spawned);
	CHECK_EQ(t_held(&s.w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

#endif
