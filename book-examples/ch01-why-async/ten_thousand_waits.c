/*
 * ten_thousand_waits: what it takes to wait ten thousand times at once, as tasks and as threads.
 *
 * A server with ten thousand clients does one thing above all: it waits for them. A wait can be a
 * thread, which sleeps where it waits and keeps a stack for when it goes on; or a task, which is a
 * struct in a list. Here all of them wait at a gate. Measured is what the process has in memory by
 * then, and how long it took until everybody stood there. What the kernel keeps for a thread comes
 * on top, and address space: by default a thread reserves 8 MiB of it, ours reserve 64 KiB.
 *
 * Predict: how many times as much memory does a thread take? How many times as long to start?
 *
 *	make run P=ch01/ten_thousand_waits      ARGS=--tape shows the one task that was to warm up
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch01-why-async/ten_thousand_waits.c $(find runtime -name '*.c') -pthread
 *
 * Try: let N be 100000. Which of the two does your machine refuse, and how many does it allow?
 */
#define _GNU_SOURCE 1 /* clock_gettime */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "weft.h"

enum { N = 10000, STACK = 65536 };

/* --- What is measured --- */

struct cost {
	int n;            /* how many waited at the same time */
	double bytes, us; /* of each */
};

/* The time, and what the process has in memory: VmRSS, which is the second number in statm. */
static struct cost so_far(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	double n_pages;
	struct timespec t;

	bug_unless(statm && fscanf(statm, "%*s %lf", &n_pages) == 1);
	fclose(statm);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct cost){ 0, n_pages * sysconf(_SC_PAGESIZE), t.tv_sec * 1e6 + t.tv_nsec / 1e3 };
}

static struct cost since(struct cost before, int n)
{
	struct cost now = so_far();

	return (struct cost){ n, (now.bytes - before.bytes) / n, (now.us - before.us) / n };
}

/* --- As tasks: each is polled, finds the gate shut, and leaves its waker there --- */

static bool as_tasks(int n, struct cost *cost)
{
	struct cost before = so_far();
	struct notify gate;
	struct ready last; /* stands behind all others: when it has had its turn, so have they */
	struct runtime *rt;

	notify_init(&gate);
	if (runtime_build(NULL, &rt))
		return false;
	for (int i = 0; i < n; i++)
		task_detach(spawn(rt, notified, &gate));
	n = runtime_block_on(rt, ready(&last)) ? 0 : (int)runtime_n_tasks(rt);
	*cost = since(before, n);
	notify_waiters(&gate);
	n = runtime_block_on(rt, ready(&last)) ? 0 : n - (int)runtime_n_tasks(rt);
	runtime_destroy(rt);
	return n > 0 && n == cost->n;
}

/* --- As threads: each says that it is there, and sleeps --- */

static sem_t arrived, gate_is_open;

static void *wait_at_gate(void *unused)
{
	sem_post(&arrived);
	sem_wait(&gate_is_open);
	return unused;
}

static bool as_threads(int n, struct cost *cost)
{
	static pthread_t ids[N];
	struct cost before = so_far();
	pthread_attr_t small;
	int n_waiting = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	while (n_waiting < n && !pthread_create(&ids[n_waiting], &small, wait_at_gate, NULL))
		n_waiting++;
	for (int i = 0; i < n_waiting; i++)
		sem_wait(&arrived);
	*cost = since(before, n_waiting);
	for (int i = 0; i < n_waiting; i++)
		sem_post(&gate_is_open);
	for (int i = 0; i < n_waiting; i++)
		pthread_join(ids[i], NULL);
	pthread_attr_destroy(&small);
	return n_waiting > 0;
}

static void say(const char *what, const struct cost *c)
{
	printf("%d %s wait, each takes %.0f bytes and %.2f us%s\n", c->n, what, c->bytes, c->us,
	       c->n < N ? " (the machine refuses more)" : "");
}

int main(int argc, char **argv)
{
	struct cost tasks, threads;

	tape_args(argc, argv);
	if (sem_init(&arrived, 0, 0) || sem_init(&gate_is_open, 0, 0) ||
	    !as_tasks(1, &tasks) || !as_threads(1, &threads)) /* to warm up, and for the tape */
		return 1;
	tape_end(); /* nobody would read the lines of ten thousand */
	if (!as_tasks(N, &tasks) || !as_threads(N, &threads))
		return 1;
	say("tasks", &tasks);
	say("threads", &threads);
	printf("a thread takes %.1f times the memory of a task, and %.1f times the time\n",
	       threads.bytes / tasks.bytes, threads.us / tasks.us);
}
