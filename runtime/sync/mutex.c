/* mutex: a semaphore with one permit. See mutex.h. */
#include "sync/mutex.h"

static const struct future_ops lock_ops =
	FUTURE_OPS("mutex_lock", semaphore__acquire_poll, semaphore__acquire_drop);

void mutex_init(struct mutex *m)
{
	semaphore__init_full(&m->semaphore, 1);
}

struct future *mutex_lock(struct mutex_lock *l, struct mutex *m)
{
	return semaphore__acquire_as(&lock_ops, &l->acquire, &m->semaphore, 1);
}

int mutex_try_lock(struct mutex *m)
{
	return semaphore_try_acquire(&m->semaphore, 1);
}

void mutex_unlock(struct mutex *m)
{
	if (semaphore_release(&m->semaphore, 1))
		bug("mutex_unlock", "it was not locked", __FILE__, __LINE__);
}
