/*
 * explore: a small program of a few threads, run under every interleaving.
 *
 *	static struct oneshot_sender tx;
 *	...
 *	SCENARIO(oneshot_send_against_recv, .setup = open, .thread = { send, await },
 *		 .check = received);
 *
 * setup runs first and alone, and must build everything anew: the same program runs some hundred
 * thousand times in one process. Then the threads run, one step at a time, in an order that the
 * explorer chooses; then check runs, alone. What is wrong is said by CHECK of t.h, by bug() in the
 * code under test, or by the explorer itself, which knows about
 *
 *	deadlock        every thread is blocked: a wake-up was lost
 *	data race       two accesses, one of them a plain write, that nothing puts in order
 *	use after free  also: beyond a block, free twice, a closed descriptor, a waker given back
 *	leak            a block, a descriptor or a waker that is there at the end
 *	no end          too many steps
 *
 * A step ends before each atomic operation and each call that may block. Plain accesses do not end
 * one: where they matter they race, and that is found in whatever order they are made.
 *
 * Only what is compiled with explore.mk's flags is seen. A thread's stack holds EXPLORE_STACK_LEN
 * bytes.
 */
#ifndef WEFT_TESTS_EXPLORE_H
#define WEFT_TESTS_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "future/future.h"
#include "t.h"

/* Threads of a scenario: those of SCENARIO and those that the code under test starts. */
enum { EXPLORE_THREADS_MAX = 7, EXPLORE_STACK_LEN = 256 << 10 };

struct scenario {
	const char *name;
	void (*setup)(void); /* may be NULL, as all below */
	void (*thread[EXPLORE_THREADS_MAX])(void);
	void (*check)(void);

	int max_bound; /* no more preemptions than this, where more would take too long; 0: any */
	bool is_tso;   /* stores wait in a buffer, as on x86: only for small kernels */

	/*
	 * For the explorer's own tests: what must be found, and with how many preemptions at least.
	 */
	const char *finds;
	int needs;

	/* Filled in by SCENARIO. */
	const char *file;
	struct scenario *next;
};

void explore_register(struct scenario *s);

#define SCENARIO(name_, ...)                                                                       \
	__attribute__((constructor)) static void name_##__register(void)                           \
	{                                                                                          \
		static struct scenario s = { .name = #name_, .file = __FILE__, __VA_ARGS__ };      \
		explore_register(&s);                                                              \
	}                                                                                          \
	struct scenario

/*
 * A waker that a virtual thread sleeps on. It says nothing about memory: a wake puts nothing in
 * order, so that a channel cannot lean on it. Zeroed: nobody has woken it. Every clone must be
 * given back.
 */
struct sleeper {
	bool is_woken;
	unsigned n_clones, n_wakes;
};

/* Borrowed. The sleeper must outlive all clones, and be the same thing in every run. */
struct waker explore_waker(struct sleeper *s);

/* Blocks the calling thread until it was woken since the last call. */
void explore_sleep(struct sleeper *s);

/* The calling thread's own, new in each run. */
struct sleeper *explore_me(void);

/* Nothing to do until another thread has done something: for loops that would else never end. */
void explore_yield(void);

/* A stream that swallows everything: for diagnostics that are not looked at. */
FILE *explore_null(void);

static inline enum poll explore_poll(struct future *f, struct sleeper *s)
{
	struct waker waker = explore_waker(s);
	struct context cx = context_of(&waker);

	return future_poll(f, &cx);
}

/* Drives `f` to its end on the calling thread. */
static inline void explore_await(struct future *f)
{
	while (explore_poll(f, explore_me()) == POLL_PENDING)
		explore_sleep(explore_me());
}

#endif
