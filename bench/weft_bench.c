/*
 * weft-bench: one program that says what things cost.
 *
 *	weft-bench WORKLOAD N [VARIANT]     prints name,peer,variant,value,unit for each figure
 *	weft-bench all [VARIANT]            every workload, with its usual N
 *	weft-bench echo|chat PORT [VARIANT] serves until killed; writes "listening PORT" to stderr
 *
 * Each workload runs twice in one process, and the second round is the one that counts (see
 * bench.h). Variants: ct, one thread; ct+1, one thread in a process that has a second one,
 * asleep: what locks cost once libc no longer knows that nobody else is there (see
 * runtime/base/lock.h); mtN, N workers: mt1, mt2.
 */
#define _GNU_SOURCE 1 /* clock_gettime */
#include "bench.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Resident pages: what the kernel has given us, whatever allocator took it. */
static uint64_t resident_bytes(void)
{
	unsigned long pages = 0, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (!statm || fscanf(statm, "%lu %lu", &pages, &resident) != 2)
		resident = 0;
	if (statm)
		fclose(statm);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

void bench_memory_after(struct bench *b)
{
	uint64_t taken = resident_bytes() - b->memory_before;

	if (taken > b->bytes)
		b->bytes = taken;
}

void bench_start(struct bench *b)
{
	b->memory_before = resident_bytes();
	b->cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	b->spent_ns = read_clock(CLOCK_MONOTONIC);
}

void bench_stop(struct bench *b)
{
	b->spent_ns = read_clock(CLOCK_MONOTONIC) - b->spent_ns;
	b->cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID) - b->cpu_ns;
}

void bench_check(const struct bench *b, const char *what, uint64_t actual, uint64_t expected)
{
	if (actual == expected)
		return;
	fprintf(stderr, "weft-bench: %s: %s is %" PRIu64 ", expected %" PRIu64 "\n", b->name, what, actual,
		expected);
	exit(1);
}

static void print(const struct bench *b, const char *suffix, double value, const char *unit)
{
	printf("%s%s,weft,%s,%.2f,%s\n", b->name, suffix, b->variant, value, unit);
}

/*
 * --- Workloads
 * ----------------------------------------------------------------------------------
 */

static const struct workload *const families[] = { task_workloads, channel_workloads, lock_workloads,
						   time_workloads };
enum { N_FAMILIES = sizeof families / sizeof families[0] };

static const struct workload *find(const char *name)
{
	for (size_t i = 0; i < N_FAMILIES; i++)
		for (const struct workload *w = families[i]; w->name; w++)
			if (strcmp(w->name, name) == 0)
				return w;
	return NULL;
}

static void run_round(struct bench *b, const struct workload *w)
{
	int err;

	b->sum = 0;
	err = runtime_block_on(b->rt, w->root(b));
	bench_check(b, "error of block_on", (uint64_t)-err, 0);
	bench_check(b, "operations done", w->figure == FIGURE_TIME && !w->counts_joins ? b->sum : b->n_joined,
		    w->ops ? w->ops(b->n) : b->n);
}

/* "mt2" is two workers; any other variant none. */
static unsigned workers_of(const char *variant)
{
	return strncmp(variant, "mt", 2) == 0 ? (unsigned)strtoul(variant + 2, NULL, 10) : 0;
}

static int run(const struct workload *w, uint64_t n, const char *variant)
{
	struct bench b = { .name = w->name, .variant = variant, .n = n };
	double ops = (double)(w->ops ? w->ops(n) : n);
	int err = runtime_build(&(struct runtime_builder){ .seed = 1, .n_workers = workers_of(variant) },
				&b.rt);

	bench_check(&b, "error of runtime_build", (uint64_t)-err, 0);
	run_round(&b, w);
	run_round(&b, w);
	switch (w->figure) {
	case FIGURE_TIME:
		print(&b, "", (double)b.spent_ns / ops, "ns");
		break;
	case FIGURE_MEMORY:
		print(&b, "", (double)b.bytes / ops, "bytes");
		break;
	case FIGURE_CPU_AND_MEMORY:
		print(&b, "", (double)b.cpu_ns / ops, "cpu_ns");
		print(&b, "_mem", (double)b.bytes / ops, "bytes");
		break;
	}
	runtime_destroy(b.rt);
	return 0;
}

/*
 * Each in a process of its own: what one leaves behind in the heap is none of the next one's
 * business.
 */
static int run_all(const char *variant)
{
	int failed = 0;

	for (size_t i = 0; i < N_FAMILIES; i++)
		for (const struct workload *w = families[i]; w->name; w++) {
			int status = 1;
			pid_t child;

			fflush(stdout);
			child = fork();
			if (child == 0)
				exit(run(w, w->usual_n, variant));
			failed |= child < 0 || waitpid(child, &status, 0) != child || status != 0;
		}
	return failed;
}

/*
 * --- The command line
 * ---------------------------------------------------------------------------
 */

static int usage(FILE *out)
{
	fprintf(out, "usage: weft-bench WORKLOAD N [ct|ct+1|mtN]\n"
		     "       weft-bench all [ct|ct+1|mtN]\n"
		     "       weft-bench echo|chat PORT [ct|ct+1|mtN]\n"
		     "workloads:\n");
	for (size_t i = 0; i < N_FAMILIES; i++)
		for (const struct workload *w = families[i]; w->name; w++)
			fprintf(out, "  %-14s %s\n", w->name, w->what);
	return out == stderr ? 2 : 0;
}

static int refuse(const char *what, const char *given)
{
	fprintf(stderr, "weft-bench: %s '%s'; weft-bench --help lists what there is\n", what, given);
	return 2;
}

static bool parse(const char *text, uint64_t max, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *n <= max;
}

static void *sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* False, with a line said, if there is no such variant; else the process is as it says. */
static bool become(const char *variant)
{
	pthread_t second;

	if (strcmp(variant, "ct") == 0 || workers_of(variant) > 0)
		return true;
	if (strcmp(variant, "ct+1") != 0)
		return refuse("no such variant", variant), false;
	if (pthread_create(&second, NULL, sleep_for_ever, NULL) != 0)
		return refuse("no thread for", variant), false;
	return true;
}

static int measure(const char *name, const char *number, const char *variant)
{
	const struct workload *w = find(name);
	uint64_t n;

	if (!w)
		return refuse("no such workload:", name);
	if (!parse(number, UINT32_MAX, &n) || n == 0)
		return refuse("not a number from 1 to 4294967295:", number);
	return run(w, n, variant);
}

int main(int argc, char **argv)
{
	bool all = argc >= 2 && strcmp(argv[1], "all") == 0;
	const char *variant = argc == 4 - all ? argv[3 - all] : "ct";
	bool serves = argc >= 2 && (strcmp(argv[1], "echo") == 0 || strcmp(argv[1], "chat") == 0);
	uint64_t port;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout);
	if (argc < 3 - all || argc > 4 - all)
		return usage(stderr);
	if (!become(variant))
		return 2;
	if (all)
		return run_all(variant);
	if (!serves)
		return measure(argv[1], argv[2], variant);
	if (!parse(argv[2], UINT16_MAX, &port))
		return refuse("not a port:", argv[2]);
	if (argv[1][0] == 'e')
		return bench_serve((uint16_t)port, workers_of(variant), echo_connection);
	if (workers_of(variant) > 0)
		return refuse("the rooms of chat belong to one thread, not to", variant);
	return bench_serve((uint16_t)port, 0, chat_connection);
}
