/* block_on_park: see block_on_park.h. */
#define _GNU_SOURCE 1 /* syscall */
#include "executor/block_on_park.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "executor/runtime.h"

enum { NOTIFIED = 1, PARKED = 2, ONE_REF = 4 };

struct parker {
	_Atomic unsigned word; /* see block_on_park.h */
};

/* Only the address goes to the kernel, which does not read it: the parker may be gone already. */
static void wake_thread(struct parker *p)
{
	syscall(SYS_futex, &p->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void parker_wake_by_ref(void *data)
{
	struct parker *p = data;
	unsigned before;

	probe_wake(p);
	/* release: pairs with the acquire in park; what we did so far is seen by the poll */
	before = atomic_fetch_or_explicit(&p->word, NOTIFIED, memory_order_release);

	if ((before & (NOTIFIED | PARKED)) == PARKED)
		wake_thread(p);
}

/*
 * Giving up the last clone without a wake must be noticed, too: a thread that sleeps would sleep
 * for ever. If a notification is there already, the thread is up, or about to be.
 */
static void parker_drop(void *data)
{
	struct parker *p = data;
	/* release: pairs with the acquire in park; acquire: with other drops, before the free */
	unsigned before = atomic_fetch_sub_explicit(&p->word, ONE_REF, memory_order_acq_rel);

	if (before / ONE_REF == 1)
		mem_free(p, sizeof *p);
	else if (before / ONE_REF == 2 && (before & (NOTIFIED | PARKED)) == PARKED)
		wake_thread(p);
}

static void parker_wake(void *data)
{
	parker_wake_by_ref(data);
	parker_drop(data);
}

static struct waker parker_clone(void *data);

static const struct waker_vtable parker_vtable = { .clone = parker_clone,
						   .wake = parker_wake,
						   .wake_by_ref = parker_wake_by_ref,
						   .drop = parker_drop };

/* Relaxed: whoever clones has a reference, so the parker cannot go away meanwhile. */
static struct waker parker_clone(void *data)
{
	struct parker *p = data;

	atomic_fetch_add_explicit(&p->word, ONE_REF, memory_order_relaxed);
	return (struct waker){ &parker_vtable, p };
}

/*
 * Sleeps until notified, and takes the notification; or 0 without sleeping if one is there.
 * -EDEADLK if nobody is left to give one. The word holds both answers, so there is no order in
 * which a last "wake, then drop" could be taken for a drop alone.
 */
static int park(struct parker *p)
{
	for (;;) {
		/* acquire: pairs with the releases in parker_wake_by_ref and parker_drop */
		unsigned seen = atomic_load_explicit(&p->word, memory_order_acquire);

		if (seen & NOTIFIED) {
			/* acquire: a wake that came in since is taken here, too */
			atomic_fetch_and_explicit(&p->word, ~(unsigned)(NOTIFIED | PARKED),
						  memory_order_acquire);
			probe_arrive(p);
			return 0;
		}
		if (seen / ONE_REF == 1)
			return -EDEADLK;
		if (seen & PARKED) /* returns at once if the word is no longer `seen` */
			syscall(SYS_futex, &p->word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
		else /* relaxed: only says that we are about to sleep; the kernel looks again */
			atomic_compare_exchange_strong_explicit(&p->word, &seen, seen | PARKED,
								memory_order_relaxed,
								memory_order_relaxed);
	}
}

static int drive(struct runtime *rt, struct future *f, struct parker *p)
{
	struct waker waker = { &parker_vtable, p };
	struct context cx = context_of(&waker);
	int err = 0;

	cx.rt = rt;

	while (err == 0 && future_poll(f, &cx) == POLL_PENDING) {
		probe_park();
		err = park(p);
	}
	return err;
}

int block_on_park_in(struct runtime *rt, struct future *f)
{
	struct parker *p = NULL;
	int err;

	if (runtime_current()) {
		err = -EDEADLK;
		goto out;
	}
	p = mem_alloc(sizeof *p);
	if (!p) {
		err = -ENOMEM;
		goto out;
	}
	atomic_init(&p->word, ONE_REF);
	err = drive(rt, f, p);
out:
	future_drop(f);
	if (p)
		parker_drop(p);
	return err;
}

int block_on_park(struct future *f)
{
	return block_on_park_in(NULL, f);
}
