/*
 * source: a file descriptor, what is known of its readiness, and who waits for it.
 *
 * The one idea: readiness is a memory, not a question. It starts out as "perhaps": the first
 * operation simply tries its system call. Only when that would block is the descriptor registered,
 * edge-triggered and for both directions, once in its life. From then on the kernel tells of every
 * change to ready, and the system calls themselves tell of every change to not ready:
 *
 *	                    event                        (or a registration, which reports anew)
 *	         +-----------------------------+
 *	         v                             |
 *	may be ready --EAGAIN, short read--> not ready --source_wait--> somebody's waker is kept
 *
 * A connection that never blocks is never registered; one that does costs one epoll_ctl, and after
 * a read that returned less than was asked no system call is spent on learning EAGAIN.
 *
 * That a short read proves the stream empty has two exceptions, both handled by source_drained:
 * once the peer has closed, there is the end of file still to be read; and a read stops at TCP's
 * urgent mark though more may follow. (A test that fakes short reads through sys_ops must know
 * this, too: what it holds back is not announced again. Short writes prove nothing here, and may be
 * faked.)
 *
 * No lost event. On a multi-thread runtime another thread may fetch an event just between a system call
 * that says EAGAIN and the clearing of the bit. So every event also counts up a number beside the bits;
 * source_may remembers it, and source_blocked clears nothing if it has changed since. The same look is
 * taken once more, under the reactor's lock, when a waker is left: if the side is ready by then, the
 * task is woken at once.
 *
 * A source belongs to one task, or to two: one that reads and one that writes. What they share with
 * whoever fetches events is `ready`, which is atomic, and the waiters, which the reactor's lock guards.
 * A source that is registered must stay where it is: source_move moves it. A zeroed source is no
 * descriptor.
 */
#ifndef WEFT_REACTOR_SOURCE_H
#define WEFT_REACTOR_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "future/future.h"

struct reactor;

enum source_side { SOURCE_READER, SOURCE_WRITER };

/* Bits of `ready`. The first two are 1 << side, and are the only ones that are ever cleared. */
enum {
	SOURCE_READABLE = 1 << SOURCE_READER, /* a read gets somewhere: data, end of file, error */
	SOURCE_WRITABLE = 1 << SOURCE_WRITER, /* so may a write */
	SOURCE_READ_CLOSED = 4,               /* the peer sent its last: the end is in sight */
	SOURCE_WRITE_CLOSED = 8,              /* both directions are shut */
	SOURCE_ERROR = 16,                    /* an error is, or was, waiting to be collected */
	SOURCE_URGENT = 32,                   /* urgent data came: short reads prove nothing */

	SOURCE__EVENT = 256, /* above the bits: one event */
};

struct source_waiter {
	const struct future *owner; /* who waits, or has been woken and is not done; NULL: nobody */
	struct waker waker;         /* none: nobody waits, or woken already */
};

struct source {
	int fd;                  /* meaningless unless is_open */
	bool is_open;            /* so that zeroed is closed, and not descriptor 0 */
	_Atomic uint32_t ready;  /* SOURCE_ bits, and above them how many events there were */
	uint32_t seen[2];        /* by side: `ready` when its owner last looked at it */

	/* under the reactor's lock, once it is registered */
	uint32_t slot;           /* its place in the reactor's table */
	struct reactor *reactor; /* NULL: not registered */
	struct source_waiter waiter[2]; /* by side; the owner is written by that side's task */
};

/* Makes `s` a source over `fd`, which must be non-blocking and is owned from now on. */
void source_open(struct source *s, int fd);

/*
 * Deregisters and closes the descriptor; `s` is zeroed. Whoever still waits on it is woken, and
 * finds -EBADF. Safe at any moment, also from a waker that runs in the midst of the reactor's
 * events. Closed and zeroed sources are allowed.
 */
void source_close(struct source *s);

/* Like source_close, but leaves the descriptor open and returns it, to be owned; -EBADF: none. */
int source_release(struct source *s);

/* Moves an open source on which nobody waits; a registered one stays so. `from` is zeroed. */
void source_move(struct source *to, struct source *from);

/* What is known now, as SOURCE_ bits. relaxed: the bits say nothing about other memory. */
static inline unsigned source_ready(const struct source *s)
{
	return atomic_load_explicit(&s->ready, memory_order_relaxed) % SOURCE__EVENT;
}

/* True unless an operation on that side is known to block. Then: try it. */
static inline bool source_may(struct source *s, enum source_side side)
{
	s->seen[side] = atomic_load_explicit(&s->ready, memory_order_relaxed);
	return s->seen[side] & (1u << side);
}

/*
 * Forgets that an operation on that side is known to block: the next one asks the kernel. For who
 * must be sure of this very moment, since an event that the reactor has not fetched yet is not
 * known here.
 */
static inline void source_try_again(struct source *s, enum source_side side)
{
	uint32_t now = atomic_load_explicit(&s->ready, memory_order_relaxed);

	if (lock_alone())
		atomic_store_explicit(&s->ready, now | 1u << side, memory_order_relaxed);
	else
		atomic_fetch_or_explicit(&s->ready, 1u << side, memory_order_relaxed);
}

/* Clears the bit, unless there was an event since that side's source_may. */
static inline void source__clear(struct source *s, enum source_side side)
{
	uint32_t now = atomic_load_explicit(&s->ready, memory_order_relaxed);

	while (now / SOURCE__EVENT == s->seen[side] / SOURCE__EVENT) {
		uint32_t cleared = now & ~(1u << side);

		if (lock_alone()) {
			atomic_store_explicit(&s->ready, cleared, memory_order_relaxed);
			return;
		}
		if (atomic_compare_exchange_weak_explicit(&s->ready, &now, cleared,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return;
	}
}

/* The kernel said EAGAIN to what was tried after source_may. */
static inline void source_blocked(struct source *s, enum source_side side)
{
	source__clear(s, side);
}

/*
 * A read of a stream returned some bytes, but fewer than it had room for: there is no more, if that
 * is what it proves.
 */
static inline void source_drained(struct source *s)
{
	if (!(source_ready(s) & ~(unsigned)(SOURCE_READABLE | SOURCE_WRITABLE)))
		source__clear(s, SOURCE_READER);
}

/*
 * For a poll whose operation would block: registers the source with the context's reactor if it is
 * not yet, and keeps a clone of the context's waker until that side becomes ready; if it has become
 * so just now, the task is woken at once. Returns
 *	0          waiting: return POLL_PENDING
 *	-EBADF     the source is closed
 *	-ENOTSUP   the executor has no reactor
 *	-EINVAL    it is registered with another runtime
 *	-ENOMEM, -EEXIST, -EPERM...  it could not be registered
 * One future waits on each side; a second one at the same time is a bug.
 */
int source_wait(struct source *s, enum source_side side, const struct future *owner,
		struct context *cx);

void source__forget(struct source *s, enum source_side side);

/* For READY and for drop: if `owner` waits on that side, it no longer does: no pointer is left. */
static inline void source_leave(struct source *s, enum source_side side, const struct future *owner)
{
	if (s->waiter[side].owner == owner)
		source__forget(s, side);
}

/* For the reactor, under its lock: an event; and the waker, if any, is moved to the caller. */
void source__event(struct source *s, unsigned ready);
struct waker source__take(struct source *s, enum source_side side);

#endif
