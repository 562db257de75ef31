/*
 * barrier: nobody goes on before all are there.
 *
 *	barrier_init(&start, N_PARTIES);
 *	...
 *	co_await(barrier_wait(&f->wait, &start));
 *	if (f->wait.is_leader)
 *		...                              // one of them, and only one
 *
 * The one idea: a round ends when the last of `n` has come. That one does not wait: it ends the
 * round, wakes the others and is the leader. A round has a number, and who waits remembers in which
 * it came: so the next round can begin, and even end, before everybody of this one has run.
 *
 *	         poll: the last to come
 *	IDLE ----------------------------------------------> READY, is_leader
 *	  |
 *	  | poll: others are missing
 *	  v              the last one comes            poll
 *	WAITING ---------------------------> PASSED ---------> READY
 *	  |                                    |
 *	  +--drop: has not come after all      +--drop: the round has ended all the same
 *
 * Who is dropped while he waits is not counted any more; the others go on waiting until another one
 * has come in his place. (Tokio counts him, and the round ends short of a party.)
 *
 * The races are all decided under the lock: a drop against the arrival of the last, an arrival
 * against the end of the round before. A barrier allocates nothing, may be used from any thread,
 * and must outlive its futures; the leader's is over when all others have been woken.
 */
#ifndef WEFT_SYNC_BARRIER_H
#define WEFT_SYNC_BARRIER_H

#include <stdint.h>

#include "base/lock.h"
#include "future/future.h"
#include "sync/waiter.h"

struct barrier {
	unsigned n; /* how many make a round; constant */

	struct lock lock; /* guards all below, and every barrier_wait's round and waiter */
	unsigned n_come;  /* in this round: less than n */
	uint64_t round;
	struct waiter_list queue; /* those of this round, behind those of earlier ones */
};

/* For rounds of `n`; 0 is as 1, with which nobody waits and all are leaders. Cannot fail. */
void barrier_init(struct barrier *b, unsigned n);

/* Waits until the round is full. Its place in the round is taken by its first poll. */
struct barrier_wait {
	struct future future;
	struct barrier *barrier; /* borrowed */
	struct waiter waiter;
	uint64_t round;  /* in which it came, if it has */
	bool has_come;
	bool is_leader;  /* output: it was the last */
};
struct future *barrier_wait(struct barrier_wait *w, struct barrier *b);

#endif
