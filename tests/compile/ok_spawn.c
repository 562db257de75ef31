/*
 * The four ways to spawn: with and without arguments, with arguments that have side effects, as an
 * expression, in each other's arguments, with names that are also macros.
 */
#include "weft.h"

struct quiet {
	struct future future;
};

struct echo {
	struct co co;
	struct task *other;
	struct join_set spawn; /* a field may bear the name: only `spawn(` is the macro */
};

struct future *quiet(struct quiet *q);
struct future *echo(struct echo *e, struct task *other);

struct task *each(struct runtime **rts, struct join_set *sets, struct join_queue *queues,
		  struct task_tracker *trackers)
{
	struct task *a = spawn(*rts++, echo, NULL);
	struct task *b = join_set_spawn(sets++, *rts++, echo, a);
	struct task *c = task_tracker_spawn(trackers++, *rts++, echo, b);
	struct task *d = join_queue_spawn(queues++, *rts++, echo, c);

	if (!spawn(*rts, quiet) || !join_set_spawn(sets, *rts, quiet) ||
	    !join_queue_spawn(queues, *rts, quiet) || !task_tracker_spawn(trackers, *rts, quiet))
		return NULL;
	join_set_spawn(sets, *rts, echo,
		       task_tracker_spawn(trackers, *rts, echo,
					  join_queue_spawn(queues, *rts, echo, d)));
	return tracked_frame(c, struct echo)->other;
}
