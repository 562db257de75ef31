/*
 * until_cancelled: a future, but only as long as a token is live.
 *
 *	co_await(until_cancelled(&f->until, &f->token, serve(&f->serve)));
 *	if (f->until.was_cancelled)
 *		...                              // serve has been dropped; its finally ran
 *
 * The token is asked before every poll: once it is cancelled the child is not polled again, even if
 * it were ready. A child that is ready in the same poll in which the token is cancelled by another
 * thread may win. One that completes at its first poll never touches the token's lock.
 */
#ifndef WEFT_SYNC_UNTIL_CANCELLED_H
#define WEFT_SYNC_UNTIL_CANCELLED_H

#include "sync/cancel_token.h"

struct until_cancelled {
	struct future future;
	struct future *child; /* owned */
	struct cancelled cancelled;
	bool was_cancelled; /* the token came first: the child has been dropped */
};

/* Owns the child, and borrows the token, which must not be given up before this is over. */
struct future *until_cancelled(struct until_cancelled *u, const struct cancel_token *t,
			       struct future *child);

#endif
