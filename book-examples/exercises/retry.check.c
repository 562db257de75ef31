/*
 * retry.check: what a retry with growing pauses promises. See check.h.
 *
 * Time is virtual. What is retried is a coroutine of ours that takes 3 ms, and that knows when it was made,
 * how it ended, and whether it is being awaited while the next one is made.
 */
#include "check.h"

#include <errno.h>

enum { WORK_MS = 3, ATTEMPTS_MAX = 8 };

struct scene {
	struct runtime *rt;
	unsigned fails; /* so many attempts fail, with -1, -2 ...; those after them work */

	unsigned n_made, n_asked, n_done, n_cancelled;
	unsigned made_ms[ATTEMPTS_MAX], over_ms;
	struct attempt {
		struct co co;
		struct scene *scene;
		struct delay work;
		bool is_done;
	} attempt;
};

static enum poll attempt_run(struct co *co, struct context *cx)
{
	struct attempt *const f = co_frame(co, struct attempt);

	co_begin(co);
	co_await(delay(&f->work, WORK_MS));
	f->is_done = true;
	co_finally {
		f->scene->n_done += f->is_done;
		f->scene->n_cancelled += !f->is_done;
	}
	co_end;
}

static struct future *attempt(struct attempt *f, struct scene *scene)
{
	*f = (struct attempt){ .co = co_init(attempt_run), .scene = scene };
	return &f->co.future;
}

static unsigned now_ms(struct scene *s)
{
	return (unsigned)(timers_now_ns(s->rt->timers) / 1000000);
}

/* --- What the retry is given --- */

static struct future *make_attempt(void *arg, unsigned number)
{
	struct scene *s = arg;

	must(s->n_made < ATTEMPTS_MAX, "make was called more than %d times.", ATTEMPTS_MAX);
	must(number == s->n_made, "make was called with the number %u, and this is attempt %u, counted from 0.",
	     number, s->n_made);
	must(s->n_done == s->n_made, "make was called for attempt %u, and the one before is not over yet.", number);
	must(s->n_asked == s->n_made, "make was called for attempt %u, and result was asked %u times.", number,
	     s->n_asked);
	s->made_ms[s->n_made++] = now_ms(s);
	return attempt(&s->attempt, s);
}

static int result_of_attempt(void *arg)
{
	struct scene *s = arg;

	must(s->n_done == s->n_made, "result was asked, and the attempt is not over yet.");
	s->n_asked++;
	must(s->n_asked <= s->n_made, "result was asked %u times, after %u attempts.", s->n_asked, s->n_made);
	return s->n_made <= s->fails ? -(int)s->n_made : 0;
}

/* --- A scene: built, run, ended --- */

static void scene_init(struct scene *s, unsigned fails)
{
	*s = (struct scene){ .fails = fails };
	must(runtime_build(&(struct runtime_builder){ .virtual_time = true }, &s->rt) == 0, "there is no runtime.");
}

static void scene_run(struct scene *s, struct future *future)
{
	int err = runtime_block_on(s->rt, future);

	s->over_ms = now_ms(s);
	must(err != -EDEADLK, "the runtime says -EDEADLK: it is PENDING, and nobody is left who could wake it.");
	must(err == 0, "the runtime says %d.", err);
}

static void scene_fini(struct scene *s)
{
	must(timers_n(s->rt->timers) == 0, "it is over, and there is still a timer armed for it.");
	runtime_destroy(s->rt);
}

/* The common case: n attempts at most, of which the first ones fail. */
static void try_it(struct scene *s, struct again *f, unsigned fails, unsigned n)
{
	scene_init(s, fails);
	doing("again(), with up to %u attempts, of which %u fail,", n, fails);
	scene_run(s, again(f, make_attempt, result_of_attempt, s, n));
	scene_fini(s);
}

/* --- The promises --- */

static void look_at_construction(void)
{
	struct scene s = { 0 };
	struct again f;

	again(&f, make_attempt, result_of_attempt, &s, 3);
	must(s.n_made == 0, "nobody has polled it, and an attempt was made.");
	future_drop(&f.co.future);
	must(s.n_made == 0, "nobody has polled it, it was dropped, and an attempt was made.");
}

static void look_at_first(void)
{
	struct scene s;
	struct again f;

	try_it(&s, &f, 0, 5);
	must(s.n_made == 1, "the first attempt worked, and %u were made.", s.n_made);
	must(f.err == 0 && f.attempts == 1, "the first attempt worked, and the outputs are err %d, attempts %u.", f.err,
	     f.attempts);
	must(s.made_ms[0] == 0, "the first attempt is made only after %u ms.", s.made_ms[0]);
	must(s.over_ms == WORK_MS, "the first attempt worked after %d ms, and it is over after %u ms.", WORK_MS,
	     s.over_ms);
}

static void look_at_success(void)
{
	struct scene s;
	struct again f;

	try_it(&s, &f, 2, 5);
	must(s.n_made == 3, "of five attempts the third would have worked, and %u were made.", s.n_made);
	must(f.err == 0, "the third attempt worked, and err is %d.", f.err);
	must(f.attempts == 3, "three attempts were made, and attempts is %u.", f.attempts);
}

static void look_at_failure(void)
{
	struct scene s;
	struct again f;

	try_it(&s, &f, ATTEMPTS_MAX, 3);
	must(s.n_made == 3, "three attempts were allowed, none works, and %u were made.", s.n_made);
	must(f.attempts == 3, "three attempts were made, and attempts is %u.", f.attempts);
	must(f.err == -3, "the third attempt, the last one, has failed with -3, and err is %d.", f.err);
}

static void look_at_none(void)
{
	struct scene s;
	struct again f;

	try_it(&s, &f, 0, 0);
	must(s.n_made == 0, "no attempt was allowed, and %u were made.", s.n_made);
	must(f.err == -EINVAL && f.attempts == 0, "no attempt was allowed, and the outputs are err %d, attempts %u.",
	     f.err, f.attempts);
}

/* `whose` is empty, or says of which one. */
static void must_have_paused(const struct scene *s, const char *whose)
{
	unsigned expected_ms = 10;

	for (unsigned i = 1; i < s->n_made; i++, expected_ms *= 2)
		must(s->made_ms[i] - s->made_ms[i - 1] - WORK_MS == expected_ms,
		     "between attempt %u and attempt %u it pauses %u ms by the runtime's clock, and should pause %u.%s",
		     i - 1, i, s->made_ms[i] - s->made_ms[i - 1] - WORK_MS, expected_ms, whose);
}

static void look_at_pauses(void)
{
	struct scene s;
	struct again f;

	try_it(&s, &f, ATTEMPTS_MAX, 5);
	must(s.n_made == 5, "five attempts were allowed, none works, and %u were made.", s.n_made);
	must_have_paused(&s, "");
}

static void look_at_last(void)
{
	struct scene s;
	struct again f;

	try_it(&s, &f, ATTEMPTS_MAX, 3);
	must(s.n_made == 3, "three attempts were allowed, none works, and %u were made.", s.n_made);
	must(s.over_ms == s.made_ms[2] + WORK_MS, "the last attempt has failed, and it is over only %u ms later.",
	     s.over_ms - s.made_ms[2] - WORK_MS);
}

/* With a limit, which drops it then. */
static void drop_it_after(struct scene *s, unsigned ms)
{
	struct again f;
	struct timeout limit;

	scene_init(s, ATTEMPTS_MAX);
	scene_run(s, timeout(&limit, ms, again(&f, make_attempt, result_of_attempt, s, 5)));
	must(limit.expired, "it is over before it could be dropped, after %u ms.", s->over_ms);
	scene_fini(s);
}

static void look_at_dropped_attempt(void)
{
	struct scene s;

	drop_it_after(&s, WORK_MS - 1);
	must(s.n_made == 1 && s.n_cancelled == 1, "it was dropped while it awaited the first attempt, and %s.",
	     s.n_cancelled ? "more attempts were made" : "that was not dropped");
	drop_it_after(&s, WORK_MS + 10 + WORK_MS - 1);
	must(s.n_made == 2 && s.n_cancelled == 1, "it was dropped while it awaited the second attempt: %u were made, "
	     "%u were dropped.", s.n_made, s.n_cancelled);
}

static void look_at_dropped_pause(void)
{
	struct scene s;

	drop_it_after(&s, WORK_MS + 5);
	must(s.n_made == 1 && s.n_done == 1, "it was dropped in its first pause, and %u attempts were made.", s.n_made);
}

static void look_at_two(void)
{
	struct scene s, other;
	struct again f, g;
	struct join both;

	scene_init(&s, ATTEMPTS_MAX);
	other = s;
	scene_run(&s, join(&both, again(&f, make_attempt, result_of_attempt, &s, 3),
			   again(&g, make_attempt, result_of_attempt, &other, 3)));
	scene_fini(&s);
	must(s.n_made == 3 && other.n_made == 3, "two of them at the same time, with up to three attempts each, of "
	     "which none works: the first has made %u, and the second %u.", s.n_made, other.n_made);
	must_have_paused(&s, " Two of them run at the same time: do they share something?");
	must_have_paused(&other, " Two of them run at the same time: do they share something?");
}

const struct check checks[] = {
	{ "building it does nothing", look_at_construction,
	  "A constructor fills in the struct. Until somebody polls, nothing happens.", 0 },
	{ "one attempt that works is enough, and is made at once", look_at_first,
	  "Most things work the first time, and then nobody should notice that there is a retry.", 1 },
	{ "it stops at the first attempt that works", look_at_success,
	  "An attempt too many is not only a waste: what is tried may be an order, or a payment.", 1 },
	{ "it gives up after n attempts, and says what the last one said", look_at_failure,
	  "Whoever awaits it wants to know what is wrong now, and that is the last error.", 1 },
	{ "no attempt allowed: it is over at once, and says so", look_at_none,
	  "A number that comes from a configuration may be 0.", 1 },
	{ "the pauses are 10, 20, 40, 80 ms", look_at_pauses,
	  "Something that is overloaded gets more time with each attempt. The length of the next pause must be "
	  "remembered while it pauses, and while it awaits the attempt.", 2 },
	{ "there is no pause after the last attempt", look_at_last,
	  "There is nothing left to wait for: it only tells the bad news later.", 2 },
	{ "dropped in an attempt, it drops that", look_at_dropped_attempt,
	  "Whoever awaits, drops. co_await sees to that for whatever it awaits.", 3 },
	{ "dropped in a pause, it leaves no timer", look_at_dropped_pause,
	  "After a drop nobody may have a pointer into its frame, and a timer would.", 3 },
	{ "two of them do not disturb each other", look_at_two,
	  "What a coroutine remembers belongs into its frame: a static variable is shared by all of them.", 3 },
	{ 0 }
};
