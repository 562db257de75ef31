/* test_tape_times: what the tape says of the clock. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape.h"

#include "future/yield_now.h"
#include "t_runtime.h"
#include "time/timers.h"
#include "trace/actors.h"
#include "trace/taped.h"

/* By less than a tick, too, which timers never do. */
static void move_clock(struct context *cx, unsigned scene)
{
	static const uint64_t steps_ns[] = { 500000, 1, 499999, 12345000000 };

	clock_advance_ns(cx->rt->timers->clock, steps_ns[scene]);
}

struct clockwork {
	struct co co;
	unsigned scene;
	struct yield_now yield;
};

static enum poll clockwork_run(struct co *co, struct context *cx)
{
	struct clockwork *const f = co_frame(co, struct clockwork);

	co_begin(co);
	for (f->scene = 0; f->scene < 4; f->scene++) {
		move_clock(cx, f->scene);
		co_await(yield_now(&f->yield));
	}
	co_end;
}

static struct future *clockwork(struct clockwork *f)
{
	*f = (struct clockwork){ .co = co_init(clockwork_run) };
	return &f->co.future;
}

/* What stands before each wake, one behind the other. */
static void only_wakes(const char *text, char *times)
{
	*times = '\0';
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		if (strncmp(strchr(line, 'm'), "ms  wake", 8) == 0)
			strncat(times, line, (size_t)(strstr(line, "wake") - line));
}

TEST(tape_times, has_times_with_as_many_digits_as_they_need)
{
	struct taped t;
	struct clockwork f;
	char times[256], *text;

	taped_begin(&t);
	CHECK_EQ(run_virtual(clockwork(&f)), 0);
	text = taped_end(&t);
	only_wakes(text, times);
	free(text);
	CHECK_STR(times, "|   0.5 ms  | 0.500001 ms  |     1 ms  | 12346 ms  ");
}

TEST(tape_times, has_no_times_if_the_clock_is_real)
{
	struct taped t;
	struct nap f;

	taped_begin(&t);
	CHECK_EQ(runtime_run(NULL, nap(&f, 1)), 0);
	taped_is(&t, "| spawn    #1 nap                    from outside\n"
		     "| poll     #1 nap\n"
		     "| poll     #1 . delay\n"
		     "| pending  #1 . delay\n"
		     "| pending  #1 nap                    at delay(&f->delay, f->ms)\n"
		     "| park\n"
		     "| wake     #1 nap                    by a timer\n"
		     "| poll     #1 nap\n"
		     "| poll     #1 . delay\n"
		     "| ready    #1 . delay\n"
		     "| ready    #1 nap\n");
}
