/*
 * block_on_spin: the smallest executor that can work.
 *
 * It asks until the answer is READY. Nobody can wake it, for it never sleeps: its waker does
 * nothing. That is all an executor has to be; everything else there is (parking, queues, timers, a
 * reactor) serves to ask less often. Useful to learn from, in tests, and before there is an
 * operating system.
 */
#ifndef WEFT_EXECUTOR_BLOCK_ON_SPIN_H
#define WEFT_EXECUTOR_BLOCK_ON_SPIN_H

#include "future/future.h"

/*
 * Polls `f` on the calling thread, without pause, until it is over. It offers no services: leaves
 * that need a clock or a descriptor complete with -ENOTSUP. A future that never completes never
 * returns.
 */
void block_on_spin(struct future *f);

#endif
