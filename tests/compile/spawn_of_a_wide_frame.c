/* expect: spawn: a frame is aligned to 16 bytes at most */
#include "weft.h"

struct wide {
	struct co co;
	_Alignas(64) char line[64];
};

struct future *wide(struct wide *f);

struct task *spawn_wide(struct runtime *rt)
{
	return spawn(rt, wide);
}
