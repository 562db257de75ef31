/* test_tape_own: the tape of executors and wakers that are written by hand. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape.h"

#include <errno.h>

#include "executor/block_on_park.h"
#include "executor/block_on_spin.h"
#include "future/yield_now.h"
#include "t_future.h"
#include "trace/actors.h"
#include "trace/taped.h"

/* --- An executor of a few lines: a ring of tasks, each with a waker that queues it --- */

enum { JOBS_MAX = 4 };

struct job {
	struct future *future;
	bool is_queued;
};

static struct job jobs[JOBS_MAX];

static void job_wake(void *data)
{
	probe_wake(data);
	((struct job *)data)->is_queued = true;
}

static void job_drop(void *data)
{
	(void)data;
}

static struct waker job_clone(void *data);

static const struct waker_vtable job_vtable = {
	.clone = job_clone, .wake = job_wake, .wake_by_ref = job_wake, .drop = job_drop
};

static struct waker job_clone(void *data)
{
	return (struct waker){ &job_vtable, data };
}

static void give(struct job *job, struct future *f)
{
	*job = (struct job){ .future = f, .is_queued = true };
	probe_spawn(job, f);
}

static struct job *next_job(void)
{
	for (int i = 0; i < JOBS_MAX; i++)
		if (jobs[i].is_queued)
			return &jobs[i];
	return NULL;
}

/* Until nobody is queued. */
static void run_jobs(void)
{
	struct job *job;

	while ((job = next_job())) {
		struct waker waker = { &job_vtable, job };
		struct context cx = context_of(&waker);

		job->is_queued = false;
		(void)future_poll(job->future, &cx);
	}
	probe_park();
}

TEST(tape_own, an_executor_says_what_it_does_by_the_probes)
{
	struct door door = { .is_open = false };
	struct yield_now turn;
	struct knock wait;
	struct taped t;

	taped_begin(&t);
	give(&jobs[0], knock(&wait, &door));
	give(&jobs[1], yield_now(&turn));
	run_jobs();
	probe_park(); /* asks again: nothing has happened since */
	door.is_open = true;
	waker_wake(&door.waker);
	run_jobs();
	probe_because("a bell");
	job_wake(&jobs[0]);
	probe_because(NULL);
	taped_is(&t, "| spawn    #1 knock                  from outside\n"
		     "| spawn    #2 yield_now              from outside\n"
		     "| poll     #1 knock\n"
		     "| pending  #1 knock\n"
		     "| poll     #2 yield_now\n"
		     "| wake     #2 yield_now              by #2 yield_now\n"
		     "| pending  #2 yield_now\n"
		     "| poll     #2 yield_now\n"
		     "| ready    #2 yield_now\n"
		     "| park\n"
		     "| wake     #1 knock                  from outside\n"
		     "| poll     #1 knock\n"
		     "| ready    #1 knock\n"
		     "| park\n"
		     "| wake     #1 knock                  by a bell; no news\n");
	jobs[0].is_queued = false;
}

TEST(tape_own, an_executor_that_would_park_though_somebody_is_queued_does_not_come_to_it)
{
	struct door door = { .is_open = true };
	struct knock wait;
	struct taped t;

	taped_begin(&t);
	give(&jobs[0], knock(&wait, &door));
	probe_park();
	run_jobs();
	taped_is(&t, "| spawn    #1 knock                  from outside\n"
		     "| poll     #1 knock\n"
		     "| ready    #1 knock\n"
		     "| park\n");
	door_close(&door);
}

TEST(tape_own, a_place_used_again_is_another_task)
{
	struct door door = { .is_open = true };
	struct knock wait;
	struct taped t;

	taped_begin(&t);
	for (int i = 0; i < 2; i++) {
		give(&jobs[0], knock(&wait, &door));
		run_jobs();
	}
	waker_wake_by_ref(&door.waker);
	taped_is(&t, "| spawn    #1 knock                  from outside\n"
		     "| poll     #1 knock\n"
		     "| ready    #1 knock\n"
		     "| park\n"
		     "| spawn    #2 knock                  from outside\n"
		     "| poll     #2 knock\n"
		     "| ready    #2 knock\n"
		     "| park\n"
		     "| wake     #2 knock                  from outside; no news\n");
	jobs[0].is_queued = false;
}

/* --- Without tasks: futures polled by hand --- */

TEST(tape_own, two_futures_polled_by_turns_under_one_waker_keep_their_numbers)
{
	struct context cx = context_of(&waker_noop);
	struct door door = { .is_open = false };
	struct knock a, b;
	struct taped t;

	taped_begin(&t);
	knock(&a, &door);
	knock(&b, &door);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(future_poll(&a.future, &cx), POLL_PENDING);
		CHECK_EQ(future_poll(&b.future, &cx), POLL_PENDING);
	}
	future_drop(&a.future);
	future_drop(&b.future);
	taped_is(&t, "| poll     #1 knock\n"
		     "| pending  #1 knock\n"
		     "| poll     #2 knock\n"
		     "| pending  #2 knock\n"
		     "| poll     #1 knock\n"
		     "| pending  #1 knock\n"
		     "| poll     #2 knock\n"
		     "| pending  #2 knock\n"
		     "| drop     #1 knock\n"
		     "| drop     #2 knock\n");
}

TEST(tape_own, a_future_polled_under_another_waker_keeps_its_number)
{
	struct door door = { .is_open = false };
	struct knock wait;
	struct taped t;

	knock(&wait, &door);
	taped_begin(&t);
	for (int i = 0; i < 2; i++) {
		struct waker waker = { &job_vtable, &jobs[i] };
		struct context cx = context_of(&waker);

		CHECK_EQ(future_poll(&wait.future, &cx), POLL_PENDING);
	}
	waker_wake_by_ref(&door.waker);
	future_drop(&wait.future);
	door_close(&door);
	taped_is(&t, "| poll     #1 knock\n"
		     "| pending  #1 knock\n"
		     "| poll     #1 knock\n"
		     "| pending  #1 knock\n"
		     "| wake     #1 knock                  from outside\n"
		     "| drop     #1 knock\n");
	jobs[1].is_queued = false;
}

TEST(tape_own, a_wake_of_several_under_one_waker_is_told_of_one_that_is_not_over)
{
	struct waker waker = { &job_vtable, &jobs[0] };
	struct context cx = context_of(&waker);
	struct door shut = { .is_open = false }, open = { .is_open = true };
	struct knock a, b;
	struct taped t;

	taped_begin(&t);
	CHECK_EQ(future_poll(knock(&a, &shut), &cx), POLL_PENDING);
	CHECK_EQ(future_poll(knock(&b, &open), &cx), POLL_READY);
	waker_wake_by_ref(&shut.waker);
	future_drop(&a.future);
	waker_wake_by_ref(&shut.waker);
	taped_is(&t, "| poll     #1 knock\n"
		     "| pending  #1 knock\n"
		     "| poll     #2 knock\n"
		     "| ready    #2 knock\n"
		     "| wake     #1 knock                  from outside\n"
		     "| drop     #1 knock\n"
		     "| wake     #2 knock                  from outside; no news\n");
	door_close(&shut);
	door_close(&open);
	jobs[0].is_queued = false;
}

/* Law 1: what was never polled may be forgotten. Something else may then be built there. */
TEST(tape_own, a_future_that_was_forgotten_keeps_nobody_from_parking)
{
	union {
		struct knock knock;
		struct yield_now turn;
	} place;
	struct door door = { .is_open = true };
	struct taped t;

	taped_begin(&t);
	probe_spawn(&jobs[0], knock(&place.knock, &door));
	block_on_spin(yield_now(&place.turn));
	probe_park();
	probe_spawn(&jobs[1], knock(&place.knock, &door));
	give(&jobs[2], knock(&place.knock, &door)); /* the same name, another waker */
	run_jobs();
	taped_is(&t, "| spawn    #1 knock                  from outside\n"
		     "| poll     #2 yield_now\n"
		     "| pending  #2 yield_now\n"
		     "| poll     #2 yield_now\n"
		     "| ready    #2 yield_now\n"
		     "| park\n"
		     "| spawn    #3 knock                  from outside\n"
		     "| spawn    #4 knock                  from outside\n"
		     "| poll     #4 knock\n"
		     "| ready    #4 knock\n"
		     "| park\n");
	door_close(&door);
}

/* --- An executor inside of another --- */

struct host {
	struct co co;
	struct yield_now guest, turn;
};

static enum poll host_run(struct co *co, struct context *cx)
{
	struct host *const f = co_frame(co, struct host);

	co_begin(co);
	block_on_spin(yield_now(&f->guest));
	co_await(yield_now(&f->turn));
	co_end;
}

static struct future *host(struct host *f)
{
	*f = (struct host){ .co = co_init(host_run) };
	return &f->co.future;
}

TEST(tape_own, what_an_executor_polls_inside_of_a_poll_is_one_deeper)
{
	struct taped t;
	struct host f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(host(&f)), 0);
	taped_is(&t, "|     0 ms  spawn    #1 host                   from outside\n"
		     "|     0 ms  poll     #1 host\n"
		     "|     0 ms  poll     #1 . yield_now\n"
		     "|     0 ms  pending  #1 . yield_now\n"
		     "|     0 ms  poll     #1 . yield_now\n"
		     "|     0 ms  ready    #1 . yield_now\n"
		     "|     0 ms  poll     #1 . yield_now\n"
		     "|     0 ms  wake     #1 host                   by #1 host\n"
		     "|     0 ms  pending  #1 . yield_now\n"
		     "|     0 ms  pending  #1 host                   at yield_now(&f->turn)\n"
		     "|     0 ms  poll     #1 host\n"
		     "|     0 ms  poll     #1 . yield_now\n"
		     "|     0 ms  ready    #1 . yield_now\n"
		     "|     0 ms  ready    #1 host\n");
}

TEST(tape_own, block_on_park_does_not_park_if_it_was_woken)
{
	struct yield_now turn;
	struct taped t;
	struct nap f;

	taped_begin(&t);
	CHECK_EQ(block_on_park(yield_now(&turn)), 0);
	CHECK_EQ(block_on_park(nap(&f, 1)), 0); /* there is no clock: ready at once */
	taped_is(&t, "| poll     #1 yield_now\n"
		     "| wake     #1 yield_now              by #1 yield_now\n"
		     "| pending  #1 yield_now\n"
		     "| poll     #1 yield_now\n"
		     "| ready    #1 yield_now\n"
		     "| poll     #2 nap\n"
		     "| poll     #2 . delay\n"
		     "| ready    #2 . delay\n"
		     "| ready    #2 nap\n");
}
