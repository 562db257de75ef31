/*
 * cancel_token: "stop", said once, heard by all who hold the token, and by all below it.
 *
 *	err = cancel_token_init(&f->shutdown);
 *	...
 *	err = cancel_token_child(&f->request, &f->shutdown);    // stops with it, or alone
 *	...
 *	co_await(until_cancelled(&f->until, &f->request, serve(&f->serve)));
 *	...
 *	co_finally {
 *		cancel_token_cancel(&f->request);               // the guard: its helpers stop, too,
 *		cancel_token_drop(&f->request);                 // however this coroutine ended
 *	}
 *
 * The one idea: dropping a future cancels what it owns, at once; but a task cannot drop what other
 * tasks own. It can only ask. A token is that request as a value: anybody who has one may cancel
 * it, ask whether it is, and wait for it; what follows is up to each task.
 *
 *	LIVE --cancel: this one, or one above it--> CANCELLED       (there is no way back)
 *
 * Tokens form a tree, which only knows the way down. Whoever owns a token owns nothing else of the
 * tree: each is given up by itself, in any order, by any thread, and none must outlive another.
 * That is why they are handles to a piece of memory that is counted: a token in the frame of a
 * parent task would be gone when that is dropped, while its children on other threads still look at
 * it. A token that is given up is not cancelled; its children take its place:
 *
 *	  root                  root
 *	  /  \     drop a      / | \                 cancel root: all of them; if the token `root`
 *	 a    b  ---------->  c  d  b                was given up before, nobody can
 *	/ \
 *	c  d
 *
 * What others can see while a cancel goes on: first the whole subtree is cancelled, then who waits
 * is woken. So whoever was woken finds every token below cancelled as well; and so does whoever has
 * called cancel, even if another thread had come first and was not through. A child that is made
 * meanwhile is cancelled with its parent, or is born so. What was written before the cancel is seen
 * by all who learn of it.
 *
 * All functions may be called from any thread, and from the wakers of those who wait. A tree has
 * one lock; asking is_cancelled, and polling again with the same waker, do without it.
 */
#ifndef WEFT_SYNC_CANCEL_TOKEN_H
#define WEFT_SYNC_CANCEL_TOKEN_H

#include <stdbool.h>

#include "base/lock.h"
#include "future/future.h"
#include "sync/waiter.h"

struct cancel_node; /* what a token and its clones share */

struct cancel_token {
	struct cancel_node *node; /* NULL: none, or given up */
};

/* A live token, the root of a tree of its own. 0 or -ENOMEM. */
int cancel_token_init(struct cancel_token *t);

/*
 * A token below `parent`, which is cancelled with it and can be cancelled alone. Of a cancelled
 * parent: a cancelled one. 0; or -ENOMEM, and `*child` is none.
 */
int cancel_token_child(struct cancel_token *child, const struct cancel_token *parent);

/* The same token once more, for another owner. Cannot fail. */
struct cancel_token cancel_token_clone(const struct cancel_token *t);

/* Gives it up, which cancels nothing. Zeroed and dropped ones are allowed. */
void cancel_token_drop(struct cancel_token *t);

/*
 * Cancels it and all below. On return every one of them says so, and who waits has been woken, or
 * is being woken by another thread that cancels. Once more is allowed, and zeroed; it wakes nobody.
 */
void cancel_token_cancel(const struct cancel_token *t);

/* False for a zeroed one. */
bool cancel_token_is_cancelled(const struct cancel_token *t);

/* Waits until it is cancelled. READY means that: there is no error. Drop it before the token. */
struct cancelled {
	struct future future;
	struct cancel_node *node; /* borrowed */
	struct waker known;       /* what `waiter` was last given; to be compared, not to be used */
	struct count n_taken;     /* 1: a cancel has taken that waker out */
	struct waiter waiter;     /* under the tree's lock */
};
struct future *cancelled(struct cancelled *c, const struct cancel_token *t);

#endif
