/*
 * bench: what the workloads share.
 *
 * A workload does N operations of one kind, checks that all of them happened, and prints what one
 * cost. Each runs twice in one process and only the second round is measured: by then memory has
 * been touched and code is warm, as in a server that has been up for a second.
 */
#ifndef WEFT_BENCH_BENCH_H
#define WEFT_BENCH_BENCH_H

#include <stdint.h>

#include "weft.h"

struct bench {
	const char *name;    /* of the workload */
	const char *variant; /* "ct", "ct+1", "mt2" */
	uint64_t n;
	struct runtime *rt;
	uint64_t spent_ns;             /* of the part that counts: see bench_start and bench_stop */
	_Atomic uint64_t sum;          /* operations done: see bench_done */
	uint64_t n_joined;             /* tasks that have completed */
	uint64_t bytes;                /* taken by the workload: see bench_memory_after */
	uint64_t cpu_ns;               /* likewise, of the processor */
	uint64_t memory_before;
};

enum figure { FIGURE_TIME, FIGURE_MEMORY, FIGURE_CPU_AND_MEMORY };

struct workload {
	const char *name;
	const char *what;                       /* one line for --help */
	uint64_t usual_n;                       /* for `weft-bench all`: some tenths of a second */
	struct future *(*root)(struct bench *); /* builds the round's future, in static storage */
	uint64_t (*ops)(uint64_t n);            /* operations in a round; NULL: n */
	enum figure figure;                     /* what is printed */
	bool counts_joins;                      /* an operation is a task that has completed */
};

extern const struct workload task_workloads[], channel_workloads[], lock_workloads[], time_workloads[];

/* Around the part of the round that counts, inside the root future. */
void bench_start(struct bench *b);
void bench_stop(struct bench *b);

/*
 * For tasks: so many operations are done. Once in the end, since on several threads the sum is
 * everybody's.
 */
static inline void bench_done(struct bench *b, uint64_t n)
{
	atomic_fetch_add_explicit(&b->sum, n, memory_order_relaxed);
}

/* Ends the process with one line unless the two are equal: a figure without its sum is none. */
void bench_check(const struct bench *b, const char *what, uint64_t actual, uint64_t expected);

/*
 * For workloads that measure memory: by how much the pages resident in memory have become more
 * since bench_start. What the first round took, the second reuses; so the larger of the two
 * counts.
 */
void bench_memory_after(struct bench *b);

/*
 * A root that spawns `n` tasks, the i-th by `spawn_one`, and awaits them all. When each has had
 * its first poll, `all_wait` is called, if it is not NULL.
 */
struct future *many(struct bench *b, uint64_t n,
		    struct task *(*spawn_one)(struct runtime *rt, struct bench *b, uint64_t i),
		    void (*all_wait)(struct bench *b));
enum { MANY = 1000 }; /* where a workload is "1000 tasks" */

/* How many of the N operations are the i-th task's, if n_tasks share them. */
static inline uint64_t bench_share(const struct bench *b, unsigned n_tasks, uint64_t i)
{
	return b->n / n_tasks + (i < b->n % n_tasks);
}

/*
 * Listens on 127.0.0.1, says "listening PORT" on standard error (port 0 lets the system choose),
 * and gives each connection to a task that owns the stream. Runs until killed; returns 1 when it
 * cannot.
 */
int bench_serve(uint16_t port, unsigned n_workers,
		struct task *(*connection)(struct runtime *, struct tcp_stream));

/*
 * The two servers, as what becomes of a connection. NULL: no memory, the stream stays the
 * caller's.
 */
struct task *echo_connection(struct runtime *rt, struct tcp_stream stream);
struct task *chat_connection(struct runtime *rt, struct tcp_stream stream);

#endif
