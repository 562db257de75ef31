/*
 * local_set: tasks that never leave their thread, on a runtime with many.
 *
 * On a runtime of several workers a task is polled now here, now there. What it shares with others must
 * bear that. A local set is for tasks that share something that does not: plain counters, a library
 * that knows one thread only.
 *
 *	struct local_set set;
 *
 *	local_set_init(&set, rt);
 *	task_detach(spawn(local_set_runtime(&set), tick, &plain_counter));
 *	err = block_on_park_in(rt, local_set_run(&run, &set, &last_one_out));
 *	local_set_drop(&set);
 *
 * The one idea: a set is a scheduler of the kind that one thread has, and a future that runs it. Its
 * tasks are ordinary ones: spawned, woken, joined, aborted as any other, by any thread. But they are
 * polled only where `local_set_run` is polled, and that must always be the same thread. Timers and
 * descriptors are those of the runtime that the set was made with; and whatever a task of the set
 * spawns into its context's runtime is in the set, too.
 *
 *	   wakes, spawns, aborts from the set's thread ---> queue --+
 *	                         from others ---> inbox ---> queue --+--> polled by local_set_run
 *	                                            |
 *	                                            +--> the waker of who awaits local_set_run
 *
 * On a runtime of one thread it may be run by any of its tasks, or by runtime_block_on.
 */
#ifndef WEFT_EXECUTOR_LOCAL_SET_H
#define WEFT_EXECUTOR_LOCAL_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "future/future.h"
#include "task/task.h"

/* So many tasks are polled in one poll of local_set_run; then whoever polls that has his turn. */
enum { LOCAL_SET_POLLS = 61 };

struct local_scheduler;

struct local_set {
	struct local_scheduler *local; /* in memory of its own: wakers and handles may outlive the set */
};

/*
 * `rt`, borrowed until the set is dropped, gives it its timers and its reactor; NULL: it has none. 0 or
 * -ENOMEM.
 */
int local_set_init(struct local_set *set, struct runtime *rt);

/*
 * What to spawn into: local_set_runtime(&set) instead of rt. For spawn and contexts only: the
 * functions of executor/runtime.h are for the runtime itself.
 */
struct runtime *local_set_runtime(const struct local_set *set);

/* Tasks that are not done, and have been met by a poll. On the set's thread. */
size_t local_set_n_tasks(const struct local_set *set);

/*
 * Polls the tasks of the set, and is ready when `until`, which it owns, is ready; or, if that is NULL,
 * when no task is left. The tasks that are not done then stay as they are, for the next run. One at a
 * time; every poll on the same thread as the first one of the set, or the process ends. Dropped, it
 * drops `until` and leaves the set.
 */
struct local_set_run {
	struct future future;
	struct local_set *set;
	struct future *until;
};
struct future *local_set_run(struct local_set_run *r, struct local_set *set, struct future *until);

/* Drops every task that is not done; joins say -ECANCELED. On the set's thread, not inside of it. */
void local_set_drop(struct local_set *set);

#endif
