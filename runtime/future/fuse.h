/*
 * fuse: a future that outlives the awaits that it takes part in.
 *
 * A select drops its losers. That is wrong for what is raced again and again: the deadline of a
 * whole loop, the shutdown of a server. A fuse owns such a future and lends it, one await at a
 * time:
 *
 *	fuse(&f->deadline, delay(&f->nap, 5000));
 *	for (;;) {
 *		co_await(select_first(&f->race, fuse_again(&f->deadline), mpsc_recv(&f->rx, f->q)));
 *		if (f->race.winner == 0)
 *			break;
 *		...                             // a message; the deadline runs on
 *	}
 *	co_finally {
 *		future_drop(&f->deadline.future);
 *	}
 *
 * The one idea: what is lent can be dropped without harm to the owner (Rust's `&mut future`), and
 * what has ended is lent as NULL, which select takes for a disabled branch and join for one that is
 * done. So a loop over several fused futures ends by itself: all have ended, the winner is -1.
 *
 *	        fuse_again           the child is ready
 *	OWNED <------------> LENT ----------------------> ENDED: fuse_again says NULL, and whoever
 *	  |     loan dropped                                ^    polls the fuse itself gets PENDING
 *	  +---------- future_drop: the child is dropped ----+
 */
#ifndef WEFT_FUTURE_FUSE_H
#define WEFT_FUTURE_FUSE_H

#include "future/future.h"

struct fuse {
	struct future future; /* the whole: dropping it drops the child */
	struct future loan;   /* what fuse_again returns: dropping it leaves the child alone */
	struct future *child; /* owned */
};

/*
 * Takes ownership of `child`. What is returned, &u->future, is the whole: ready when the child is;
 * and if the child has ended through a loan, PENDING for ever, without a wake. Dropping it drops
 * the child. An owner that only lends must drop the whole in the end, which does nothing to a fuse
 * that is over or zeroed.
 */
struct future *fuse(struct fuse *u, struct future *child);

/*
 * Lends the child for one await: a future that is ready when the child is, and whose drop leaves
 * the child as it is. NULL when the child has ended. The loan before it must be over or dropped.
 */
struct future *fuse_again(struct fuse *u);

/* True once the child has completed or was dropped: no more will come of it. */
bool fuse_is_terminated(const struct fuse *u);

#endif
