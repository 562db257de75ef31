/*
 * all_the_way_down: a retry of a select of a join and a timer.
 *
 * Futures are made of futures. Fetch two pages at the same time; if that takes too long, give up on
 * both; if it did, try again, three times at most. Each of these is one constructor around another, and
 * none of them knows what is inside it. When the limit is reached, the select drops the join, the join
 * drops the fetches, the fetches drop their timers: nobody has to be told.
 *
 * Predict: the network needs 80, 40 and 20 ms, and the limit is 50 ms. When is the retry over?
 *
 *	make run P=ch06/all_the_way_down        ARGS=--tape=svg draws it
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch06-by-hand/all_the_way_down.c $(find runtime -name '*.c') -pthread
 *
 * Try: a limit of 10 ms. What is the error then, how many attempts are made, and when is it over?
 */
#include <errno.h>
#include <stdio.h>

#include "weft.h"

struct pages {
	struct co co;
	struct delay one, two;      /* the two fetches; of a network, as far as we are concerned */
	struct join both;
	struct delay limit;
	struct select race;
	struct retry retry;
};

static uint64_t network_ms(unsigned attempt)
{
	return 80 >> attempt;
}

/* One attempt: a future of which the retry needs to know nothing. */
static struct future *fetch_both(void *arg, unsigned attempt)
{
	struct pages *f = arg;

	printf("attempt %u: the network takes %d ms\n", attempt, (int)network_ms(attempt));
	return select_first(&f->race,
			    join(&f->both, delay(&f->one, network_ms(attempt)),
				 delay(&f->two, network_ms(attempt) / 2)),
			    delay(&f->limit, 50));
}

/* Asked after each attempt: did it work? */
static int fetched_both(void *arg)
{
	struct pages *f = arg;

	return f->race.winner == 0 ? 0 : -ETIMEDOUT;
}

static enum poll pages_run(struct co *co, struct context *cx)
{
	struct pages *const f = co_frame(co, struct pages);

	co_begin(co);
	co_await(retry(&f->retry, fetch_both, fetched_both, f, 3));
	printf("%s after %u attempts, at %d ms\n", f->retry.err ? "failed" : "both pages are here",
	       f->retry.attempts, (int)(timers_now_ns(cx->rt->timers) / 1000000));
	co_end;
}

static struct future *pages(struct pages *f)
{
	*f = (struct pages){ .co = co_init(pages_run) };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct pages f;

	tape_args(argc, argv);
	return runtime_run(&(struct runtime_builder){ .virtual_time = true }, pages(&f)) != 0;
}
