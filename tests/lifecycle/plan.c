/* plan: see plan.h. */
#include "lifecycle/plan.h"

#include <stdio.h>

static unsigned digit(unsigned *i, unsigned n)
{
	unsigned d = *i % n;

	*i /= n;
	return d;
}

bool plan_nth(struct plan *p, unsigned i)
{
	p->size = digit(&i, LARGE + 1);
	p->spawn_by = digit(&i, OUTSIDE + 1);
	p->act_by = digit(&i, OUTSIDE + 1);
	p->poll = digit(&i, WAITS + 1);
	p->wake = digit(&i, KEPT_BEYOND + 1);
	p->abort = digit(&i, AFTER_END + 1);
	p->join = digit(&i, JOIN_LEAVES + 1);
	p->handle = digit(&i, HANDLE_BEYOND + 1);
	p->end = digit(&i, END_WHILE_QUEUED + 1);
	return i == 0;
}

static bool wakes(const struct plan *p)
{
	return p->wake != NO_WAKER && p->wake != DROPPED;
}

/* --- What makes sense --- */

/* Who ends by himself leaves no time for anything before that: whoever wakes him may come too late. */
static bool is_short_life(const struct plan *p)
{
	return p->abort != WHILE_IDLE && p->abort != WHILE_QUEUED && p->end == END_AFTER;
}

/* Who waits comes to an end by a wake, by an abort or by the runtime's end. */
static bool is_long_life(const struct plan *p)
{
	if (p->abort == WHILE_QUEUED && !wakes(p))
		return false;
	switch (p->end) {
	case END_AFTER:
		return wakes(p) || (p->abort != NO_ABORT && p->abort != AFTER_END);
	case END_BEFORE_POLL:
		return p->wake == NO_WAKER && (p->abort == NO_ABORT || p->abort == BEFORE_POLL);
	case END_WHILE_IDLE:
		return p->abort == NO_ABORT && (!wakes(p) || p->wake == KEPT_BEYOND);
	case END_WHILE_QUEUED:
		return wakes(p) && (p->abort == NO_ABORT || p->abort == WHILE_QUEUED);
	}
	return false;
}

/* A join borrows the handle, also while the runtime goes. */
static bool is_join_possible(const struct plan *p)
{
	return p->join == NO_JOIN || p->handle == HANDLE_BEYOND ||
	       (p->handle == HANDLE_LAST && p->end == END_AFTER);
}

/* Else INSIDE and OUTSIDE are the same. */
static bool is_anything_done(const struct plan *p)
{
	return p->wake != NO_WAKER || (p->abort != NO_ABORT && p->abort != IN_POLL) ||
	       p->join == JOIN_EARLY || p->join == JOIN_LEAVES;
}

bool plan_is_valid(const struct plan *p, unsigned n_workers)
{
	if (p->abort == BEFORE_POLL && p->wake != NO_WAKER)
		return false;
	if (n_workers == 0 && p->abort == BEFORE_POLL && p->spawn_by == OUTSIDE && p->act_by == INSIDE)
		return false;
	if (p->act_by == INSIDE && !is_anything_done(p))
		return false;
	return is_join_possible(p) && (p->poll == WAITS ? is_long_life(p) : is_short_life(p));
}

/* --- What has to come out --- */

bool plan_is_woken(const struct plan *p)
{
	return wakes(p) && (p->end == END_AFTER || p->end == END_WHILE_QUEUED);
}

static bool is_left_alone(const struct plan *p)
{
	return p->end == END_AFTER && (p->abort == NO_ABORT || p->abort == AFTER_END);
}

struct plan_outcome plan_outcome(const struct plan *p)
{
	bool is_never_polled = p->abort == BEFORE_POLL || p->end == END_BEFORE_POLL;

	if (is_never_polled)
		return (struct plan_outcome){ false, 0 };
	if (p->poll == AT_ONCE) /* also if it aborts itself: it is ready all the same */
		return (struct plan_outcome){ true, 1 };
	if (is_left_alone(p))
		return (struct plan_outcome){ true, 2 };
	return (struct plan_outcome){ false, 1 };
}

/* --- In words --- */

void plan_say(const struct plan *p, char *text, size_t len)
{
	static const char *const size[] = { "small", "large" };
	static const char *const by[] = { "inside", "outside" };
	static const char *const poll[] = { "is ready at once", "yields", "waits" };
	static const char *const wake[] = { "nobody", "by_ref", "consumed", "twice", "dropped", "kept" };
	static const char *const abort[] = { "never", "before its poll", "in its poll", "while idle",
					     "while queued", "when done" };
	static const char *const join[] = { "never", "early", "late", "and left" };
	static const char *const handle[] = { "first", "last", "beyond the runtime" };
	static const char *const end[] = { "after its end", "before its poll", "while it is idle",
					   "while it is queued" };

	snprintf(text, len,
		 "%s, spawned %s, %s; waker: %s; aborted %s; joined %s; done %s; detached %s; runtime ends %s",
		 size[p->size], by[p->spawn_by], poll[p->poll], wake[p->wake], abort[p->abort], join[p->join],
		 by[p->act_by], handle[p->handle], end[p->end]);
}
