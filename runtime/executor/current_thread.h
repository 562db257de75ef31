/*
 * current_thread: the runtime on one thread. Internal; programs use executor/runtime.h.
 *
 * One turn of its loop:
 *
 *	  +--> inbox --> poll up to event_interval tasks --> root done? --> return
 *	  |                                                      | no
 *	  |                            tasks waiting in the queue?
 *	  |                        yes |                         | no
 *	  |          look: due timers, |                         | idle: leave the note, sleep in the
 *	  |          ready descriptors |                         | reactor until a descriptor, a timer
 *	  +----------------------------+-------------------------+ or another thread has something
 */
#ifndef WEFT_EXECUTOR_CURRENT_THREAD_H
#define WEFT_EXECUTOR_CURRENT_THREAD_H

#include "executor/executor.h"

struct current_thread {
	struct executor x;   /* first */
	unsigned n_unlooked; /* polls since the last look at descriptors */
	_Atomic bool inside; /* somebody is in runtime_block_on */
};

/* As executor_init. */
int current_thread_build(const struct runtime_builder *options, struct executor **out);

/* The runtime's functions of the same names, where they are about one thread. */
int current_thread_block_on(struct executor *x, struct future *f);
void current_thread_destroy(struct executor *x);
size_t current_thread_n_roots(const struct executor *x);

#endif
