/*
 * A runtime with a virtual clock: time passes when nothing else can, and then exactly as far as
 * needed.
 */
#define _GNU_SOURCE 1 /* open_memstream */
#include "t.h"
#include "t_runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "future/co.h"
#include "future/fuse.h"
#include "time/delay.h"
#include "time/interval.h"
#include "time/timeout.h"

static const uint64_t YEAR_MS = 365ull * 86400 * 1000;

/* --- Delays in tasks --- */

/* Sleeps for each of `n` lengths and writes down when it woke up. */
struct sleeper {
	struct co co;
	struct delay nap;
	const uint64_t *ms;
	uint64_t *woke_ms;
	int n, i;
};

static enum poll sleeper_run(struct co *co, struct context *cx)
{
	struct sleeper *const f = co_frame(co, struct sleeper);

	co_begin(co);
	for (f->i = 0; f->i < f->n; f->i++) {
		co_await(delay(&f->nap, f->ms[f->i]));
		f->woke_ms[f->i] = timers_now_ns(cx->rt->timers) / 1000000;
	}
	co_end;
}

static struct future *sleeper(struct sleeper *f, const uint64_t *ms, uint64_t *woke_ms, int n)
{
	*f = (struct sleeper){ .co = co_init(sleeper_run), .ms = ms, .woke_ms = woke_ms, .n = n };
	return &f->co.future;
}

static uint64_t now_ms(const struct runtime *rt)
{
	return timers_now_ns(rt->timers) / 1000000;
}

/* BEH time_pause::pause_time_in_main */
/* BEH time_pause::pause_time_in_task */
TEST(virtual_time, jumps_to_each_deadline_in_root_and_tasks_alike)
{
	static const uint64_t root_ms[] = { 100, 5 }, task_ms[] = { 1, 70, 5000 };
	uint64_t root_woke[2], task_woke[3];
	struct runtime *rt = t_runtime_virtual();
	struct sleeper root;
	struct task *t = spawn(rt, sleeper, task_ms, task_woke, 3);

	CHECK_EQ(now_ms(rt), 0);
	CHECK_EQ(runtime_block_on(rt, sleeper(&root, root_ms, root_woke, 2)), 0);
	CHECK_EQ(root_woke[0], 100);
	CHECK_EQ(root_woke[1], 105);
	CHECK_EQ(task_woke[0], 1);
	CHECK_EQ(task_woke[1], 71);
	CHECK(!task_is_done(t));
	CHECK_EQ(now_ms(rt), 105); /* and no further, though a timer is armed */
	CHECK_EQ(runtime_block_on(rt, sleeper(&root, task_ms + 2, root_woke, 1)), 0);
	CHECK(task_is_done(t));
	CHECK_EQ(task_woke[2], 5071);
	CHECK_EQ(now_ms(rt), 5105);
	task_detach(t);
	runtime_destroy(rt);
}

/* BEH time_sleep::multi_long_sleeps */
TEST(virtual_time, of_years_takes_none)
{
	const uint64_t ms[] = { YEAR_MS, YEAR_MS, YEAR_MS, YEAR_MS, YEAR_MS, 10 * YEAR_MS };
	struct runtime *rt = t_runtime_virtual();
	struct sleeper root;
	uint64_t woke[6];

	CHECK_EQ(runtime_block_on(rt, sleeper(&root, ms, woke, 6)), 0);
	CHECK_EQ(woke[4], 5 * YEAR_MS);
	CHECK_EQ(woke[5], 15 * YEAR_MS);
	runtime_destroy(rt);
}

TEST(virtual_time, does_not_jump_to_never)
{
	struct runtime *rt = t_runtime_virtual();
	struct timeout limit;
	struct delay never;

	CHECK_EQ(runtime_block_on(rt, timeout(&limit, 1000, delay(&never, UINT64_MAX))), 0);
	CHECK(limit.expired);
	CHECK_EQ(now_ms(rt), 1000);
	runtime_destroy(rt);
}

/* With other threads about nothing is proved, since one of them might reset the delay. */
TEST(virtual_time, a_runtime_that_only_waits_for_never_is_deadlocked_if_there_is_but_one_thread)
{
	static const uint64_t never_ms[] = { UINT64_MAX };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct runtime_builder builder = { .virtual_time = true, .diagnostics = out };
	struct runtime *rt;
	struct sleeper root;
	uint64_t woke;

	CHECK_EQ(runtime_build(&builder, &rt), 0);
	if (lock_alone()) { /* under Criterion it is not */
		CHECK_EQ(runtime_block_on(rt, sleeper(&root, never_ms, &woke, 1)), -EDEADLK);
		CHECK_EQ(now_ms(rt), 0);
		fflush(out);
		CHECK(strstr(text, "awaits delay(&f->nap, f->ms[f->i])"));
	}
	runtime_destroy(rt);
	fclose(out);
	free(text);
}

enum { N_TASKS = 100, N_NAPS = 100 };

/* When each of 100 tasks woke from each of 100 random naps. */
static void timeline(uint64_t seed, uint64_t *woke_ms)
{
	static uint64_t ms[N_TASKS * N_NAPS];
	const uint64_t all_ms[] = { 1000 * N_NAPS };
	struct runtime_builder builder = { .virtual_time = true, .seed = seed };
	struct runtime *rt;
	struct sleeper root;
	uint64_t woke;

	CHECK_EQ(runtime_build(&builder, &rt), 0);
	for (int i = 0; i < N_TASKS * N_NAPS; i++)
		ms[i] = runtime_random(rt) % 1000;
	for (int i = 0; i < N_TASKS; i++)
		task_detach(spawn(rt, sleeper, ms + i * N_NAPS, woke_ms + i * N_NAPS, N_NAPS));
	CHECK_EQ(runtime_block_on(rt, sleeper(&root, all_ms, &woke, 1)), 0);
	CHECK_EQ(runtime_n_tasks(rt), 0);
	for (int i = 0; i < N_TASKS * N_NAPS; i++)
		CHECK_EQ(woke_ms[i], ms[i] + (i % N_NAPS ? woke_ms[i - 1] : 0));
	runtime_destroy(rt);
}

/* BEH time_pause::paused_time_is_deterministic */
TEST(virtual_time, ten_thousand_random_sleeps_go_the_same_way_twice)
{
	static uint64_t once[N_TASKS * N_NAPS], twice[N_TASKS * N_NAPS];

	timeline(42, once);
	timeline(42, twice);
	CHECK(memcmp(once, twice, sizeof once) == 0);
}

/* --- Advancing by hand --- */

/* Sleeps and advances in one task. */
struct driver {
	struct co co;
	struct delay nap;
	bool polls_first;
	enum poll early, late;
	uint64_t at_ms;
};

static enum poll driver_run(struct co *co, struct context *cx)
{
	struct driver *const f = co_frame(co, struct driver);

	co_begin(co);
	delay_until(&f->nap, 300 * 1000000);
	if (f->polls_first)
		future_poll(&f->nap.future, cx);
	runtime_advance_ms(cx->rt, 200);
	f->early = future_poll(&f->nap.future, cx);
	runtime_advance_ms(cx->rt, 100);
	f->late = future_poll(&f->nap.future, cx);
	f->at_ms = now_ms(cx->rt);
	co_finally {
		future_drop(&f->nap.future);
	}
	co_end;
}

static void drive(bool polls_first)
{
	struct driver f = { .co = co_init(driver_run), .polls_first = polls_first };
	struct runtime *rt = t_runtime_virtual();

	CHECK_EQ(runtime_block_on(rt, &f.co.future), 0);
	CHECK_EQ(f.early, POLL_PENDING);
	CHECK_EQ(f.late, POLL_READY);
	CHECK_EQ(f.at_ms, 300);
	runtime_destroy(rt);
}

/* BEH time_pause::sleep_same_task */
TEST(virtual_time, can_be_advanced_by_the_task_that_sleeps)
{
	drive(true);
}

/* BEH time_pause::sleep_same_task_no_poll */
TEST(virtual_time, can_be_advanced_by_the_task_before_it_sleeps)
{
	drive(false);
}

/* BEH test_clock::can_pause_after_resume */
TEST(virtual_time, advanced_outside_of_block_on_adds_up_and_wakes_tasks)
{
	static const uint64_t task_ms[] = { 15000 }, root_ms[] = { 0 };
	struct runtime *rt = t_runtime_virtual();
	struct sleeper root;
	uint64_t task_woke = 0, root_woke;

	task_detach(spawn(rt, sleeper, task_ms, &task_woke, 1));
	CHECK_EQ(runtime_block_on(rt, sleeper(&root, root_ms, &root_woke, 1)), 0); /* it arms */
	CHECK_EQ(runtime_advance_ms(rt, 10000), 0);
	CHECK_EQ(runtime_advance_ms(rt, 10000), 0);
	CHECK_EQ(now_ms(rt), 20000);
	CHECK_EQ(task_woke, 0); /* a wake runs nothing */
	CHECK_EQ(runtime_block_on(rt, sleeper(&root, root_ms, &root_woke, 1)), 0);
	CHECK_EQ(task_woke, 20000);
	runtime_destroy(rt);
}

TEST(virtual_time, cannot_be_advanced_beyond_its_end)
{
	struct runtime *rt = t_runtime_virtual();

	CHECK_EQ(runtime_advance_ms(rt, 1), 0);
	CHECK_EQ(runtime_advance_ms(rt, 1ull << 63), 0); /* more than it can hold in nanoseconds */
	CHECK(timers_now_ns(rt->timers) == UINT64_MAX);
	runtime_destroy(rt);
}

/* --- Ticks that are awaited by hand --- */

/*
 * Every fourth tick of a stream of twelve is an item. Like a naive stream it says PENDING after a
 * tick that is none; the one that wakes itself then is polled again.
 */
struct streamer {
	struct future future;
	struct interval every;
	struct interval_tick tick;
	bool wakes_itself;
	unsigned n_ticks, n_items;
	unsigned item[3];
};

static enum poll poll_streamer(struct future *f, struct context *cx)
{
	struct streamer *s = future_of(f, struct streamer);

	while (s->n_ticks < 12) {
		if (future_poll(&s->tick.future, cx) == POLL_PENDING)
			return POLL_PENDING;
		interval_tick(&s->tick, &s->every);
		if (++s->n_ticks % 4 == 0) {
			s->item[s->n_items++] = s->n_ticks;
			continue;
		}
		if (s->wakes_itself)
			waker_wake_by_ref(cx->waker);
		return POLL_PENDING;
	}
	return POLL_READY;
}

static void drop_streamer(struct future *f)
{
	future_drop(&future_of(f, struct streamer)->tick.future);
}

static const struct future_ops streamer_ops = FUTURE_OPS("streamer", poll_streamer, drop_streamer);

static struct future *streamer(struct streamer *s, bool wakes_itself)
{
	*s = (struct streamer){ .future = future_init(&streamer_ops) };
	s->wakes_itself = wakes_itself;
	interval_init(&s->every, 10, INTERVAL_BURST);
	interval_tick(&s->tick, &s->every);
	return &s->future;
}

/* BEH time_interval::stream_with_interval_poll_tick_self_waking */
TEST(virtual_time, a_stream_over_ticks_that_wakes_itself_goes_on)
{
	struct runtime *rt = t_runtime_virtual();
	struct timeout limit;
	struct streamer s;

	CHECK_EQ(runtime_block_on(rt, timeout(&limit, 150, streamer(&s, true))), 0);
	CHECK(!limit.expired);
	CHECK_EQ(s.n_items, 3);
	CHECK_EQ(s.item[0], 4);
	CHECK_EQ(s.item[1], 8);
	CHECK_EQ(s.item[2], 12);
	CHECK_EQ(now_ms(rt), 110);
	runtime_destroy(rt);
}

/* BEH time_interval::stream_with_interval_poll_tick_no_waking */
TEST(virtual_time, a_tick_that_is_ready_leaves_no_waker_behind)
{
	struct runtime *rt = t_runtime_virtual();
	struct timeout limit;
	struct streamer s;

	CHECK_EQ(runtime_block_on(rt, timeout(&limit, 150, streamer(&s, false))), 0);
	CHECK(limit.expired);
	CHECK_EQ(s.n_items, 0);
	CHECK_EQ(s.n_ticks, 2); /* one at once; nobody was to be woken for the second, due at 10 */
	CHECK_EQ(now_ms(rt), 150);
	runtime_destroy(rt);
}

/* --- Two runtimes --- */

/* Polls a loan of the delay, once, and is done. */
struct poller {
	struct co co;
	struct fuse *delay;
	enum poll polled;
};

static enum poll poller_run(struct co *co, struct context *cx)
{
	struct poller *const f = co_frame(co, struct poller);
	struct future *loan = fuse_again(f->delay);

	co_begin(co);
	f->polled = loan ? future_poll(loan, cx) : POLL_READY;
	future_drop(loan);
	co_end;
}

static enum poll poll_inside(struct runtime *rt, struct fuse *d)
{
	struct poller f = { .co = co_init(poller_run), .delay = d };

	CHECK_EQ(runtime_block_on(rt, &f.co.future), 0);
	return f.polled;
}

/* BEH time_rt::tickspace */
/* BEH time_alt::reset_should_stay_on_same_runtime2 */
TEST(virtual_time, a_delay_keeps_to_the_clock_of_the_runtime_that_polled_it_first)
{
	struct runtime *mine = t_runtime_virtual(), *other = t_runtime_virtual();
	struct delay d;
	struct fuse lent;

	runtime_advance_ms(other, 12345);
	fuse(&lent, delay(&d, 10));
	CHECK_EQ(poll_inside(mine, &lent), POLL_PENDING);
	CHECK_EQ(poll_inside(other, &lent), POLL_PENDING);
	delay_reset(&d, 20);
	CHECK_EQ(poll_inside(other, &lent), POLL_PENDING);
	runtime_advance_ms(other, 1000000);
	CHECK_EQ(poll_inside(other, &lent), POLL_PENDING);
	runtime_advance_ms(mine, 19);
	CHECK_EQ(poll_inside(other, &lent), POLL_PENDING);
	runtime_advance_ms(mine, 1);
	CHECK_EQ(poll_inside(other, &lent), POLL_READY);
	runtime_destroy(mine);
	runtime_destroy(other);
}
