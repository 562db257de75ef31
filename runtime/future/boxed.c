/* boxed: see boxed.h. */
#include "future/boxed.h"

static enum poll boxed_poll(struct future *f, struct context *cx)
{
	return future_poll(future_of(f, struct boxed)->child, cx);
}

static void boxed_drop(struct future *f)
{
	struct boxed *b = future_of(f, struct boxed);

	future_drop(b->child);
	boxed_free(b);
}

static struct future *boxed_child(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct boxed)->child : NULL;
}

static const struct future_ops boxed_ops =
	FUTURE_OPS_PARENT("boxed", boxed_poll, boxed_drop, boxed_child);

struct future *boxed(struct boxed *b, struct future *child, void (*release)(void *memory),
		     void *memory)
{
	bug_unless(child);
	*b = (struct boxed){ .future = future_init(&boxed_ops), .child = child, .release = release,
			     .memory = memory };
	return &b->future;
}

/* A live box comes back here from its own drop, when it is no longer live. */
void boxed_free(struct boxed *b)
{
	void (*release)(void *memory);

	if (future_is_live(&b->future)) {
		future_drop(&b->future);
		return;
	}
	release = b->release;
	b->release = NULL;
	b->child = NULL;
	if (release)
		release(b->memory);
}
