/* block_on_spin: see block_on_spin.h. */
#include "executor/block_on_spin.h"

void block_on_spin(struct future *f)
{
	struct context cx = context_of(&waker_noop);

	while (future_poll(f, &cx) == POLL_PENDING)
		;
}
