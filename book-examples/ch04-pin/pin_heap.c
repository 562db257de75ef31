/*
 * pin_heap: frames on the heap stay where they are; what moves is the pointer to them.
 *
 * A frame in memory of its own has an address that no vector and no caller can change. spawn makes
 * one allocation for each task and calls the constructor there: the frame is built where it will
 * live. What we get is a handle, which is a pointer, and pointers may move as they like; here they
 * lie in a vector that is reallocated while the tasks wait. By hand it is malloc, and then `boxed`:
 * a coroutine awaits by it what lies there, and the memory is given back, even if it is dropped.
 *
 * Predict: the vector is reallocated for each job, while those before it wait. Which jobs move?
 *
 *	make run P=ch04/pin_heap                ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch04-pin/pin_heap.c $(find runtime -name '*.c') -pthread
 *
 * Try: let a job await one more job: put `struct job next;` into struct job. What is the cure?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "weft.h"

/* --- A job that knows where it was built --- */

struct job {
	struct co co;
	const struct job *built_at;
	unsigned ms;
	struct delay nap; /* its timer is linked into the runtime's wheel: others point to it */
};

static enum poll job_run(struct co *co, struct context *cx)
{
	struct job *const f = co_frame(co, struct job);

	co_begin(co);
	co_await(delay(&f->nap, f->ms));
	printf("job of %2u ms %s\n", f->ms, f == f->built_at ? "has not moved" : "has moved");
	co_end;
}

static struct future *job(struct job *f, unsigned ms)
{
	*f = (struct job){ .co = co_init(job_run), .built_at = f, .ms = ms };
	return &f->co.future;
}

/* --- Who has the handles, and at last a job in a box --- */

struct crowd {
	struct co co;
	struct task **jobs; /* owned: the vector, and each handle in it */
	size_t n, i;
	struct yield_now turn;
	struct task_join join;
	struct boxed box;
	struct job *last; /* in the box, which owns it */
	int err;
};

static int add_job(struct crowd *f, struct runtime *rt, unsigned ms)
{
	struct task **jobs = realloc(f->jobs, (f->n + 1) * sizeof *jobs);

	if (!jobs)
		return -ENOMEM;
	f->jobs = jobs; /* perhaps somewhere else, and the handles with it */
	jobs[f->n] = spawn(rt, job, ms);
	if (!jobs[f->n])
		return -ENOMEM;
	f->n++;
	return 0;
}

static enum poll crowd_run(struct co *co, struct context *cx)
{
	struct crowd *const f = co_frame(co, struct crowd);

	co_begin(co);
	while (f->n < 3) {
		f->err = add_job(f, cx->rt, 10 * (unsigned)(f->n + 1));
		if (f->err)
			co_return;
		co_await(yield_now(&f->turn)); /* now it is polled, and must stay */
	}
	for (f->i = 0; f->i < f->n; f->i++)
		co_await(task_join(&f->join, f->jobs[f->i]));

	f->last = malloc(sizeof *f->last);
	f->err = f->last ? 0 : -ENOMEM;
	if (f->err)
		co_return;
	co_await(boxed(&f->box, job(f->last, 5), free, f->last));
	co_finally {
		boxed_free(&f->box);
		while (f->n > 0)
			task_detach(f->jobs[--f->n]);
		free(f->jobs);
	}
	co_end;
}

static struct future *crowd(struct crowd *f)
{
	*f = (struct crowd){ .co = co_init(crowd_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct crowd f;

	tape_args(argc, argv);
	if (runtime_run(&(struct runtime_builder){ .virtual_time = true }, crowd(&f)) || f.err)
		return 1;
}
