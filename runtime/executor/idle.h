/*
 * idle: who works, who sleeps, and who keeps an eye on those who work.
 *
 * Waking another worker costs more than most of what he could help with: 2 microseconds for who wakes,
 * 30 until the other one is there. By then a short queue is empty. But a task that computes for a
 * second must not keep those behind it waiting, and nobody knows beforehand which one will.
 *
 * The one idea: nobody is woken for work. Whoever has tasks waiting behind the one that he polls sees to
 * it, once, that he is *watched*: that one other worker sleeps by the clock, a twentieth of a
 * millisecond at first, and then looks whether there is something to steal. What a worker gets done by
 * himself in that time is never taken from him; what he does not is.
 *
 *	           nothing to do, and somebody runs unwatched
 *	RUNNING ------------------------------------------------> WATCHING ---+ every now and then:
 *	  ^  |                                                     ^ |  ^     | something to steal?
 *	  |  | nothing to do otherwise                 to be watched | |  +-----+ no
 *	  |  v                                                     | | nobody runs
 *	  |  ASLEEP -----------------------------------------------+ |
 *	  |     ^----------------------------------------------------+
 *	  +-- from both: found something, or an event brought something
 *
 * What holds whenever nobody has the lock: if somebody runs who has asked to be watched, then somebody
 * watches, or nobody is asleep. So a worker asks once, and need not ask again until he has rested.
 *
 * What comes from other threads is put into the injection queue first, and then looked at here, under
 * the lock; a worker who is going to rest looks at that queue under the lock. So one of them sees the
 * other.
 *
 * How a worker sleeps is decided when he lies down: in the reactor, if nobody is there yet, else on his
 * own word, a futex.
 */
#ifndef WEFT_EXECUTOR_IDLE_H
#define WEFT_EXECUTOR_IDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

struct reactor;

/* How long the first nap of a watcher is, and the longest; each is twice as long as the one before. */
enum { IDLE_NAP_NS = 50 * 1000, IDLE_NAP_MAX_NS = 1600 * 1000 };

/*
 * A worker's part, under the lock but for `word`. Running: neither. Searching: watching, and not
 * resting. Napping: both. Asleep: resting only.
 */
struct rest {
	struct rest *next, *prev; /* among those who rest */
	bool is_resting;
	bool is_watching;
	bool is_in_reactor;    /* sleeps there, and has `driver` */
	_Atomic uint32_t word; /* what he sleeps on elsewhere; 1: get up */
};

struct idle {
	struct lock lock;
	unsigned n_running;
	unsigned n_watching;   /* searching or napping */
	unsigned n_searching;
	struct rest *first;    /* who rests, the last to lie down first */
	_Atomic bool is_over;  /* nobody is to rest any more */
	struct reactor *reactor;
	struct lock driver;    /* who has it may call reactor_wait and turn the timers */
};

/* All `n_workers` run. */
void idle_init(struct idle *idle, struct reactor *reactor, unsigned n_workers);

/*
 * Who runs, or has searched, has nothing to do and lies down. False: he does not, because it is over or
 * `n_injected` says that there is something. `is_in_reactor` then says where he has to sleep.
 */
bool idle_rest(struct idle *idle, struct rest *r, const _Atomic unsigned *n_injected);

/* For who rests elsewhere than in the reactor: until he is told, or so long. UINT64_MAX: no limit. */
void idle_sleep(struct rest *r, uint64_t limit_ns);

enum idle_next {
	IDLE_SLEEP,  /* until told */
	IDLE_NAP,    /* by the clock */
	IDLE_SEARCH, /* look everywhere, then idle_found or idle_rest */
};

/* What he who rests is to do. `has_napped`: he has slept by the clock, so it is time to look. */
enum idle_next idle_what_next(struct idle *idle, struct rest *r, bool has_napped);

/* Who rested was brought something, or who searched has found something: he runs, if he did not yet. */
void idle_found(struct idle *idle, struct rest *r);

/* Who runs has a backlog: until he rests, he is watched. */
void idle_watch(struct idle *idle);

/* Something was injected: somebody comes, at once if nobody runs. */
void idle_call(struct idle *idle);

/*
 * By one who is about to fall asleep. True: everybody else is, and until idle_let_go nobody gets up, so
 * no task is run. It holds the lock: for looking at what nobody may change meanwhile.
 */
bool idle_hold_if_silent(struct idle *idle);
void idle_let_go(struct idle *idle);

/* Who rests gets up, and nobody rests any more. */
void idle_end(struct idle *idle);

static inline bool idle_is_over(const struct idle *idle)
{
	return atomic_load_explicit(&idle->is_over, memory_order_relaxed);
}

#endif
