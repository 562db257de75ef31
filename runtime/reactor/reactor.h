/*
 * reactor: where the runtime's thread sleeps until a descriptor has something to say.
 *
 * The one idea: one call, reactor_wait, asks the kernel for everything that happened, writes it
 * down in the sources (source.h), and wakes whoever waits. It runs no future itself: a wake puts a
 * task in the run queue and that is all.
 *
 * One contract, several drivers: epoll.c is the first. Nothing outside its file knows which.
 *
 * A source's registration is known to the kernel by slot number and generation, not by address. So
 * an event that arrives for a source that was closed, in the very batch that is being worked on, or
 * over a duplicate of the descriptor that some child process still holds, names a generation that
 * is over and is ignored: closing needs no system call but close itself.
 *
 * reactor_wait belongs to one thread at a time, which need not always be the same; the rest may be
 * called by any. One lock guards the table and who waits; it is held for as long as it takes to write
 * down a batch of events, never over a waker.
 */
#ifndef WEFT_REACTOR_REACTOR_H
#define WEFT_REACTOR_REACTOR_H

#include <stddef.h>
#include <stdint.h>

#include "reactor/source.h"

struct reactor_slot {
	struct source *source; /* NULL: free */
	uint32_t generation;   /* counts the sources that have left this slot */
	uint32_t next_free;
};

struct reactor {
	int poller;                 /* the epoll descriptor */
	int wakeup;                 /* the eventfd that reactor_unpark writes */
	bool lacks_pwait2;          /* the kernel is older than 5.11: timeouts in milliseconds */

	struct lock lock;           /* guards what follows, and the sources' waiters */
	struct reactor_slot *slots; /* n_slots of them, owned */
	uint32_t n_slots, free_slot; /* free_slot: head of the free list, n_slots or more: empty */
	_Atomic size_t n_sources;   /* registered */
	_Atomic size_t n_waiting;   /* wakers kept in sources */
};

/* 0, or -EMFILE, -ENFILE, -ENOMEM with nothing acquired. */
int reactor_init(struct reactor *r);

/*
 * Deregisters every source, and wakes those who wait: polled again they register with the runtime
 * they are then polled by, or complete with -ENOTSUP. The sources stay open. Only after a
 * successful init.
 */
void reactor_fini(struct reactor *r);

/*
 * Waits until a descriptor is ready, reactor_unpark was called since the last wait, a signal
 * handler ran, or `timeout_ns` have passed, and handles what there is. 0: only look. UINT64_MAX: no
 * limit. Returns 0, or -errno when the kernel refuses to wait. Calls wakers, which may do anything
 * to any source.
 */
int reactor_wait(struct reactor *r, uint64_t timeout_ns);

/* Ends the reactor_wait that is running, or else the next one. Any thread. Costs a system call. */
void reactor_unpark(struct reactor *r);

/* How many futures wait for a descriptor: zero means that no event can wake anybody. */
static inline size_t reactor_n_waiting(const struct reactor *r)
{
	return atomic_load_explicit(&r->n_waiting, memory_order_relaxed);
}

/* How many sources are registered. */
static inline size_t reactor_n_sources(const struct reactor *r)
{
	return atomic_load_explicit(&r->n_sources, memory_order_relaxed);
}

/* For source.c, under the lock. */
static inline void reactor__count_waiting(struct reactor *r, int change)
{
	atomic_store_explicit(&r->n_waiting, reactor_n_waiting(r) + (size_t)change,
			      memory_order_relaxed);
}

/* For source.c, under the lock: registers; 0 or -errno. */
int reactor__attach(struct reactor *r, struct source *s);

/* For source.c, under the lock: gives up the slot. `tell_kernel`: the descriptor is going to stay open. */
void reactor__detach(struct reactor *r, struct source *s, bool tell_kernel);

#endif
