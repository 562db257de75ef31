/* timers: the wheel. See timers.h. */
#include "time/timers.h"

#include "future/probe.h"
#include "sync/waiter.h"

/* The lists behind those of the slots. */
enum { FRESH = TIMERS_SLOTS, LATE, NEVER };

/* The last tick that a clock can show. */
static const uint64_t LAST_TICK = UINT64_MAX / TIMERS_TICK_NS;
static const uint64_t NO_TICK = UINT64_MAX;

void timers_init(struct timers *ts, struct clock *clock)
{
	*ts = (struct timers){ .clock = clock, .elapsed = clock_now_ns(clock) / TIMERS_TICK_NS };
}

/* --- Lists, under the lock --- */

static void count(struct timers *ts, unsigned list, size_t change)
{
	if (list != NEVER)
		atomic_store_explicit(&ts->n, timers_n(ts) + change, memory_order_relaxed);
}

/* Between `prev` and `next`, which are neighbours; NULL: an end of the list. */
static void link_between(struct timers *ts, unsigned list, struct timer *prev, struct timer *t,
			 struct timer *next)
{
	struct timer_list *l = &ts->lists[list];

	t->list = (uint16_t)(list + 1);
	t->prev = prev;
	t->next = next;
	*(prev ? &prev->next : &l->first) = t;
	*(next ? &next->prev : &l->last) = t;
	count(ts, list, 1);
	if (list < FRESH)
		ts->occupied[list / 64] |= (uint64_t)1 << list % 64;
}

static void link_last(struct timers *ts, unsigned list, struct timer *t)
{
	link_between(ts, list, ts->lists[list].last, t, NULL);
}

static void link_first(struct timers *ts, unsigned list, struct timer *t)
{
	link_between(ts, list, NULL, t, ts->lists[list].first);
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
		ts->occupied[list / 64] &= ~((uint64_t)1 << list % 64);
}

/* --- The wheels, under the lock --- */

static uint64_t tick_of(uint64_t deadline_ns)
{
	return deadline_ns / TIMERS_TICK_NS + (deadline_ns % TIMERS_TICK_NS != 0);
}

/* A slot of this level is 1 << shift ticks. */
static unsigned shift_of(unsigned level)
{
	return level == 0 ? 0 : TIMERS_FIRST_BITS + (level - 1) * TIMERS_BITS;
}

static unsigned n_slots_of(unsigned level)
{
	return 1u << (level == 0 ? TIMERS_FIRST_BITS : TIMERS_BITS);
}

/* The list of the slot in which a level has this tick. */
static unsigned slot_of(unsigned level, uint64_t tick)
{
	unsigned slot = (unsigned)(tick >> shift_of(level)) % n_slots_of(level);

	return level == 0 ? slot : n_slots_of(0) + (level - 1) * n_slots_of(1) + slot;
}

/*
 * The list for a tick that has not been handled yet: on the level whose slots are at most as long
 * as the way there, and its round longer. So the hand has to move before it gets there, and at most
 * once round; and what is due in this very tick lies where the first hand stands, and is fired
 * next.
 */
static unsigned place_of(const struct timers *ts, uint64_t when)
{
	uint64_t way = when - ts->elapsed;
	unsigned level = 0;

	bug_unless(when >= ts->elapsed);
	if (when > LAST_TICK)
		return NEVER;
	if (way >> TIMERS_FIRST_BITS) {
		unsigned highest_bit = 63u - (unsigned)__builtin_clzll(way);

		level = 1 + (highest_bit - TIMERS_FIRST_BITS) / TIMERS_BITS;
	}
	return slot_of(level, when);
}

/*
 * How many slots a hand has to move to the next that is not empty: 1 to `n`, which is once round,
 * to its own; 0: all are empty. The word in which the search begins is looked at again in the end,
 * for what lies before the hand.
 */
static unsigned way_to_next(const uint64_t *occupied, unsigned n, unsigned hand)
{
	unsigned from = (hand + 1) % n, n_words = n / 64;
	uint64_t bits = occupied[from / 64] & ~(uint64_t)0 << from % 64;

	for (unsigned i = 0; i <= n_words; i++) {
		unsigned word = (from / 64 + i) % n_words;

		if (i > 0)
			bits = occupied[word];
		if (bits)
			return (word * 64 + (unsigned)__builtin_ctzll(bits) - from) % n + 1;
	}
	return 0;
}

/* The next tick at which a hand reaches a slot that is not empty, or NO_TICK. */
static uint64_t next_tick(const struct timers *ts)
{
	uint64_t next = NO_TICK;

	for (unsigned level = 0; level < TIMERS_LEVELS; level++) {
		unsigned n = n_slots_of(level), way;
		uint64_t turns = ts->elapsed >> shift_of(level);

		way = way_to_next(&ts->occupied[slot_of(level, 0) / 64], n, (unsigned)turns % n);
		if (way && (turns + way) << shift_of(level) < next)
			next = (turns + way) << shift_of(level);
	}
	return next;
}

/*
 * Backwards and to the front, so that those of one tick stay in order: what was put on a lower
 * level at once was armed later, when less of the way was left. Nothing is put back where it was:
 * all that is in a slot is nearer than that slot is long.
 */
static void move_down(struct timers *ts, unsigned list)
{
	for (struct timer *t; (t = ts->lists[list].last);) {
		take_out(ts, t);
		link_first(ts, place_of(ts, t->when), t);
	}
}

/*
 * Moves the hands to a tick before which nothing is left to do. Lowest first: what comes from the
 * highest level was armed first, and so has to be the last to go to the front.
 */
static void move_to(struct timers *ts, uint64_t tick)
{
	ts->elapsed = tick;
	for (unsigned level = 1; level < TIMERS_LEVELS; level++)
		if (tick % ((uint64_t)1 << shift_of(level)) == 0)
			move_down(ts, slot_of(level, tick));
}

/* What was armed since the last turn gets its place; what was late then is due now. */
static void settle(struct timers *ts, uint64_t now_ns)
{
	for (struct timer *t; (t = ts->lists[LATE].first);) {
		take_out(ts, t);
		link_last(ts, slot_of(0, ts->elapsed), t);
	}
	for (struct timer *t; (t = ts->lists[FRESH].first);) {
		take_out(ts, t);
		t->when = tick_of(clock_add(now_ns, t->when));
		link_last(ts, place_of(ts, t->when), t);
	}
}

/*
 * These timers have long left the cache, and each says where the next one is, so the processor can
 * only wait for one after the other. Walking from both ends at once it waits for two at a time; and
 * what their wakers are about to touch comes along.
 */
static void warm_up(const struct timer_list *l)
{
	const struct timer *a = l->first, *b = l->last;

	for (bool from_front = true; a != b; from_front = !from_front) {
		__builtin_prefetch(from_front ? a->waker.data : b->waker.data, 1);
		if (from_front)
			a = a->next;
		else
			b = b->prev;
	}
}

static struct timer_list *due(struct timers *ts)
{
	return &ts->lists[slot_of(0, ts->elapsed)];
}

/*
 * Fires the slot where the first hand stands. Under the lock, which is given up and taken again
 * around each batch of wakers. Whatever they arm goes elsewhere.
 */
static size_t fire(struct timers *ts)
{
	struct wake_list wakes;
	size_t n = 0;

	warm_up(due(ts));
	wakes.n = 0;
	while (due(ts)->first) {
		for (struct timer *t; (t = due(ts)->first); n++) {
			if (wake_list_is_full(&wakes))
				break;
			take_out(ts, t);
			t->has_fired = true;
			wake_list_take(&wakes, &t->waker);
		}
		lock_release(&ts->lock);
		probe_because("a timer");
		wake_list_fire(&wakes);
		probe_because(NULL);
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
	uint64_t now_ns, now, tick;
	size_t n;

	lock_acquire(&ts->lock);
	ts->plan_ns = 0;
	now_ns = clock_now_ns(ts->clock);
	now = now_ns / TIMERS_TICK_NS;
	settle(ts, now_ns);
	n = fire(ts);
	while ((tick = next_tick(ts)) <= now) {
		move_to(ts, tick);
		n += fire(ts);
	}
	if (ts->elapsed < now)
		ts->elapsed = now;
	lock_release(&ts->lock);
	return n;
}

/* Under the lock: when something is to be done next; 0: now, NO_TICK: never. */
static uint64_t next_deadline(const struct timers *ts)
{
	if (ts->lists[FRESH].first || ts->lists[LATE].first ||
	    ts->lists[slot_of(0, ts->elapsed)].first)
		return 0;
	return next_tick(ts);
}

/* From now until that tick, in nanoseconds. */
static uint64_t until(const struct timers *ts, uint64_t tick)
{
	uint64_t now_ns;

	if (tick == NO_TICK)
		return UINT64_MAX;
	if (tick == 0)
		return 0;
	now_ns = clock_now_ns(ts->clock);
	return tick * TIMERS_TICK_NS > now_ns ? tick * TIMERS_TICK_NS - now_ns : 0;
}

uint64_t timers_next_ns(struct timers *ts)
{
	uint64_t tick;

	lock_acquire(&ts->lock);
	tick = next_deadline(ts);
	lock_release(&ts->lock);
	return until(ts, tick);
}

uint64_t timers_plan_ns(struct timers *ts)
{
	uint64_t tick;

	lock_acquire(&ts->lock);
	tick = next_deadline(ts);
	if (tick > 0)
		ts->plan_ns = tick == NO_TICK ? UINT64_MAX : tick * TIMERS_TICK_NS;
	lock_release(&ts->lock);
	return until(ts, tick);
}

void timers_rise(struct timers *ts)
{
	lock_acquire(&ts->lock);
	ts->plan_ns = 0;
	lock_release(&ts->lock);
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

/* --- One timer --- */

/*
 * Under the lock. True: somebody sleeps beyond this, and is to be hurried when the lock is free; the
 * plan is brought forward, so that he is told once.
 */
static bool arm(struct timers *ts, struct timer *t, uint64_t ns, bool is_fresh)
{
	bool is_planned = ts->plan_ns > 0, is_late;

	if (is_fresh && is_planned) {
		ns = clock_add(clock_now_ns(ts->clock), ns);
		is_fresh = false;
	}
	t->has_fired = false;
	t->when = is_fresh ? ns : tick_of(ns);
	is_late = !is_fresh && t->when <= ts->elapsed;
	link_last(ts, is_fresh ? FRESH : is_late ? LATE : place_of(ts, t->when), t);
	if (!is_planned || ns >= ts->plan_ns)
		return false;
	ts->plan_ns = ns > 0 ? ns : 1;
	return ts->hurry != NULL;
}

static void disarm(struct timers *ts, struct timer *t)
{
	if (t->list)
		take_out(ts, t);
}

/* Armed or not before. */
static void arm_locked(struct timers *ts, struct timer *t, uint64_t ns, bool is_fresh)
{
	bool must_hurry;

	lock_acquire(&ts->lock);
	disarm(ts, t);
	must_hurry = arm(ts, t, ns, is_fresh);
	lock_release(&ts->lock);
	if (must_hurry)
		ts->hurry(ts);
}

void timers_arm_after(struct timers *ts, struct timer *t, uint64_t delay_ns, const struct waker *w)
{
	bug_unless(t->list == 0);
	t->waker = waker_clone(w);
	arm_locked(ts, t, delay_ns, true);
}

void timers_arm_at(struct timers *ts, struct timer *t, uint64_t deadline_ns, const struct waker *w)
{
	bug_unless(t->list == 0);
	t->waker = waker_clone(w);
	arm_locked(ts, t, deadline_ns, false);
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
	arm_locked(ts, t, delay_ns, true);
}

void timers_rearm_at(struct timers *ts, struct timer *t, uint64_t deadline_ns)
{
	arm_locked(ts, t, deadline_ns, false);
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
