/* idle: the edges of the picture in idle.h. */
#define _GNU_SOURCE 1 /* syscall */
#include "executor/idle.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "reactor/reactor.h"

void idle_init(struct idle *idle, struct reactor *reactor, unsigned n_workers)
{
	*idle = (struct idle){ .reactor = reactor, .n_running = n_workers };
}

/* --- The list and the counts, under the lock --- */

static void add(struct idle *idle, struct rest *r)
{
	r->is_resting = true;
	r->prev = NULL;
	r->next = idle->first;
	if (r->next)
		r->next->prev = r;
	idle->first = r;
}

static void remove_from(struct idle *idle, struct rest *r)
{
	r->is_resting = false;
	if (r->prev)
		r->prev->next = r->next;
	else
		idle->first = r->next;
	if (r->next)
		r->next->prev = r->prev;
	r->next = r->prev = NULL;
}

static void set_watching(struct idle *idle, struct rest *r, bool is_watching)
{
	idle->n_watching += (unsigned)is_watching - (unsigned)r->is_watching;
	r->is_watching = is_watching;
}

/* The reactor is for whoever lies down next. */
static void leave_reactor(struct idle *idle, struct rest *r)
{
	if (r->is_in_reactor) {
		r->is_in_reactor = false;
		lock_release(&idle->driver);
	}
}

/* --- Telling somebody, without the lock --- */

/* How he sleeps, as it was under the lock; if he is up by now he will look at the lock anyway. */
struct call {
	struct rest *whom; /* NULL: nobody */
	bool is_in_reactor;
};

static struct call call_to(struct rest *r)
{
	return (struct call){ r, r && r->is_in_reactor };
}

static void send(struct idle *idle, struct call c)
{
	if (!c.whom)
		return;
	if (c.is_in_reactor) {
		reactor_unpark(idle->reactor);
		return;
	}
	/* release: pairs with the acquire in idle_sleep */
	atomic_store_explicit(&c.whom->word, 1, memory_order_release);
	syscall(SYS_futex, &c.whom->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void idle_sleep(struct rest *r, uint64_t limit_ns)
{
	struct timespec limit = { .tv_sec = (time_t)(limit_ns / 1000000000),
				  .tv_nsec = (long)(limit_ns % 1000000000) };

	/* acquire: pairs with the release in send. The kernel looks again, so no call is missed. */
	if (atomic_load_explicit(&r->word, memory_order_acquire) == 0)
		syscall(SYS_futex, &r->word, FUTEX_WAIT_PRIVATE, 0,
			limit_ns == UINT64_MAX ? NULL : &limit, NULL, 0);
}

/* --- The edges --- */

bool idle_rest(struct idle *idle, struct rest *r, const _Atomic unsigned *n_injected)
{
	bool may_rest;

	lock_acquire(&idle->lock);
	/* relaxed: whoever injects does so before he takes this lock */
	may_rest = !idle_is_over(idle) && atomic_load_explicit(n_injected, memory_order_relaxed) == 0;
	if (may_rest) {
		bool somebody_runs;

		if (r->is_watching)
			idle->n_searching--;
		else
			idle->n_running--;
		somebody_runs = idle->n_running > 0;
		set_watching(idle, r, somebody_runs && (r->is_watching || idle->n_watching == 0));
		add(idle, r);
		r->is_in_reactor = lock_try(&idle->driver);
		atomic_store_explicit(&r->word, 0, memory_order_relaxed);
	}
	lock_release(&idle->lock);
	return may_rest;
}

enum idle_next idle_what_next(struct idle *idle, struct rest *r, bool has_napped)
{
	enum idle_next next = IDLE_SLEEP;

	lock_acquire(&idle->lock);
	if (r->is_resting && r->is_watching && has_napped) {
		remove_from(idle, r);
		idle->n_searching++;
	}
	if (!r->is_resting) {
		leave_reactor(idle, r);
		next = IDLE_SEARCH;
	} else {
		next = r->is_watching ? IDLE_NAP : IDLE_SLEEP;
		atomic_store_explicit(&r->word, 0, memory_order_relaxed);
	}
	lock_release(&idle->lock);
	return next;
}

/* If he was the one who watched, another takes his place, should anybody else run. */
void idle_found(struct idle *idle, struct rest *r)
{
	struct call c = { 0 };

	lock_acquire(&idle->lock);
	if (r->is_resting)
		remove_from(idle, r);
	else if (r->is_watching)
		idle->n_searching--;
	else
		idle->n_running--; /* he has run all the time */
	leave_reactor(idle, r);
	set_watching(idle, r, false);
	idle->n_running++;
	if (idle->n_watching == 0 && idle->n_running > 1 && idle->first) {
		set_watching(idle, idle->first, true);
		c = call_to(idle->first);
	}
	lock_release(&idle->lock);
	send(idle, c);
}

void idle_watch(struct idle *idle)
{
	struct call c = { 0 };

	lock_acquire(&idle->lock);
	if (idle->n_watching == 0 && idle->first) {
		set_watching(idle, idle->first, true);
		c = call_to(idle->first);
	}
	lock_release(&idle->lock);
	send(idle, c);
}

/* Somebody who searches will find it: he looks at the injection queue before he rests. */
void idle_call(struct idle *idle)
{
	struct call c = { 0 };

	lock_acquire(&idle->lock);
	if (idle->first && idle->n_searching == 0) {
		struct rest *r = idle->first;

		if (idle->n_running == 0) {
			c = call_to(r);
			set_watching(idle, r, true);
			remove_from(idle, r);
			idle->n_searching++;
		} else if (idle->n_watching == 0) {
			c = call_to(r);
			set_watching(idle, r, true);
		}
	}
	lock_release(&idle->lock);
	send(idle, c);
}

bool idle_hold_if_silent(struct idle *idle)
{
	lock_acquire(&idle->lock);
	if (idle->n_running == 0 && idle->n_watching == 0)
		return true;
	lock_release(&idle->lock);
	return false;
}

void idle_let_go(struct idle *idle)
{
	lock_release(&idle->lock);
}

void idle_end(struct idle *idle)
{
	lock_acquire(&idle->lock);
	atomic_store_explicit(&idle->is_over, true, memory_order_relaxed);
	while (idle->first) {
		struct rest *r = idle->first;
		struct call c = call_to(r);

		set_watching(idle, r, true);
		remove_from(idle, r);
		idle->n_searching++;
		lock_release(&idle->lock);
		send(idle, c);
		lock_acquire(&idle->lock);
	}
	lock_release(&idle->lock);
}
