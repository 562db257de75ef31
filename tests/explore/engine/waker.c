/* waker: sleepers, for futures that are polled by hand. See explore.h. */
#include <stdarg.h>
#include <stdio.h>

#include "explore/engine/engine.h"
#include "explore/engine/report.h"

enum { SLEEPERS_MAX = 16 };

static struct sleeper *met[SLEEPERS_MAX];
static unsigned n_met;

void waker_reset(void)
{
	n_met = 0;
}

static void meet(struct sleeper *s)
{
	for (unsigned i = 0; i < n_met; i++)
		if (met[i] == s)
			return;
	if (n_met == SLEEPERS_MAX)
		found("explorer", "more than %d sleepers", SLEEPERS_MAX);
	met[n_met++] = s;
}

void waker_check_leaks(void)
{
	for (unsigned i = 0; i < n_met; i++)
		if (met[i]->n_clones > 0)
			found("leak", "%u clones of a waker were not given back", met[i]->n_clones);
}

static struct waker clone(void *data)
{
	struct sleeper *s = data;

	meet(s);
	s->n_clones++;
	return explore_waker(s);
}

/* To wake is to do what others can notice, to clone or drop is not. */
static void wake_up(struct sleeper *s, const char *how)
{
	point((struct place){ .what = how });
	s->is_woken = true;
	s->n_wakes++;
	wake(s, 1);
}

static void wake_by_ref(void *data)
{
	wake_up(data, "wake by reference");
}

static void give_back(struct sleeper *s)
{
	if (s->n_clones-- == 0)
		found("use after free", "a waker is given back that was given back before");
}

static void wake_and_drop(void *data)
{
	wake_up(data, "wake");
	give_back(data);
}

static void drop(void *data)
{
	give_back(data);
}

static const struct waker_vtable vtable = { .clone = clone,
					    .wake = wake_and_drop,
					    .wake_by_ref = wake_by_ref,
					    .drop = drop };

struct waker explore_waker(struct sleeper *s)
{
	return (struct waker){ &vtable, s };
}

/*
 * No step ends here: whoever could come in between may as well come when this thread sleeps, which
 * costs no preemption.
 */
void explore_sleep(struct sleeper *s)
{
	while (!s->is_woken)
		block(s, "a waker", UINT64_MAX);
	s->is_woken = false;
}

struct sleeper *explore_me(void)
{
	return &run.current->sleeper;
}

void explore_yield(void)
{
	yield();
}

FILE *explore_null(void)
{
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "w");
	return null;
}

/* What t.h's CHECK says. */
_Noreturn void t_fail(const char *file, int line, const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	found("check", "%s (%s:%d)", message, file, line);
}
