/* timers: the wheel. See timers.h. */
#include "time/timers.h"

#include "sync/waiter.h"

enum { FRESH = TIMERS_LEVELS * TIMERS_SLOTS, LATE, DUE, NEVER, NONE };

/* The last tick that a clock can show. */
static const uint64_t LAST_TICK = UINT64_MAX / TIMERS_TICK_NS;

void timers_init(struct timers *ts, struct clock *clock)
{
	*ts = (struct timers){ .clock = clock, .elapsed = clock_now_ns(clock) / TIMERS_TICK_NS };
}

/* --- Lists, under the lock -------------------------------------------------------------------- */

static void count(struct timers *ts, unsigned list, size_t change)
{
	if (list != NEVER)
		atomic_store_explicit(&ts->n, timers_n(ts) + change, memory_order_relaxed);
}

static void link_last(struct timers *ts, unsigned list, struct timer *t)
{
	struct timer_list *l = &ts->lists[list];

	t->list = (uint16_t)(list + 1);
	t->next = NULL;
	t->prev = l->last;
	if (l->last)
		l->last->next = t;
	else
		l->first = t;
	l->last = t;
	count(ts, list, 1);
	if (list < FRESH)
		ts->occupied[list / TIMERS_SLOTS] |= (uint64_t)1 << list % TIMERS_SLOTS;
}

static void take_out(struct timers *ts, struct timer *t)
{
	unsigned list = t->list - 1u;
	struct timer_list *l = &ts->lists[list];

	if (t->prev)
		t->prev->next = t->next;
	else
		l->first = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else
		l->last = t->prev;
	t->next = t->prev = NULL;
	t->list = 0;
	count(ts, list, -(size_t)1);
	if (list < FRESH && !l->first)
		ts->occupied[list / TIMERS_SLOTS] &= ~((uint64_t)1 << list % TIMERS_SLOTS);
}

/* --- The wheel, under the lock ---------------------------------------------------------------- */

static uint64_t tick_of(uint64_t deadline_ns)
{
	return deadline_ns / TIMERS_TICK_NS + (deadline_ns % TIMERS_TICK_NS != 0);
}

/* The list for what is not due yet; `when` must lie ahead. */
static unsigned slot_of(const struct timers *ts, uint64_t when)
{
	const uint64_t range = (uint64_t)1 << TIMERS_LEVEL_BITS * TIMERS_LEVELS;
	unsigned level;

	if (when > LAST_TICK)
		return NEVER;
	if (when - ts->elapsed >= range)
		when = ts->elapsed + range - 1;
	/*
	 * The highest bit in which the two differ is one of the lowest wheel that tells them apart.
	 */
	level = (63u - (unsigned)__builtin_clzll(when ^ ts->elapsed)) / TIMERS_LEVEL_BITS;
	if (level >= TIMERS_LEVELS)
		level = TIMERS_LEVELS - 1;
	return level * TIMERS_SLOTS + (when >> level * TIMERS_LEVEL_BITS) % TIMERS_SLOTS;
}

static void place(struct timers *ts, struct timer *t, unsigned passed)
{
	link_last(ts, t->when <= ts->elapsed ? passed : slot_of(ts, t->when), t);
}

/*
 * The next slot that a hand will reach, and when. The lowest level that is not empty has it, since
 * all of it lies within the slot in which the hand above stands. A hand looks once round, from the
 * slot before it to its own, which comes last: what lies there is a whole turn away, beyond the top
 * wheel.
 */
static unsigned next_slot(const struct timers *ts, uint64_t *tick)
{
	for (unsigned level = 0; level < TIMERS_LEVELS; level++) {
		uint64_t turns = (ts->elapsed >> level * TIMERS_LEVEL_BITS) + 1;
		uint64_t bits = ts->occupied[level];
		unsigned from = (unsigned)turns % TIMERS_SLOTS;

		if (!bits)
			continue;
		bits = bits >> from | bits << (TIMERS_SLOTS - from) % TIMERS_SLOTS;
		turns += (unsigned)__builtin_ctzll(bits);
		*tick = turns << level * TIMERS_LEVEL_BITS;
		return level * TIMERS_SLOTS + (unsigned)turns % TIMERS_SLOTS;
	}
	return NONE;
}

/*
 * To lower levels, or to what is due. Nothing is put back where it was, and so this ends: seen from
 * the beginning of a slot, all that is in it lies on a lower level, or on the top wheel in another
 * slot.
 */
static void empty(struct timers *ts, unsigned list)
{
	for (struct timer *t; (t = ts->lists[list].first);) {
		take_out(ts, t);
		place(ts, t, DUE);
	}
}

static void anchor(struct timers *ts, uint64_t now_ns)
{
	for (struct timer *t; (t = ts->lists[FRESH].first);) {
		take_out(ts, t);
		t->when = tick_of(clock_add(now_ns, t->when));
		place(ts, t, DUE);
	}
}

/* Moves the hands to `now`, and all that thereby becomes due to the DUE list, in order. */
static void advance(struct timers *ts, uint64_t now)
{
	uint64_t tick;
	unsigned list;

	while ((list = next_slot(ts, &tick)) != NONE && tick <= now) {
		ts->elapsed = tick;
		empty(ts, list);
	}
	if (ts->elapsed < now)
		ts->elapsed = now;
}

/* Under the lock, which is given up and taken again around each batch of wakers. */
static size_t fire(struct timers *ts)
{
	struct wake_list wakes;
	size_t n = 0;

	wakes.n = 0;
	while (ts->lists[DUE].first) {
		for (struct timer *t; (t = ts->lists[DUE].first); n++) {
			if (wake_list_is_full(&wakes))
				break;
			take_out(ts, t);
			t->has_fired = true;
			wake_list_take(&wakes, &t->waker);
		}
		lock_release(&ts->lock);
		wake_list_fire(&wakes);
		lock_acquire(&ts->lock);
	}
	return n;
}

/*
 * The clock is read under the lock, or a timer that another thread arms between the reading and the
 * lock would be anchored in the past, and so be early. (No call-out: it comes back in 20 ns.)
 */
size_t timers_turn(struct timers *ts)
{
	uint64_t now_ns;
	size_t n;

	lock_acquire(&ts->lock);
	now_ns = clock_now_ns(ts->clock);
	empty(ts, LATE);
	anchor(ts, now_ns);
	advance(ts, now_ns / TIMERS_TICK_NS);
	n = fire(ts);
	lock_release(&ts->lock);
	return n;
}

uint64_t timers_next_ns(struct timers *ts)
{
	uint64_t tick = 0, now_ns;
	unsigned list;

	lock_acquire(&ts->lock);
	list = next_slot(ts, &tick);
	if (ts->lists[FRESH].first || ts->lists[LATE].first || ts->lists[DUE].first)
		list = FRESH;
	lock_release(&ts->lock);
	if (list == NONE)
		return UINT64_MAX;
	if (list == FRESH)
		return 0;
	now_ns = clock_now_ns(ts->clock);
	return tick * TIMERS_TICK_NS > now_ns ? tick * TIMERS_TICK_NS - now_ns : 0;
}

/* Each round fires something, or anchors what is fresh, or moves a hand. */
bool timers_jump(struct timers *ts)
{
	while (timers_n(ts) > 0) {
		clock_advance_ns(ts->clock, timers_next_ns(ts));
		if (timers_turn(ts) > 0)
			return true;
	}
	return false;
}

/* --- One timer -------------------------------------------------------------------------------- */

static void arm(struct timers *ts, struct timer *t, uint64_t ns, bool is_fresh)
{
	t->has_fired = false;
	t->when = is_fresh ? ns : tick_of(ns);
	if (is_fresh)
		link_last(ts, FRESH, t);
	else
		place(ts, t, LATE);
}

static void disarm(struct timers *ts, struct timer *t)
{
	if (t->list)
		take_out(ts, t);
}

void timers_arm_after(struct timers *ts, struct timer *t, uint64_t delay_ns, const struct waker *w)
{
	bug_unless(t->list == 0);
	t->waker = waker_clone(w);
	lock_acquire(&ts->lock);
	arm(ts, t, delay_ns, true);
	lock_release(&ts->lock);
}

void timers_arm_at(struct timers *ts, struct timer *t, uint64_t deadline_ns, const struct waker *w)
{
	bug_unless(t->list == 0);
	t->waker = waker_clone(w);
	lock_acquire(&ts->lock);
	arm(ts, t, deadline_ns, false);
	lock_release(&ts->lock);
}

bool timer_has_fired(struct timers *ts, struct timer *t)
{
	bool has_fired;

	lock_acquire(&ts->lock);
	has_fired = t->has_fired;
	lock_release(&ts->lock);
	return has_fired;
}

static bool must_refresh(struct timers *ts, struct timer *t, const struct waker *w, bool *has_fired)
{
	bool must;

	lock_acquire(&ts->lock);
	*has_fired = t->has_fired;
	must = t->list != 0 && !waker_will_wake(&t->waker, w);
	lock_release(&ts->lock);
	return must;
}

bool timers_poll(struct timers *ts, struct timer *t, const struct waker *w)
{
	bool has_fired;

	if (must_refresh(ts, t, w, &has_fired)) {
		struct waker other = waker_clone(w);

		lock_acquire(&ts->lock);
		has_fired = t->has_fired;
		if (!has_fired) {
			struct waker stale = t->waker;

			t->waker = other;
			other = stale;
		}
		lock_release(&ts->lock);
		waker_drop(&other);
	}
	return has_fired;
}

void timers_rearm_after(struct timers *ts, struct timer *t, uint64_t delay_ns)
{
	lock_acquire(&ts->lock);
	disarm(ts, t);
	arm(ts, t, delay_ns, true);
	lock_release(&ts->lock);
}

void timers_rearm_at(struct timers *ts, struct timer *t, uint64_t deadline_ns)
{
	lock_acquire(&ts->lock);
	disarm(ts, t);
	arm(ts, t, deadline_ns, false);
	lock_release(&ts->lock);
}

void timers_cancel(struct timers *ts, struct timer *t)
{
	struct waker stale;

	lock_acquire(&ts->lock);
	disarm(ts, t);
	t->has_fired = false;
	stale = waker_take(&t->waker);
	lock_release(&ts->lock);
	waker_drop(&stale);
}
