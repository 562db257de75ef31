/*
 * epoll: the reactor's driver over epoll.
 *
 * The one idea: everything is edge-triggered, the eventfd of reactor_unpark included. So nothing is
 * ever re-armed and the eventfd is never read: each write to it is an edge of its own.
 */
#define _GNU_SOURCE 1 /* EPOLLRDHUP, struct timespec in sys.h's epoll_pwait2 */
#include "reactor/reactor.h"

#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "future/probe.h"

enum {
	BATCH = 256,       /* events fetched per wait */
	FIRST_N_SLOTS = 16,
};

/* What reactor_unpark's events carry, where those of sources carry generation and slot. */
static const uint64_t UNPARK = UINT64_MAX;

static uint64_t key_of(uint32_t slot, uint32_t generation)
{
	return (uint64_t)generation << 32 | slot;
}

static int watch(int poller, int fd, uint32_t events, uint64_t key)
{
	struct epoll_event event = { .events = events | EPOLLET, .data.u64 = key };

	return sys_ops->epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int reactor_init(struct reactor *r)
{
	int err;

	*r = (struct reactor){ .poller = sys_ops->epoll_create1(EPOLL_CLOEXEC) };
	if (r->poller < 0)
		return -errno;
	r->wakeup = sys_ops->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->wakeup < 0) {
		err = -errno;
		goto close_poller;
	}
	err = watch(r->poller, r->wakeup, EPOLLIN, UNPARK);
	if (err)
		goto close_wakeup;
	return 0;

close_wakeup:
	sys_ops->close(r->wakeup);
close_poller:
	sys_ops->close(r->poller);
	return err;
}

/* A waker may close any other source: so each is parted from completely before its wakers run. */
void reactor_fini(struct reactor *r)
{
	for (uint32_t i = 0; i < r->n_slots; i++) {
		struct waker reader = { 0 }, writer = { 0 };
		struct source *s;

		lock_acquire(&r->lock);
		s = r->slots[i].source;
		if (s) {
			/* As if ready, since a later reactor has to look afresh. */
			source__event(s, SOURCE_READABLE | SOURCE_WRITABLE);
			reader = source__take(s, SOURCE_READER);
			writer = source__take(s, SOURCE_WRITER);
			reactor__detach(r, s, false);
		}
		lock_release(&r->lock);
		waker_wake(&reader);
		waker_wake(&writer);
	}
	sys_ops->close(r->wakeup);
	sys_ops->close(r->poller);
	mem_free(r->slots, r->n_slots * sizeof *r->slots);
	*r = (struct reactor){ .poller = -1, .wakeup = -1 };
}

/* --- Slots --- */

/* Doubles the table; the new slots make up the free list, which was empty. */
static int grow(struct reactor *r)
{
	uint32_t n = r->n_slots ? r->n_slots * 2 : FIRST_N_SLOTS;
	struct reactor_slot *slots = mem_alloc_array(n, sizeof *slots);

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		slots[i] = i < r->n_slots ? r->slots[i]
					  : (struct reactor_slot){ .next_free = i + 1 };
	mem_free(r->slots, r->n_slots * sizeof *r->slots);
	r->free_slot = r->n_slots;
	r->slots = slots;
	r->n_slots = n;
	return 0;
}

static void count_sources(struct reactor *r, int change)
{
	atomic_store_explicit(&r->n_sources, reactor_n_sources(r) + (size_t)change,
			      memory_order_relaxed);
}

int reactor__attach(struct reactor *r, struct source *s)
{
	const uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI;
	struct reactor_slot *slot;
	int err;

	if (r->free_slot >= r->n_slots && (err = grow(r)))
		return err;
	slot = &r->slots[r->free_slot];
	err = watch(r->poller, s->fd, events, key_of(r->free_slot, slot->generation));
	if (err)
		return err;
	s->slot = r->free_slot;
	s->reactor = r;
	slot->source = s;
	r->free_slot = slot->next_free;
	count_sources(r, 1);
	return 0;
}

void reactor__detach(struct reactor *r, struct source *s, bool tell_kernel)
{
	struct reactor_slot *slot = &r->slots[s->slot];

	bug_unless(slot->source == s && reactor_n_sources(r) > 0);
	/* Fails if the descriptor was closed behind our back, which is just as good. */
	if (tell_kernel)
		sys_ops->epoll_ctl(r->poller, EPOLL_CTL_DEL, s->fd, &(struct epoll_event){ 0 });
	slot->source = NULL;
	slot->generation++;
	slot->next_free = r->free_slot;
	r->free_slot = s->slot;
	count_sources(r, -1);
	s->reactor = NULL;
}

/* --- Events --- */

/* The kernel's words in ours. What closes or fails a direction also makes it worth trying. */
static unsigned ready_of(uint32_t events)
{
	unsigned ready = 0;

	if (events & EPOLLIN)
		ready |= SOURCE_READABLE;
	if (events & EPOLLOUT)
		ready |= SOURCE_WRITABLE;
	if (events & EPOLLPRI)
		ready |= SOURCE_READABLE | SOURCE_URGENT;
	if (events & EPOLLRDHUP)
		ready |= SOURCE_READABLE | SOURCE_READ_CLOSED;
	if (events & EPOLLHUP)
		ready |= SOURCE_READABLE | SOURCE_WRITABLE | SOURCE_READ_CLOSED |
			 SOURCE_WRITE_CLOSED;
	if (events & EPOLLERR)
		ready |= SOURCE_READABLE | SOURCE_WRITABLE | SOURCE_ERROR;
	return ready;
}

/* The source that an event is for; NULL: it has left since, or it is reactor_unpark's. */
static struct source *source_of(const struct reactor *r, uint64_t key)
{
	uint32_t slot = (uint32_t)key;

	if (key == UNPARK || slot >= r->n_slots || r->slots[slot].generation != key >> 32)
		return NULL;
	return r->slots[slot].source;
}

/* Under the lock: writes an event down, and moves the wakers that it concerns to `due`. */
static size_t note(struct reactor *r, const struct epoll_event *event, struct waker *due)
{
	struct source *s = source_of(r, event->data.u64);
	unsigned ready = ready_of(event->events);
	size_t n = 0;

	if (!s)
		return 0;
	source__event(s, ready);
	if (ready & SOURCE_READABLE && waker_is_some(&s->waiter[SOURCE_READER].waker))
		due[n++] = source__take(s, SOURCE_READER);
	if (ready & SOURCE_WRITABLE && waker_is_some(&s->waiter[SOURCE_WRITER].waker))
		due[n++] = source__take(s, SOURCE_WRITER);
	return n;
}

/*
 * First everything is written down, then the wakers run: whatever they do to sources, they find the
 * whole truth. A waker here is owned, so it may be called even if its future is dropped by then.
 */
static void handle(struct reactor *r, const struct epoll_event *events, int n)
{
	struct waker due[2 * BATCH];
	size_t n_due = 0;

	lock_acquire(&r->lock);
	for (int i = 0; i < n; i++)
		n_due += note(r, &events[i], &due[n_due]);
	lock_release(&r->lock);
	probe_because("a descriptor");
	for (size_t i = 0; i < n_due; i++)
		waker_wake(&due[i]);
	probe_because(NULL);
}

/*
 * For the two limits that need no nanoseconds, none and nothing, and for kernels without
 * epoll_pwait2. Rounded up: it may be late by a millisecond, but never turns into a busy loop.
 */
static int wait_ms(struct reactor *r, struct epoll_event *events, uint64_t timeout_ns)
{
	uint64_t ms = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
	int limit = timeout_ns == UINT64_MAX ? -1 : ms > INT_MAX ? INT_MAX : (int)ms;

	return sys_ops->epoll_wait(r->poller, events, BATCH, limit);
}

static int fetch(struct reactor *r, struct epoll_event *events, uint64_t timeout_ns)
{
	struct timespec timeout = { .tv_sec = (time_t)(timeout_ns / 1000000000),
				    .tv_nsec = (long)(timeout_ns % 1000000000) };
	int n;

	if (timeout_ns == 0 || timeout_ns == UINT64_MAX || r->lacks_pwait2)
		return wait_ms(r, events, timeout_ns);
	n = sys_ops->epoll_pwait2(r->poller, events, BATCH, &timeout, NULL);
	if (n < 0 && errno == ENOSYS) {
		r->lacks_pwait2 = true;
		return wait_ms(r, events, timeout_ns);
	}
	return n;
}

int reactor_wait(struct reactor *r, uint64_t timeout_ns)
{
	struct epoll_event events[BATCH];
	int n = fetch(r, events, timeout_ns);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	handle(r, events, n);
	return 0;
}

void reactor_unpark(struct reactor *r)
{
	const uint64_t one = 1;
	ssize_t n;

	/* The count is never read, and never full: 2^64 is more than a machine lives to see. */
	do {
		n = sys_ops->write(r->wakeup, &one, sizeof one);
	} while (n < 0 && errno == EINTR);
}
