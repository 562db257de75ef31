/*
 * job: what tests spawn.
 *
 * It waits as it is told, then has `value`. What it begins and how it ends is counted, so that a
 * frame that is dropped twice, or never, leaves a wrong number behind.
 */
#ifndef WEFT_TESTS_JOB_H
#define WEFT_TESTS_JOB_H

#include <limits.h>
#include <stdatomic.h>

#include "future/co.h"
#include "future/pending.h"
#include "future/yield_now.h"
#include "t_runtime.h"
#include "time/delay.h"

enum { JOB_NEVER = INT_MAX };

struct tally {
	atomic_int n_begun, n_done, n_ended; /* polled; completed; completed or dropped */
};

struct job {
	struct co co;
	int wait; /* so many milliseconds; below 0: so many yields; JOB_NEVER */
	struct tally *tally;
	union {
		struct delay delay;
		struct yield_now yield;
		struct pending never;
	};
	int given;
	int value; /* output */
};

static inline enum poll job_run(struct co *co, struct context *cx)
{
	struct job *const f = co_frame(co, struct job);

	co_begin(co);
	f->tally->n_begun++;
	for (; f->wait < 0; f->wait++)
		co_await(yield_now(&f->yield));
	if (f->wait == JOB_NEVER)
		co_await(pending(&f->never));
	if (f->wait > 0)
		co_await(delay(&f->delay, (uint64_t)f->wait));
	f->value = f->given;
	f->tally->n_done++;
	co_finally {
		f->tally->n_ended++;
	}
	co_end;
}

static inline struct future *job(struct job *f, struct tally *tally, int wait, int value)
{
	*f = (struct job){ .co = co_init(job_run), .wait = wait, .tally = tally, .given = value };
	return &f->co.future;
}

/* Lets the runtime poll whatever can be polled, n times; once is what is queued now. */
static inline void job_turns(struct runtime *rt, int n)
{
	struct tally unused = { 0 };
	struct job turns;

	if (n > 0)
		CHECK_EQ(runtime_block_on(rt, job(&turns, &unused, 1 - n, 0)), 0);
}

#endif
