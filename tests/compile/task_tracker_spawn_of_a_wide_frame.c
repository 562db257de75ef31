/* expect: task_tracker_spawn: a frame is aligned to 16 bytes at most */
#include "task/task_tracker.h"

struct wide {
	struct future future;
	_Alignas(64) char line[64];
};

struct future *wide(struct wide *w);

struct task *spawn_wide(struct task_tracker *tracker, struct runtime *rt)
{
	return task_tracker_spawn(tracker, rt, wide);
}
