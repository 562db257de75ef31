/*
 * boxed: a future somewhere else, together with the memory it lives in.
 *
 * Children normally live in their parent's frame. Where they cannot (a coroutine that awaits itself
 * would contain itself; a callee whose size the caller must not know) the frame is put elsewhere
 * and the parent holds this in its place: one pointer to poll, and how to give the memory back.
 *
 *	frame = mem_alloc(sizeof *frame);
 *	...
 *	co_await(boxed(&f->sub, walk(frame, node->left), walk_free, frame));
 *	f->sum += frame->sum;                   // the outputs are still there
 *	boxed_free(&f->sub);                    // now they are not
 *
 * When is the memory released? Outputs are read after READY, and they are in that memory: released
 * at READY they would be read after they are gone. So an end by itself releases nothing:
 *
 *	LIVE --READY--> DONE, outputs valid --boxed_free--> FREE
 *	  +-------------- future_drop, boxed_free ----------->
 *
 * A parent therefore calls boxed_free in its co_finally, which is right in every state. (A task
 * needs no box: spawn gives each future memory of its own. Boxed there, it would keep it for ever.)
 */
#ifndef WEFT_FUTURE_BOXED_H
#define WEFT_FUTURE_BOXED_H

#include "future/future.h"

struct boxed {
	struct future future;
	struct future *child;          /* owned; lives in `memory` */
	void (*release)(void *memory); /* NULL: there is nothing to release, or it has been */
	void *memory;                  /* owned until released */
};

/*
 * Takes ownership of `child` and of `memory`, in which it lives; `release(memory)` will be called
 * exactly once, by future_drop if it is live, or by boxed_free. A live child is dropped first.
 * `release` may be NULL: memory that needs no release. No heap of its own.
 */
struct future *boxed(struct boxed *b, struct future *child, void (*release)(void *memory),
		     void *memory);

/* Drops the child if it is live, then releases the memory, outputs included. Again, or on a zeroed
 * box: nothing happens. */
void boxed_free(struct boxed *b);

#endif
