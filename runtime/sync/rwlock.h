/*
 * rwlock: many readers or one writer, each of which may hold it across an await.
 *
 * The one idea: it is a semaphore with as many permits as there may be readers. A reader takes one,
 * a writer takes them all. What is fair about it follows from the semaphore's queue: a waiting
 * writer collects the permits of the readers that leave, and a reader that comes later queues
 * behind it. So writers do not starve, and a writer that is cancelled lets the readers behind it in
 * at once.
 *
 *	co_await(rwlock_read(&f->read, &table));
 *	...
 *	rwlock_read_unlock(&table);
 *
 * A reader that asks for a second read lock while it holds one can deadlock, with a writer queued
 * in between: each waits for the other. Usable from any thread.
 *
 *	              write unlock / last read unlock
 *	   FREE <-------------------------------------- READ (1 to max_readers)
 *	    |                                             ^
 *	    +--write--> WRITTEN --downgrade---------------+
 */
#ifndef WEFT_SYNC_RWLOCK_H
#define WEFT_SYNC_RWLOCK_H

#include "sync/semaphore.h"

struct rwlock {
	struct semaphore semaphore;
	size_t max_readers;
};

/* More than anybody needs, when it does not matter how many. */
#define RWLOCK_MAX_READERS SEMAPHORE_MAX

/* Unlocked. 0, or -EINVAL unless `max_readers` is between 1 and RWLOCK_MAX_READERS. */
int rwlock_init(struct rwlock *l, size_t max_readers);

/*
 * Wait for a shared lock (rwlock_read) or the only one (rwlock_write). READY means locked: there is
 * no error. The queue is one, in the order of first polls. Dropping one that waits, or that was
 * handed the lock but was not polled since, lets the next in. The rwlock must outlive them.
 */
struct rwlock_read {
	struct semaphore_acquire acquire;
};
struct rwlock_write {
	struct semaphore_acquire acquire;
};
struct future *rwlock_read(struct rwlock_read *r, struct rwlock *l);
struct future *rwlock_write(struct rwlock_write *w, struct rwlock *l);

/* Lock now or not at all: 0, or -EAGAIN if it is held the other way or others wait. */
int rwlock_try_read(struct rwlock *l);
int rwlock_try_write(struct rwlock *l);

/* Each ends one lock of its kind. Without such a lock it is a bug. */
void rwlock_read_unlock(struct rwlock *l);
void rwlock_write_unlock(struct rwlock *l);

/*
 * Turns the write lock into a read lock, without anybody else writing in between. Readers at the
 * head of the queue come in; a writer at its head goes on waiting.
 */
void rwlock_downgrade(struct rwlock *l);

#endif
