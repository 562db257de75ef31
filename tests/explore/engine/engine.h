/*
 * engine: what the explorer's files know of each other.
 *
 * The one idea: one real thread plays all virtual ones. A virtual thread runs until its step ends,
 * which is just before it does what others can notice (point) or cannot go on (block); there
 * search.c says who goes on. A run is one schedule, from setup to check, and `run` is what there is
 * of it now.
 *
 *	main.c     options; a line for each scenario      search.c   whose turn it is
 *	threads.c  virtual threads, one run of them       memory.c   blocks and their state
 *	tsan.c     what gcc calls for each access         race.c     what is ordered, what races
 *	tso.c      stores that wait in a buffer           posix.c    pthreads, futex, malloc
 *	kernel.c   descriptors                            report.c   a schedule in words
 */
#ifndef WEFT_TESTS_EXPLORE_ENGINE_H
#define WEFT_TESTS_EXPLORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explore/explore.h"

enum {
	THREADS_MAX = EXPLORE_THREADS_MAX + 1, /* the first one runs setup and check */
	STEPS_MAX = 20000,                     /* in one run: more is a loop without an end */
	BACKTRACE_MAX = 10,
	TLS_MAX = 256,
};

/* How far each thread is known to have come. */
struct vclock {
	uint32_t at[THREADS_MAX];
};

static inline void vclock_join(struct vclock *into, const struct vclock *other)
{
	for (unsigned i = 0; i < THREADS_MAX; i++)
		if (into->at[i] < other->at[i])
			into->at[i] = other->at[i];
}

enum status { STATUS_NONE, STATUS_READY, STATUS_BLOCKED, STATUS_DONE };

struct thread {
	unsigned id;
	enum status status;
	void *sp; /* while it does not run */
	void *(*body)(void *);
	void *arg, *result;
	uintptr_t name; /* the function that says what it is: for the report */

	/* while it is BLOCKED */
	const void *waits_for;
	const char *waits_why;
	uint64_t deadline_ns; /* UINT64_MAX: none */
	bool has_timed_out;

	/* of race.c */
	struct vclock clock;
	struct vclock released;   /* by its last release fence */
	struct vclock to_acquire; /* by its next acquire fence */
	struct vclock fenced;     /* seen by its last seq_cst fence */

	/* what a real thread has of its own */
	int saved_errno;
	char tls[TLS_MAX];
	struct sleeper sleeper;
};

struct run {
	uint32_t generation; /* counts runs: what bears another number is of an earlier one */
	bool is_parallel;    /* more than one thread is alive */
	bool is_searched;    /* who goes on is a matter of the search; else the usual one does */
	bool is_traced;      /* every step is written down */
	bool is_tso;
	bool ignores_races;  /* to see what else comes of them */
	unsigned n_threads, n_alive;
	unsigned yielded;    /* a bit for each thread that waits for others to do something */
	uint32_t n_steps;
	uint32_t n_decisions; /* where somebody else might have gone on: what a replay counts */
	uint64_t now_ns;     /* moves when nothing else does */
	struct thread *current;
	struct thread threads[THREADS_MAX];
};

extern struct run run;

/* --- threads.c --- */

void threads_init(void);

/* Plays one schedule. False: something was found, see report.h. */
bool threads_run(const struct scenario *s);

/* Leaves the run, from wherever in it. */
_Noreturn void threads_leave(bool is_good);

/*
 * What the step that begins here will do. Used by the trace; `addr` may be NULL, for what is no
 * memory.
 */
struct place {
	const char *what;
	const volatile void *addr;
	bool is_write;
	bool is_sleep;
};

/* Ends a step: another thread may go first. To be called before what others can notice is done. */
void point(struct place place);

/*
 * Sleeps until wake() is called on the same thing: true. False: nothing else could happen before
 * the deadline. No other thread gets in between the caller's last point and its sleep.
 */
bool block(const void *thing, const char *why, uint64_t deadline_ns);

/* Wakes up to `n`, those first that have the lowest number. Returns how many. */
unsigned wake(const void *thing, unsigned n);

/* Ends a step, and lets others go on before this thread does. */
void yield(void);

/*
 * What it does is ordered after what the caller has done. `name`: the function that says what it
 * is.
 */
struct thread *thread_new(void *(*body)(void *), void *arg, uintptr_t name);
void thread_join(struct thread *t);

/* Return addresses on its stack, innermost first. Returns how many. */
unsigned thread_backtrace(const struct thread *t, uintptr_t *pcs, unsigned max);

/* --- tso.c --- */

void tso_reset(void);
unsigned tso_waiting(void);         /* a bit for each thread with stores in its buffer */
void tso_flush(unsigned thread);    /* the oldest one */
void tso_drain(struct thread *t);   /* all of them */
void tso_store(void *addr, unsigned len, uint64_t value, const struct vclock *released);
bool tso_load(const volatile void *addr, unsigned len, uint64_t *value); /* from the own buffer */

/* --- posix.c, kernel.c, waker.c --- */

void posix_init(void);
void kernel_reset(void);
void kernel_check_leaks(void);
void waker_reset(void);
void waker_check_leaks(void);

#endif
