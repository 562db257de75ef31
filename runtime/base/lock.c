/* lock: the slow path, in which a thread sleeps. See lock.h. */
#define _GNU_SOURCE 1 /* syscall */
#include "base/lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Once we sleep we can no longer know whether others do, so from here on the word says SLEEPERS,
 * and the release that follows wakes one thread too many at worst. FUTEX_WAIT checks the word
 * again in the kernel: a release between the exchange and the call makes it return at once.
 */
void lock__sleep(struct lock *l)
{
	/* acquire: pairs with the release in lock_release */
	while (atomic_exchange_explicit(&l->word, LOCK_SLEEPERS, memory_order_acquire) != LOCK_FREE)
		syscall(SYS_futex, &l->word, FUTEX_WAIT_PRIVATE, LOCK_SLEEPERS, NULL, NULL, 0);
}

void lock__wake(struct lock *l)
{
	syscall(SYS_futex, &l->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
