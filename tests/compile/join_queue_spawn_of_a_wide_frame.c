/* expect: join_queue_spawn: a frame is aligned to 16 bytes at most */
#include "task/join_queue.h"

struct wide {
	struct future future;
	_Alignas(64) char line[64];
};

struct future *wide(struct wide *w);

struct task *spawn_wide(struct join_queue *queue, struct runtime *rt)
{
	return join_queue_spawn(queue, rt, wide);
}
