/* expect: join_set_spawn: a frame is aligned to 16 bytes at most */
#include "task/join_set.h"

struct wide {
	struct future future;
	_Alignas(64) char line[64];
};

struct future *wide(struct wide *w);

struct task *spawn_wide(struct join_set *set, struct runtime *rt)
{
	return join_set_spawn(set, rt, wide);
}
