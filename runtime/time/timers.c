/* timers: the wheel. See timers.h. */
#include "time/timers.h"

#include "sync/waiter.h"

enum { FRESH = TIMERS_LEVELS * TIMERS_SLOTS, DUE, NONE = 0xffff };

void timers_init(struct timers *ts, struct clock *clock)
{
	*ts = (struct timers){ .clock = clock, .elapsed = clock_now_ns(clock) / TIMERS_TICK_NS };
}

/* --- Lists, under the lock ---------------------------------------------------------------------- */

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
	if (list < FRESH && !l->first)
		ts->occupied[list / TIMERS_SLOTS] &= ~((uint64_t)1 << list % TIMERS_SLOTS);
}

static void count(struct timers *ts, size_t change)
{
	atomic_store_explicit(&ts->n, timers_n(ts) + change, memory_order_relaxed);
}

/* --- The wheel, under the lock ------------------------------------------------------------------ */

static uint64_t tick_of(uint64_t deadline_ns)
{
	return deadline_ns / TIMERS_TICK_NS + (deadline_ns % TIMERS_TICK_NS != 0);
}

/*
 * The lowest level on which the deadline and now are in different slots: the highest bit in which the
 * two differ says so. What lies beyond the top wheel goes to its last slot before the hand, and is
 * looked at again when the hand gets there.
 */
static void place(struct timers *ts, struct timer *t)
{
	uint64_t when = t->when, range = (uint64_t)1 << TIMERS_LEVEL_BITS * TIMERS_LEVELS;
	unsigned level;

	if (when <= ts->elapsed) {
		link_last(ts, DUE, t);
		return;
	}
	if (when - ts->elapsed >= range)
		when = ts->elapsed + range - 1;
	level = (63u - (unsigned)__builtin_clzll((when ^ ts->elapsed) | 1)) / TIMERS_LEVEL_BITS;
	if (level >= TIMERS_LEVELS)
		level = TIMERS_LEVELS - 1;
	link_last(ts, level * TIMERS_SLOTS + (when >> level * TIMERS_LEVEL_BITS) % TIMERS_SLOTS, t);
}

/*
 * The next slot that a hand will reach, and when. The lowest level that is not empty has it, since each
 * of its slots lies within one slot of the level above. A slot at the hand's own place can only be one
 * turn of the top wheel ahead: on lower levels such a timer would lie further down.
 */
static unsigned next_slot(const struct timers *ts, uint64_t *tick)
{
	for (unsigned level = 0; level < TIMERS_LEVELS; level++) {
		unsigned shift = level * TIMERS_LEVEL_BITS;
		unsigned hand = (unsigned)(ts->elapsed >> shift) % TIMERS_SLOTS;
		uint64_t bits = ts->occupied[level];
		unsigned ahead;

		if (!bits)
			continue;
		if (hand)
			bits = bits >> hand | bits << (TIMERS_SLOTS - hand);
		ahead = (unsigned)__builtin_ctzll(bits);
		if (ahead == 0)
			ahead = TIMERS_SLOTS;
		*tick = ((ts->elapsed >> shift) + ahead) << shift;
		return level * TIMERS_SLOTS + (hand + ahead) % TIMERS_SLOTS;
	}
	return NONE;
}

/* Moves the hands to `now`, and all that thereby becomes due to the DUE list, in order. */
static void advance(struct timers *ts, uint64_t now)
{
	uint64_t tick;
	unsigned list;

	while ((list = next_slot(ts, &tick)) != NONE && tick <= now) {
		struct timer_list whole = ts->lists[list];

		ts->elapsed = tick;
		ts->lists[list] = (struct timer_list){ 0 };
		ts->occupied[list / TIMERS_SLOTS] &= ~((uint64_t)1 << list % TIMERS_SLOTS);
		for (struct timer *t = whole.first, *next; t; t = next) {
			next = t->next;
			place(ts, t);
		}
	}
	if (ts->elapsed < now)
		ts->elapsed = now;
}

static void anchor(struct timers *ts, uint64_t now_ns)
{
	for (struct timer *t; (t = ts->lists[FRESH].first);) {
		take_out(ts, t);
		t->when = tick_of(clock_add(now_ns, t->when));
		place(ts, t);
	}
}

/* Under the lock, which is given up and taken again around each batch of wakers. */
static void fire(struct timers *ts)
{
	struct wake_list wakes;

	wakes.n = 0;
	while (ts->lists[DUE].first) {
		for (struct timer *t; !wake_list_is_full(&wakes) && (t = ts->lists[DUE].first);) {
			take_out(ts, t);
			count(ts, -(size_t)1);
			t->has_fired = true;
			wake_list_take(&wakes, &t->waker);
		}
		lock_release(&ts->lock);
		wake_list_fire(&wakes);
		lock_acquire(&ts->lock);
	}
}

void timers_turn(struct timers *ts)
{
	uint64_t now_ns = clock_now_ns(ts->clock);

	lock_acquire(&ts->lock);
	anchor(ts, now_ns);
	advance(ts, now_ns / TIMERS_TICK_NS);
	fire(ts);
	lock_release(&ts->lock);
}

uint64_t timers_next_ns(struct timers *ts)
{
	uint64_t tick, now_ns, at_ns;
	unsigned list;
	bool now;

	lock_acquire(&ts->lock);
	now = ts->lists[FRESH].first || ts->lists[DUE].first;
	list = next_slot(ts, &tick);
	lock_release(&ts->lock);
	if (now)
		return 0;
	if (list == NONE)
		return UINT64_MAX;
	now_ns = clock_now_ns(ts->clock);
	if (__builtin_mul_overflow(tick, (uint64_t)TIMERS_TICK_NS, &at_ns))
		at_ns = UINT64_MAX;
	return at_ns > now_ns ? at_ns - now_ns : 0;
}

bool timers_jump(struct timers *ts)
{
	for (size_t before; (before = timers_n(ts)) > 0;) {
		uint64_t ahead = timers_next_ns(ts);

		clock_advance_ns(ts->clock, ahead);
		timers_turn(ts);
		if (timers_n(ts) < before)
			return true;
	}
	return false;
}

/* --- One timer ---------------------------------------------------------------------------------- */

static void arm(struct timers *ts, struct timer *t, uint64_t ns, bool is_fresh)
{
	t->has_fired = false;
	t->when = is_fresh ? ns : tick_of(ns);
	if (is_fresh)
		link_last(ts, FRESH, t);
	else
		place(ts, t);
	count(ts, 1);
}

static void disarm(struct timers *ts, struct timer *t)
{
	if (t->list) {
		take_out(ts, t);
		count(ts, -(size_t)1);
	}
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
