/*
 * moved_frame: a frame is moved between two polls, and the debug check says whose it was.
 *
 * Two jobs lie in an array, and a loop polls one after the other. When a job is over, the last one
 * is moved into its place: the usual way to keep an array dense, and for frames a mistake. In debug
 * builds each future remembers where it was at its first poll. Polled somewhere else, it ends the
 * process with its name, before its pointers are followed. Here that happens in a child process, so
 * that we can go on and do it right: the same loop over an array of pointers.
 *
 * Predict: one job takes one step, the other one two. In which round is the mistake noticed?
 *
 *	make run P=ch04/moved_frame             ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch04-pin/moved_frame.c $(find runtime -name '*.c') -pthread
 *
 * Try: compile it by the line above without -DWEFT_DEBUG. Is it then right?
 */
#define _GNU_SOURCE 1 /* fork and its like */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weft.h"

/* --- A job: so many steps, with a pause after each --- */

struct job {
	struct co co;
	const char *name;
	int n_steps;
	struct yield_now pause; /* while it waits, co.child points to this */
};

static enum poll job_run(struct co *co, struct context *cx)
{
	struct job *const f = co_frame(co, struct job);

	co_begin(co);
	while (f->n_steps-- > 0)
		co_await(yield_now(&f->pause));
	printf("  the %s job is done\n", f->name);
	co_end;
}

static struct future *job(struct job *f, const char *name, int n_steps)
{
	*f = (struct job){ .co = co_init(job_run), .name = name, .n_steps = n_steps };
	return &f->co.future;
}

/* A waker for each job, so that the tape can tell them apart. We never sleep: it does nothing. */
static enum poll poll_once(struct future *f)
{
	struct waker waker = { waker_noop.vtable, f };
	struct context cx = context_of(&waker);

	return future_poll(f, &cx);
}

/* --- Wrong: what fills the hole is a frame --- */

static void drive_frames(void)
{
	struct job jobs[2];
	size_t n = 2;

	job(&jobs[0], "short", 1);
	job(&jobs[1], "long", 2);
	for (int round = 1; n > 0; round++) {
		printf("  round %d\n", round);
		for (size_t i = 0; i < n; i++)
			if (poll_once(&jobs[i].co.future) == POLL_READY)
				jobs[i] = jobs[--n];
	}
}

/* --- Right: what fills the hole is a pointer --- */

static void drive_pointers(void)
{
	struct job a, b;
	struct future *jobs[] = { job(&a, "short", 1), job(&b, "long", 2) };
	size_t n = 2;

	for (int round = 1; n > 0; round++) {
		printf("  round %d\n", round);
		for (size_t i = 0; i < n; i++)
			if (poll_once(jobs[i]) == POLL_READY)
				jobs[i] = jobs[--n];
	}
}

/* --- A process that may abort; its last words go where ours go, and it leaves no core file --- */

static void in_a_child(void (*run)(void))
{
	int status;
	pid_t child;

	fflush(stdout); /* or what is still in the buffer would be printed twice */
	child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
		dup2(STDOUT_FILENO, STDERR_FILENO);
		run();
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		exit(1);
	printf("  the child %s\n", WIFEXITED(status) ? "came to its end" : "was aborted");
}

int main(int argc, char **argv)
{
	tape_args(argc, argv);
	printf("frames move:\n");
	in_a_child(drive_frames);
	printf("pointers move:\n");
	drive_pointers();
}
