/* rwlock: a semaphore of which readers take one permit and writers all. See rwlock.h. */
#include "sync/rwlock.h"

#include <errno.h>

static const struct future_ops read_ops =
	FUTURE_OPS("rwlock_read", semaphore__acquire_poll, semaphore__acquire_drop);
static const struct future_ops write_ops =
	FUTURE_OPS("rwlock_write", semaphore__acquire_poll, semaphore__acquire_drop);

int rwlock_init(struct rwlock *l, size_t max_readers)
{
	if (max_readers == 0 || max_readers > RWLOCK_MAX_READERS)
		return -EINVAL;
	semaphore__init_full(&l->semaphore, max_readers);
	l->max_readers = max_readers;
	return 0;
}

struct future *rwlock_read(struct rwlock_read *r, struct rwlock *l)
{
	return semaphore__acquire_as(&read_ops, &r->acquire, &l->semaphore, 1);
}

struct future *rwlock_write(struct rwlock_write *w, struct rwlock *l)
{
	return semaphore__acquire_as(&write_ops, &w->acquire, &l->semaphore, l->max_readers);
}

int rwlock_try_read(struct rwlock *l)
{
	return semaphore_try_acquire(&l->semaphore, 1);
}

int rwlock_try_write(struct rwlock *l)
{
	return semaphore_try_acquire(&l->semaphore, l->max_readers);
}

/* The semaphore refuses to have more permits than there are readers. */
static void give_back(struct rwlock *l, size_t n, const char *who)
{
	if (semaphore_release(&l->semaphore, n))
		bug(who, "it was not locked so", __FILE__, __LINE__);
}

void rwlock_read_unlock(struct rwlock *l)
{
	give_back(l, 1, __func__);
}

void rwlock_write_unlock(struct rwlock *l)
{
	give_back(l, l->max_readers, __func__);
}

void rwlock_downgrade(struct rwlock *l)
{
	give_back(l, l->max_readers - 1, __func__);
}
