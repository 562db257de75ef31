/*
 * block_on_park: an executor for one future, whose thread sleeps until it is woken.
 *
 * The step from spinning to sleeping is the whole use of a waker. Everything this executor knows is
 * in one 32-bit word, which the thread sleeps on (a futex) and which every waker points to:
 *
 *	bit 0       NOTIFIED: woken since the last poll began. Set by wake, taken by the thread.
 *	bit 1       PARKED: the thread sleeps, or is about to: a wake needs the kernel.
 *	bits 2..31  how many hold a reference: the thread, and each clone of the waker.
 *
 *	  poll it <---------------------------------------------+
 *	     | PENDING                                          |
 *	     v                                                  | taken
 *	  look at the word -- NOTIFIED? ------------------------+
 *	     |        ^
 *	     |        +-- the word has changed, or the kernel woke us
 *	     +-- ours the only reference? --> nobody is left who could wake us: -EDEADLK
 *	     +-- else sleep for as long as the word stays what it is
 *
 * A wake that comes during the poll sets NOTIFIED and so is not lost. The word is on the heap,
 * because a clone may outlive the call.
 */
#ifndef WEFT_EXECUTOR_BLOCK_ON_PARK_H
#define WEFT_EXECUTOR_BLOCK_ON_PARK_H

#include "future/future.h"

/*
 * Drives `f` on the calling thread until it is over; in between the thread sleeps. It may be woken
 * from any thread. It offers no services: leaves that need a clock or a descriptor complete with
 * -ENOTSUP. Returns
 *	0          `f` is over: read its outputs
 *	-ENOMEM    no memory for the word
 *	-EDEADLK   it is pending, and the last clone of its waker is gone: nobody could have it
 *	           polled again; also when called from inside a runtime's task, where it would
 *	           block all the others
 * On error `f` has been dropped.
 */
int block_on_park(struct future *f);

/*
 * The same with the services of a runtime, whose own threads see to them: for a future that must not
 * leave the calling thread. The runtime has workers, or somebody else is inside of it.
 */
int block_on_park_in(struct runtime *rt, struct future *f);

#endif
