/*
 * search: which schedules are played, and which is next.
 *
 * The one idea: a run is a row of decisions, so all runs are a tree. It is walked depth first
 * without keeping anything but the path: the next run repeats the decisions up to the last one that
 * has another option left, takes that, and goes on by itself (whoever runs, runs on).
 *
 * A preemption is a switch away from a thread that could have gone on; to switch from one that is
 * blocked or over costs nothing. Most bugs need one or two, so the tree is cut where there would be
 * more than `bound`. A load that says an old value counts as one, too, and so does a clock that
 * wakes somebody while others could go on. The other walk is by random priorities (Burckhardt,
 * Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding
 * bugs", 2010).
 */
#ifndef WEFT_TESTS_EXPLORE_SEARCH_H
#define WEFT_TESTS_EXPLORE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Options are threads, 0 to 7; from OPTION_FLUSH on, that the oldest buffered store of each reaches
 * memory; from OPTION_TIMEOUT on, that time is out for one that sleeps by the clock, which then
 * goes on.
 */
enum { OPTION_FLUSH = 8, OPTION_TIMEOUT = 16, OPTION_END = 24 };

/* All schedules with at most so many preemptions. */
void search_begin_all(unsigned bound);

/* Prepares the next run. False: that were all. Before the first run it need not be called. */
bool search_next(void);

/* Prepares the same run once more. */
void search_repeat(void);

/*
 * After the last run: whether the bound has kept any schedule out. If not, these were all there
 * are.
 */
bool search_was_cut(void);

/* Random priorities that change `depth - 1` times; every run another one, until one stops. */
void search_begin_random(unsigned depth, uint64_t seed);
void search_next_random(void);

/* Just this schedule. False: that is none. */
bool search_begin_replay(const char *schedule);

/* The schedule of the last run, as a replay takes it: "12B,40A": the 12th decision was for B. */
void search_schedule(char *buf, size_t len);

/* Called at each decision; `current` is the thread that could run on, or -1. */
unsigned search_choose(unsigned options, int current);

/* Which of `n` values is loaded: 0, the newest, or how many before it. */
unsigned search_pick(unsigned n);

#endif
