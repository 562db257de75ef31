/* waker: the waker that does nothing. See waker.h. */
#include "future/waker.h"

static struct waker noop_clone(void *data)
{
	(void)data;
	return waker_noop;
}

static void noop(void *data)
{
	(void)data;
}

static const struct waker_vtable noop_vtable = {
	.clone = noop_clone, .wake = noop, .wake_by_ref = noop, .drop = noop
};

const struct waker waker_noop = { .vtable = &noop_vtable };
