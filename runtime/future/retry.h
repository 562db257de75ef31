/*
 * retry: tries again, until it works or has been tried often enough.
 *
 * A finished future cannot be run a second time, so what is retried is not a future but a function
 * that makes one. Where the attempts live is the caller's choice; one struct, built anew each time,
 * is enough, since an attempt is over before the next is made.
 *
 *	static struct future *dial(void *arg, unsigned attempt)
 *	{
 *		struct client *f = arg;
 *
 *		(void)attempt;
 *		return tcp_connect(&f->dial, "127.0.0.1", 8080);
 *	}
 *
 *	static int dialled(void *arg)
 *	{
 *		return ((struct client *)arg)->dial.err;
 *	}
 *
 *	co_await(retry(&f->again, dial, dialled, f, 3));
 *	if (f->again.err)
 *		...                              // of the third attempt
 *
 * A pause between attempts belongs into the future that is made. retry.c is written with the co
 * macros and meant to be read.
 */
#ifndef WEFT_FUTURE_RETRY_H
#define WEFT_FUTURE_RETRY_H

#include "future/co.h"

struct retry {
	struct co co;
	struct future *(*make)(void *arg, unsigned attempt);
	int (*result)(void *arg);
	void *arg; /* borrowed */
	unsigned n_attempts;
	struct future *attempt; /* the one that is being made and awaited; owned until it is over */

	unsigned attempts; /* made, the last one included */
	int err;           /* 0: one worked; else what the last one said; see retry() */
};

/*
 * Awaits `make(arg, 0)`, then `make(arg, 1)` and so on, until `result(arg)`, asked once after each,
 * says 0, or `n_attempts` have been made. Then `attempts` were made and `err` is
 *	0         the last of them worked
 *	-ENOMEM   make returned NULL in the last of them: that counts as an attempt
 *	-EINVAL   n_attempts is 0; neither function was called
 *	-errno    what `result` said of the last of them
 * `arg` is borrowed until the end. What `make` returns is owned by the retry, which drops it when
 * cancelled, but the memory it lives in is the caller's.
 */
struct future *retry(struct retry *f, struct future *(*make)(void *arg, unsigned attempt),
		     int (*result)(void *arg), void *arg, unsigned n_attempts);

#endif
