/*
 * when_sync_wins: two operations that never wait, called and awaited.
 *
 * To await is to be ready to stop: where one stands is kept in a struct, and who awaits asks by a
 * poll and looks at the answer. Next to a wait that is nothing, and it pays as soon as there is
 * something else to do meanwhile. Here there is nothing to wait for. Both prices are known, each
 * future is ready at its first poll, and what was prepared for stopping was for nothing. And this
 * is the cheapest way to run a future: no runtime, no queue, no wake, no other task.
 *
 * Predict: how many polls does it take, and how many times as long as two calls?
 *
 *	make run P=ch01/when_sync_wins          ARGS=--tape shows each poll
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch01-why-async/when_sync_wins.c $(find runtime -name '*.c') -pthread
 *
 * Try: compile by hand with -O2 and without -DWEFT_DEBUG. Which of the two gains more, and why?
 */
#define _GNU_SOURCE 1 /* clock_gettime */
#include <stdio.h>
#include <time.h>

#include "executor/block_on_spin.h"
#include "future/co.h"
#include "trace/tape.h"

enum { N_ROUNDS = 10, N_TIMES = 20000 };

static int n_calls, n_futures, n_polls;
static volatile int price_list[] = { 20, 40 }; /* so that no compiler knows it in advance */

static int price_of(int item)
{
	n_calls++;
	return price_list[item];
}

/* --- Called --- */

static int total_called(void)
{
	return price_of(0) + price_of(1);
}

/* --- Awaited --- */

struct price {
	struct co co;
	int item;
	int cents;
};

static enum poll price_run(struct co *co, struct context *cx)
{
	struct price *const f = co_frame(co, struct price);

	co_begin(co);
	n_polls++; /* there is no await in here, so it is entered once */
	f->cents = price_of(f->item);
	co_end;
}

static struct future *price(struct price *f, int item)
{
	n_futures++;
	*f = (struct price){ .co = co_init(price_run), .item = item };
	return &f->co.future;
}

struct total {
	struct co co;
	struct price one, two;
	int cents;
};

static enum poll total_run(struct co *co, struct context *cx)
{
	struct total *const f = co_frame(co, struct total);

	co_begin(co);
	n_polls++;
	co_await(price(&f->one, 0));
	co_await(price(&f->two, 1));
	f->cents = f->one.cents + f->two.cents;
	co_end;
}

static struct future *total(struct total *f)
{
	n_futures++;
	*f = (struct total){ .co = co_init(total_run) };
	return &f->co.future;
}

static int total_awaited(void)
{
	struct total f;

	block_on_spin(total(&f));
	return f.cents;
}

/* --- Counted, then measured --- */

static void count(const char *how, int (*total_of)(void))
{
	int cents;

	n_calls = n_futures = n_polls = 0;
	cents = total_of();
	printf("%s: %d cents, by %d calls, %d futures, %d polls\n", how, cents, n_calls, n_futures,
	       n_polls);
}

static double ns_for(int (*total_of)(void))
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < N_TIMES; i++)
		bug_unless(total_of() == 60);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

int main(int argc, char **argv)
{
	double called = 1e18, awaited = 1e18;

	tape_args(argc, argv);
	count("called", total_called);
	count("awaited", total_awaited);
	tape_end(); /* what follows is measured, with nobody looking on */
	for (int i = 0; i < N_ROUNDS; i++) { /* in turns; the quickest is the one least disturbed */
		called = least(called, ns_for(total_called));
		awaited = least(awaited, ns_for(total_awaited));
	}
	printf("awaited takes %.1f times as long\n", awaited / called);
}
