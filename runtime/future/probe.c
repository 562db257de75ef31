/* probe: polls and drops that are looked at. See probe.h. */
#include "future/future.h"

const struct probe *_Atomic probe_listener;

enum poll future__poll_probed(struct future *f, struct context *cx)
{
	enum poll polled;

	PROBE__TELL(poll, f, cx);
	polled = f->ops->poll(f, cx);
	if (polled == POLL_READY)
		PROBE__TELL(ready, f);
	else
		PROBE__TELL(pending, f);
	return polled;
}

void future__drop_probed(struct future *f, const struct future_ops *ops)
{
	PROBE__TELL(drop, f, ops);
	if (ops->drop)
		ops->drop(f);
	PROBE__TELL(dropped, ops);
}
