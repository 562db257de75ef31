/*
 * future: a computation that is asked "are you done?" until it is.
 *
 * A concrete future is a struct whose first member is `struct future`. Its results are fields of
 * that struct, read by name once poll() said READY. Its constructor bears the tag's name, builds
 * in place and returns `struct future *`, so that awaiting reads like a call:
 * co_await(delay(&f->nap, 500)).
 *
 * The ops pointer is the state:
 *
 *	NULL --constructor--> own ops --poll says READY, or drop--> ops->over
 *	(never built)         (live)                                (done: poll is a bug, drop a no-op)
 *
 * The laws
 *  1. Lazy. A constructor acquires nothing. A future that was never polled may be forgotten, except
 *     for an argument whose ownership was passed in: drop releases that even if the body never began.
 *  2. Pinned. Once polled, a future never moves. Debug builds remember the address of its polls,
 *     and abort, naming the future, when it is polled or dropped elsewhere.
 *  3. A future that returns PENDING has arranged a wake. The waker is refreshed at every poll.
 *  4. Spurious polls are legal. Every poll checks its condition anew.
 *  5. Drop is synchronous and total: after it nobody holds a pointer into the struct. Dropping a live
 *     future is cancellation. Whoever awaits, drops; innermost first.
 *  6. Polling a finished future is a bug, and aborts with its name. In release builds too.
 *  7. Errors are values in typed fields: 0 or -errno, n or -errno. errno does not survive an await.
 *  8. Out of memory is such a value, too. Allocation happens in few, named places; never in here.
 *
 * A poll that says READY has given back everything that it acquired: drop is only for the live.
 */
#ifndef WEFT_FUTURE_FUTURE_H
#define WEFT_FUTURE_FUTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "future/bug.h"
#include "future/context.h"
#include "future/probe.h"
#include "future/waker.h"

enum poll { POLL_PENDING, POLL_READY };

struct future {
	const struct future_ops *ops;
#ifdef WEFT_DEBUG
	const struct future *pinned_at; /* where it was at its first poll */
#endif
};

struct future_ops {
	const char *name; /* what people call it, for dumps and bugs: "delay" */
	enum poll (*poll)(struct future *, struct context *);
	void (*drop)(struct future *); /* undo what poll() acquired; NULL: nothing to undo */

	/*
	 * For backtraces: the i-th future that this one is waiting for, or NULL from some i on.
	 * NULL: a leaf. Must not block, allocate or change anything.
	 */
	struct future *(*child)(struct future *, unsigned i);
	const char *(*where)(struct future *); /* for backtraces: NULL, or what it is waiting for in words */
	bool is_unseen;                        /* a mere wrapper: people are told of its child instead */
	const struct future_ops *over;         /* what `ops` becomes when it is done; see FUTURE_OPS */
};

/* The poll of every finished future: law 6. */
enum poll future_over_poll(struct future *f, struct context *cx);

/* For ops written without FUTURE_OPS: the nameless end. */
extern const struct future_ops future_over;

/*
 * The ops of a leaf future, at file scope:
 *
 *	static const struct future_ops delay_ops = FUTURE_OPS("delay", delay_poll, delay_drop);
 *
 * Beside the live ops it makes their finished twin, which still knows the name.
 */
#define FUTURE_OVER(name_) (&(const struct future_ops){ .name = (name_), .poll = future_over_poll })
#define FUTURE_OPS(name_, poll_, drop_)                                                            \
	{ .name = (name_), .poll = (poll_), .drop = (drop_), .over = FUTURE_OVER(name_) }
#define FUTURE_OPS_PARENT(name_, poll_, drop_, child_)                                             \
	{ .name = (name_), .poll = (poll_), .drop = (drop_), .child = (child_),                    \
	  .over = FUTURE_OVER(name_) }

/* What a constructor puts first. Never acquires anything. */
static inline struct future future_init(const struct future_ops *ops)
{
	return (struct future){ .ops = ops };
}

/* True once it has completed or was dropped. A future that was never built is not over. */
static inline bool future_is_over(const struct future *f)
{
	return f->ops && f->ops->poll == future_over_poll;
}

/* True between its construction and its end: what can be polled, and is worth dropping. */
static inline bool future_is_live(const struct future *f)
{
	return f->ops && f->ops->poll != future_over_poll;
}

static inline void future__end(struct future *f)
{
	f->ops = f->ops->over ? f->ops->over : &future_over;
}

/* Law 2, by its name: at a poll, which pins it, and at a drop. */
#ifdef WEFT_DEBUG
void future__pin(struct future *f);
void future__check_pinned(const struct future *f);
#else
static inline void future__pin(struct future *f)
{
	(void)f;
}
static inline void future__check_pinned(const struct future *f)
{
	(void)f;
}
#endif

/* The same poll and drop, told to a listener: probe.h. */
enum poll future__poll_probed(struct future *f, struct context *cx);
void future__drop_probed(struct future *f, const struct future_ops *ops);

/*
 * Polls once. READY: it is over, its results can be read, it needs no drop. PENDING: it will wake
 * cx->waker when polling again makes sense. A finished or never built future aborts.
 */
static inline enum poll future_poll(struct future *f, struct context *cx)
{
	enum poll polled;

	bug_unless(f && f->ops);
	future__pin(f);
	if (__builtin_expect(probe_get() != NULL, 0))
		polled = future__poll_probed(f, cx);
	else
		polled = f->ops->poll(f, cx);
	if (polled == POLL_READY)
		future__end(f);
	return polled;
}

/*
 * Cancels a live future; does nothing to any other, or to NULL. Synchronous: afterwards nobody
 * holds a pointer into it. Must not be called from inside its own poll.
 */
static inline void future_drop(struct future *f)
{
	if (f && future_is_live(f)) {
		const struct future_ops *ops = f->ops;

		future__check_pinned(f);
		future__end(f);
		if (__builtin_expect(probe_get() != NULL, 0))
			future__drop_probed(f, ops);
		else if (ops->drop)
			ops->drop(f);
	}
}

/* Its name, finished or not; "(never built)" if that is what it is. Static storage. */
const char *future_name(const struct future *f);

/* Itself; or, of a live one that is unseen, what is inside of it. */
struct future *future__seen(struct future *f);

/*
 * Recovers the concrete future: future_of(f, struct delay). The first member, so the address is
 * the same.
 */
#define future_of(f, type) ((type *)(void *)(f))

#endif
