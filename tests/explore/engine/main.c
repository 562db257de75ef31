/*
 * main: explore [NAME...] [options]: plays scenarios, a line for each.
 *
 *	--bound=N      preemptions in one schedule, 3
 *	--seconds=N    for each scenario, before it is left unfinished; 30
 *	--random=N     schedules by random priorities, for each depth; 5000
 *	--seed=N       of those
 *	--replay=S     one schedule of one scenario, step by step
 *	--no-races     goes on after a data race, to see what may come of it
 *	--show         what kernels find, too, step by step
 *	--list         names
 *	--counts       ends in "passed failed", as the scripts in tests/tools do
 *
 * NAME is a scenario, or a part of the names or the file of some.
 */
#define _GNU_SOURCE 1 /* sigaltstack */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "explore/engine/engine.h"
#include "explore/engine/memory.h"
#include "explore/engine/race.h"
#include "explore/engine/report.h"
#include "explore/engine/search.h"

enum { SCHEDULE_LEN = 4096, HANG_SECONDS = 20, CHEAP_RUNS = 3000 };

static struct {
	unsigned bound;
	double seconds;
	unsigned n_random;
	uint64_t seed;
	const char *replay;
	bool is_list, is_counts, is_shown;
	const char *names[64];
	unsigned n_names;
} options = { .bound = 3, .seconds = 30, .n_random = 5000, .seed = 1 };

static struct scenario *first_scenario;

void explore_register(struct scenario *s)
{
	struct scenario **at = &first_scenario;

	while (*at && strcmp((*at)->file, s->file) <= 0)
		at = &(*at)->next;
	s->next = *at;
	*at = s;
}

/* The real one: calls of clock_gettime go to posix.c. */
int __real_clock_gettime(clockid_t clock, struct timespec *ts);

static double now(void)
{
	struct timespec ts;

	__real_clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- What the engine cannot notice by itself --- */

static void crashed(int signal)
{
	found("crash", "%s", strsignal(signal));
}

/* A plain loop without an end takes no step. One run takes microseconds. */
static void look_whether_it_hangs(int signal)
{
	static uint32_t seen;

	(void)signal;
	if (seen == run.generation && run.current && !options.replay)
		found("no end", "a run that takes no steps any more");
	seen = run.generation;
}

static void catch_signals(void)
{
	static char stack[64 << 10];
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_NODEFER };
	struct itimerval each = { { HANG_SECONDS, 0 }, { HANG_SECONDS, 0 } };

	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, NULL);
	action.sa_handler = look_whether_it_hangs;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
}

/* --- One scenario --- */

struct outcome {
	bool is_good;
	bool is_complete;
	bool is_every;     /* no schedule was left out because of the bound */
	unsigned bound;    /* of the last complete walk, or of what was found */
	uint64_t n_runs;   /* in the last walk */
	uint64_t n_random;
	double seconds;
	char schedule[SCHEDULE_LEN];
};

static bool play(const struct scenario *s)
{
	report_begin();
	return threads_run(s);
}

/*
 * False: something was found. (Where steps end is another matter, for which the walk begins anew.)
 */
static bool play_until_all_is_seen(const struct scenario *s)
{
	while (play(s)) {
		if (!race_must_repeat() || (race_has_grown() && !run.is_traced))
			return true;
		search_repeat();
	}
	return false;
}

/*
 * Every schedule within the bound. When a variable turns out to be shared only now, the walk begins
 * anew: steps end there, too, from now on. False: something was found.
 */
static bool walk(const struct scenario *s, struct outcome *o, unsigned bound, double until)
{
	search_begin_all(bound);
	race_forget_grown();
	o->n_runs = 0;
	o->is_complete = false;
	do {
		o->n_runs++;
		if (!play_until_all_is_seen(s))
			return false;
		if (race_has_grown()) {
			race_forget_grown();
			search_begin_all(bound);
			o->n_runs = 0;
		} else if (!search_next()) {
			o->is_complete = true;
			return true;
		}
	} while (o->n_runs % 256 || now() < until);
	return true;
}

static bool walk_at_random(const struct scenario *s, struct outcome *o, unsigned depth,
			   double until)
{
	search_begin_random(depth, options.seed);
	for (unsigned i = 0; i < options.n_random; i++) {
		o->n_random++;
		if (!play(s))
			return false;
		search_next_random();
		if (i % 256 == 255 && now() > until)
			return true;
	}
	return true;
}

/*
 * With few preemptions first: what is found then is easiest to read. Beyond what was asked for as
 * long as it costs little: small scenarios are so played in every order there is.
 */
static bool walk_by_bounds(const struct scenario *s, struct outcome *o, double until)
{
	unsigned bound = options.bound;

	if (s->max_bound && (unsigned)s->max_bound < bound)
		bound = (unsigned)s->max_bound;
	for (o->bound = 0;; o->bound++) {
		if (!walk(s, o, o->bound, until))
			return false;
		o->is_every = o->is_complete && !search_was_cut();
		if (!o->is_complete || o->is_every)
			return true;
		if (o->bound >= bound && o->n_runs > CHEAP_RUNS)
			return true;
	}
}

static bool walk_all(const struct scenario *s, struct outcome *o)
{
	double until = now() + options.seconds;

	do {
		o->n_random = 0;
		if (!walk_by_bounds(s, o, until) || !walk_at_random(s, o, 3, until) ||
		    !walk_at_random(s, o, 4, until))
			return false;
	} while (race_has_grown() && now() < until);
	o->is_complete = o->is_complete && !race_has_grown();
	return true;
}

static struct outcome explore(const struct scenario *s)
{
	struct outcome o = { .is_good = false };
	double start = now();

	race_forget_shared();
	o.is_good = walk_all(s, &o);
	if (!o.is_good)
		search_schedule(o.schedule, sizeof o.schedule);
	o.seconds = now() - start;
	return o;
}

/* Once more, step by step. */
static bool replay(const struct scenario *s, const char *schedule)
{
	bool is_good;

	if (!search_begin_replay(schedule)) {
		printf("'%s' is no schedule\n", schedule);
		return false;
	}
	run.is_traced = true;
	is_good = play_until_all_is_seen(s);
	run.is_traced = false;
	if (is_good)
		printf("%s: this schedule finds nothing\n", s->name);
	else
		report_print(s);
	return is_good;
}

/* --- In words --- */

static const char *grouped(uint64_t n)
{
	static char text[4][32];
	static unsigned next;
	char digits[24], *to = text[next++ % 4], *start = to;
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return start;
}

static void say(const struct scenario *s, const struct outcome *o, const char *verdict)
{
	char bound[40];

	if (o->is_good && o->is_every)
		snprintf(bound, sizeof bound, "all there are");
	else
		snprintf(bound, sizeof bound, "up to %u preemptions%s", o->bound,
			 o->is_good && !o->is_complete ? ", not all" : "");
	printf("  %-6s %-44s %12s interleavings, %s; %.1f s\n", verdict, s->name,
	       grouped(o->n_runs), bound, o->seconds);
}

/* A kernel with a known bug is good if that is what is found, and not sooner than it can be. */
static bool judge(const struct scenario *s, const struct outcome *o)
{
	if (!s->finds && o->is_good) {
		say(s, o, "ok");
		return true;
	}
	if (s->finds && (int)options.bound < s->needs) {
		say(s, o, "-");
		return true;
	}
	if (s->finds && !o->is_good && strcmp(s->finds, report_kind()) == 0 &&
	    (int)o->bound == s->needs) {
		say(s, o, "found");
		if (options.is_shown)
			replay(s, o->schedule);
		return true;
	}
	say(s, o, "FAILED");
	if (s->finds)
		printf("--- %s: expected a %s with %d preemptions, was '%s' with %u\n", s->name,
		       s->finds, s->needs, report_kind(), o->bound);
	if (!o->is_good)
		replay(s, o->schedule);
	return false;
}

static bool is_whole_name(const char *name)
{
	for (const struct scenario *s = first_scenario; s; s = s->next)
		if (strcmp(s->name, name) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct scenario *s)
{
	for (unsigned i = 0; i < options.n_names; i++) {
		const char *name = options.names[i];

		if (strcmp(s->name, name) == 0 || (!is_whole_name(name) && (strstr(s->name, name) ||
									    strstr(s->file, name))))
			return true;
	}
	return options.n_names == 0;
}

static bool play_all(void)
{
	unsigned passed = 0, failed = 0;
	uint64_t n_runs = 0;
	double start = now();

	for (const struct scenario *s = first_scenario; s; s = s->next) {
		struct outcome o;

		if (!is_wanted(s))
			continue;
		fflush(stdout);
		o = explore(s);
		n_runs += o.n_runs + o.n_random;
		if (judge(s, &o))
			passed++;
		else
			failed++;
	}
	if (options.is_counts)
		printf("%u %u\n", passed, failed);
	else
		printf("%u scenarios passed, %u failed; %s interleavings in %.1f s\n", passed,
		       failed, grouped(n_runs), now() - start);
	return failed == 0 && passed > 0;
}

/* --- Options --- */

static bool take_option(const char *arg)
{
	const char *value = strchr(arg, '=');

	value = value ? value + 1 : "";
	if (strncmp(arg, "--bound=", 8) == 0)
		options.bound = (unsigned)strtoul(value, NULL, 10);
	else if (strncmp(arg, "--seconds=", 10) == 0)
		options.seconds = strtod(value, NULL);
	else if (strncmp(arg, "--random=", 9) == 0)
		options.n_random = (unsigned)strtoul(value, NULL, 10);
	else if (strncmp(arg, "--seed=", 7) == 0)
		options.seed = strtoull(value, NULL, 10);
	else if (strncmp(arg, "--replay=", 9) == 0)
		options.replay = value;
	else if (strcmp(arg, "--no-races") == 0)
		run.ignores_races = true;
	else if (strcmp(arg, "--show") == 0)
		options.is_shown = true;
	else if (strcmp(arg, "--list") == 0)
		options.is_list = true;
	else if (strcmp(arg, "--counts") == 0)
		options.is_counts = true;
	else if (strncmp(arg, "--", 2) == 0 || options.n_names == 64)
		return false;
	else
		options.names[options.n_names++] = arg;
	return true;
}

static int replay_one(void)
{
	for (const struct scenario *s = first_scenario; s; s = s->next)
		if (options.n_names == 1 && strcmp(s->name, options.names[0]) == 0)
			return replay(s, options.replay) ? 0 : 1;
	fprintf(stderr, "--replay wants the whole name of one scenario\n");
	return 2;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!take_option(argv[i])) {
			fprintf(stderr, "explore: what is '%s'? See the top of engine/main.c\n",
				argv[i]);
			return 2;
		}
	}
	memory_init();
	race_init();
	threads_init();
	posix_init();
	catch_signals();
	if (options.replay)
		return replay_one();
	if (!options.is_list)
		return play_all() ? 0 : 1;
	for (const struct scenario *s = first_scenario; s; s = s->next)
		if (is_wanted(s))
			printf("%s\n", s->name);
	return 0;
}
