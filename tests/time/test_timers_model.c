/*
 * The timer wheel against a naive model: a list of deadlines, searched from end to end. Random
 * steps, the same for the same seed; steps of time that love the wraps of the hands.
 *
 * The model's rule for the order: by tick; within a tick, first come first served. "Come" is when a
 * timer got its deadline. What was late when it came goes before everything else.
 */
#include "base/rand.h"
#include "time_scene.h"

enum { N_TIMERS = 96, N_STEPS = 1500, N_SEEDS = 24 };

enum is { IDLE, FRESH, ARMED, FIRED };

struct modelled {
	struct timer timer;
	struct t_waker w;
	struct model *m;
	enum is is;
	uint64_t ns;   /* FRESH: how long; ARMED: the deadline */
	uint64_t tick; /* ARMED: by when it is served; 0: it was late already */
	uint64_t seq;
};

struct model {
	struct scene s;
	struct rand rand;
	uint64_t seq, turned; /* the tick of the last turn */
	struct modelled t[N_TIMERS];
	unsigned n_fired;
	struct modelled *fired[N_TIMERS];
};

static const uint64_t LAST_TICK = UINT64_MAX / MS;

static uint64_t now(const struct model *m)
{
	return clock_now_ns(&m->s.clock);
}

static uint64_t below(struct model *m, uint64_t n)
{
	return rand_next(&m->rand) % n;
}

/*
 * A length of time: nothing, a part of a tick, around the slots of every wheel, or more than a
 * clock can show.
 */
static uint64_t some_ns(struct model *m)
{
	uint64_t level = below(m, TIMERS_LEVELS);
	uint64_t ticks = level ? 1ull << (TIMERS_FIRST_BITS + (level - 1) * TIMERS_BITS) : 1;

	switch (below(m, 8)) {
	case 0:
		return below(m, 2);
	case 1:
		return below(m, 3 * MS);
	case 2:
		return clock_ms(below(m, 1100));
	case 3:
		return clock_ms(ticks - 1 + below(m, 3)) + below(m, 3) - 1;
	case 4:
		return clock_ms(below(m, 64 * ticks));
	case 5:
		return clock_ms(ticks * below(m, 66));
	case 6:
		return clock_ms(below(m, 5000));
	default:
		return below(m, 12) ? below(m, 300ull * MS) : UINT64_MAX - below(m, 3);
	}
}

/* --- The model --- */

static void serve(struct model *m, struct modelled *t, uint64_t deadline_ns)
{
	uint64_t tick = deadline_ns / MS + (deadline_ns % MS != 0);

	t->is = ARMED;
	t->ns = deadline_ns;
	t->tick = tick <= m->turned ? 0 : tick;
	t->seq = ++m->seq;
}

static bool is_before(const struct modelled *a, const struct modelled *b)
{
	return a->tick != b->tick ? a->tick < b->tick : a->seq < b->seq;
}

/* Who is next among those that are armed, or fresh; NULL: nobody is. */
static struct modelled *first(struct model *m, enum is is)
{
	struct modelled *best = NULL;

	for (int i = 0; i < N_TIMERS; i++) {
		struct modelled *t = &m->t[i];

		if (t->is == is && (!best || is_before(t, best)))
			best = t;
	}
	return best;
}

static void anchor(struct model *m)
{
	for (struct modelled *t; (t = first(m, FRESH));)
		serve(m, t, clock_add(now(m), t->ns));
}

/* Compares one turn of the wheel, which has just happened, with what the model says of it. */
static void check_turn(struct model *m, size_t n)
{
	unsigned i = 0;

	anchor(m);
	m->turned = now(m) / MS;
	for (struct modelled *t; (t = first(m, ARMED)) && t->tick <= m->turned; i++) {
		CHECK(i < m->n_fired);
		CHECK_PTR(m->fired[i], t);
		CHECK(t->tick == 0 || now(m) >= t->ns);
		CHECK(timer_has_fired(&m->s.timers, &t->timer));
		CHECK_EQ(t_held(&t->w), 0);
		t->is = FIRED;
	}
	CHECK_EQ(m->n_fired, i);
	CHECK_EQ(n, i);
	m->n_fired = 0;
}

/* --- The steps --- */

static void note(void *arg)
{
	struct modelled *t = arg;

	t->m->fired[t->m->n_fired++] = t;
}

static void arm(struct model *m, struct modelled *t)
{
	struct waker w = t_waker_ref(&t->w);
	const struct modelled *other = &m->t[below(m, N_TIMERS)];
	bool is_relative = below(m, 2);
	uint64_t ns = some_ns(m);

	if (!is_relative && other->is == ARMED && below(m, 2))
		ns = other->ns; /* many in one tick, armed from different distances */
	else if (!is_relative)
		ns = below(m, 8) ? clock_add(now(m), ns) : below(m, now(m) + 1);
	if (t->is == IDLE && is_relative)
		timers_arm_after(&m->s.timers, &t->timer, ns, &w);
	else if (t->is == IDLE)
		timers_arm_at(&m->s.timers, &t->timer, ns, &w);
	else if (is_relative)
		timers_rearm_after(&m->s.timers, &t->timer, ns);
	else
		timers_rearm_at(&m->s.timers, &t->timer, ns);
	CHECK(!timers_poll(&m->s.timers, &t->timer, &w)); /* gives it a waker if it had fired */
	if (is_relative) {
		t->is = FRESH;
		t->ns = ns;
		t->tick = 0;
		t->seq = ++m->seq;
	} else {
		serve(m, t, ns);
	}
}

static void cancel(struct model *m, struct modelled *t)
{
	timers_cancel(&m->s.timers, &t->timer);
	CHECK(!timer_has_fired(&m->s.timers, &t->timer));
	CHECK_EQ(t_held(&t->w), 0);
	t->is = IDLE;
}

static void pass(struct model *m, uint64_t ns)
{
	clock_advance_ns(&m->s.clock, ns);
	check_turn(m, timers_turn(&m->s.timers));
}

/* A jump may take several turns, to move the hands; only the last one fires. */
static void jump(struct model *m)
{
	struct modelled *next;
	uint64_t at_ns;

	anchor(m);
	next = first(m, ARMED);
	if (!next || next->tick > LAST_TICK) {
		CHECK(!timers_jump(&m->s.timers));
		CHECK_EQ(m->n_fired, 0);
		return;
	}
	at_ns = next->tick * MS > now(m) ? next->tick * MS : now(m);
	CHECK(timers_jump(&m->s.timers));
	CHECK(now(m) == at_ns);
	check_turn(m, m->n_fired);
}

/* What can be asked at any time. */
static void check_asked(struct model *m)
{
	uint64_t ahead = timers_next_ns(&m->s.timers);
	struct modelled *next = first(m, ARMED);
	size_t n = 0;

	for (int i = 0; i < N_TIMERS; i++)
		n += m->t[i].is == FRESH || (m->t[i].is == ARMED && m->t[i].tick <= LAST_TICK);
	CHECK_EQ(timers_n(&m->s.timers), n);
	if (n == 0)
		CHECK(ahead == UINT64_MAX);
	else if (first(m, FRESH))
		CHECK_EQ(ahead, 0);
	else
		CHECK(now(m) + ahead <= (next->tick * MS > now(m) ? next->tick * MS : now(m)));
}

static void step(struct model *m)
{
	struct modelled *t = &m->t[below(m, N_TIMERS)];

	switch (below(m, 10)) {
	case 0:
		pass(m, below(m, 20) ? below(m, 130 * MS) : some_ns(m) % clock_ms(1ull << 38));
		break;
	case 1:
		pass(m, 0);
		break;
	case 2:
		jump(m);
		break;
	case 3:
	case 4:
		cancel(m, t);
		break;
	default:
		arm(m, t);
	}
	check_asked(m);
}

static void run(uint64_t seed)
{
	static struct model m;

	m = (struct model){ .rand.state = seed };
	scene_begin(&m.s);
	for (int i = 0; i < N_TIMERS; i++) {
		m.t[i].m = &m;
		m.t[i].w.on_wake = note;
		m.t[i].w.arg = &m.t[i];
	}
	clock_advance_ns(&m.s.clock, some_ns(&m) % clock_ms(1ull << 42));
	check_turn(&m, timers_turn(&m.s.timers));
	for (int i = 0; i < N_STEPS; i++)
		step(&m);
	while (timers_n(&m.s.timers) > 0)
		jump(&m);
	for (int i = 0; i < N_TIMERS; i++)
		cancel(&m, &m.t[i]);
	scene_end(&m.s);
}

TEST(timers_model, does_what_a_sorted_list_would_do)
{
	for (uint64_t seed = 1; seed <= N_SEEDS; seed++)
		run(seed);
}
