/* co: the three entries into a coroutine (poll, drop, walk) and its guards. See co.h. */
#include "future/co.h"

static const struct co_code *code_of(const struct future *f)
{
	if (future_is_over(f))
		return (const struct co_code *)((const char *)f->ops - offsetof(struct co_code, over));
	return (const struct co_code *)f->ops;
}

enum poll co__poll(struct future *f, struct context *cx)
{
	struct co *co = future_of(f, struct co);
	const struct co_code *code = (const struct co_code *)f->ops; /* who is polled is live */
	enum poll polled = code->run(co, cx);

	/*
	 * A body ends through co_end and waits through co_await; anything else was a plain
	 * return.
	 */
	if (polled == POLL_READY ? co->line != CO_FINALLY : co->child == NULL)
		bug(future_name(f), "left by a plain return: a coroutine ends by co_return",
		    co->site ? co->site->file : NULL, co->site ? co->site->line : 0);
	return polled;
}

/*
 * Law 5: innermost first. The child may live in this frame, so it goes before the frame's
 * finally.
 */
void co__drop(struct future *f)
{
	struct co *co = future_of(f, struct co);
	struct future *child = co->child;

	co->child = NULL;
	future_drop(child);
	co->line = CO_FINALLY;
	if (code_of(f)->run(co, NULL) != POLL_READY)
		bug(future_name(f), "its co_finally returned", NULL, 0);
}

struct future *co__child(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct co)->child : NULL;
}

/* A resume jumped to a line that the body's switch does not have. */
_Noreturn void co__lost(struct co *co, const char *file, int line)
{
	bug(future_name(&co->future),
	    "resumed at a place its switch does not have: co_await inside another switch?",
	    co->site ? co->site->file : file, co->site ? co->site->line : line);
}

_Noreturn void co__stray(struct co *co, const char *file, int line)
{
	bug(future_name(&co->future), "left by a break that belongs to no loop", file, line);
}
