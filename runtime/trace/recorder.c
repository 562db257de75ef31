/* recorder: lanes, nesting and causes. See recorder.h. */
#include "trace/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "executor/runtime.h"
#include "future/co.h"
#include "time/timers.h"

/* A task, or what was polled outside of one; it keeps its number when it is over. */
struct lane {
	const void *task;            /* the data of its waker */
	const struct future *future; /* NULL: over */
	const char *name;
	bool is_queued; /* spawned or woken, and not polled since */
	bool is_aborted;
};

static struct {
	struct recorder_sink *sink; /* NULL: nobody records */
	struct lane *lanes;         /* number 1 is the first */
	unsigned n_lanes, max_lanes;
	unsigned n_queued;          /* lanes that are */
	unsigned current;           /* whose poll or drop we are in; 0: none */
	unsigned ended;             /* the lane that has come to its end just now; or 0 */
	unsigned depth;             /* polls and drops that have not returned */
	unsigned n_unseen;          /* those of them that are not told of */
	const char *cause;
	const struct clock *clock;  /* virtual, or NULL */
	bool has_parked;            /* and nothing has happened since */
} rec;

/* Other threads' polls are not part of this story. */
static _Thread_local bool is_recorded;

/* --- Lanes --- */

static struct lane *lane_of(unsigned number)
{
	return &rec.lanes[number - 1];
}

static void set_queued(unsigned number, bool is_queued)
{
	struct lane *l;

	if (number == 0)
		return;
	l = lane_of(number);
	rec.n_queued += (unsigned)is_queued - (unsigned)l->is_queued;
	l->is_queued = is_queued;
}

static bool grow(void)
{
	unsigned max = rec.max_lanes ? 2 * rec.max_lanes : 64;
	struct lane *lanes = mem_alloc(max * sizeof *lanes);

	if (!lanes)
		return false;
	if (rec.n_lanes > 0)
		memcpy(lanes, rec.lanes, rec.n_lanes * sizeof *lanes);
	mem_free(rec.lanes, rec.max_lanes * sizeof *lanes);
	rec.lanes = lanes;
	rec.max_lanes = max;
	return true;
}

static const char *name_of(struct future *f)
{
	return future_name(future__seen(f));
}

static unsigned find_future(const struct future *f)
{
	for (unsigned i = rec.n_lanes; i > 0; i--)
		if (lane_of(i)->future == f)
			return i;
	return 0;
}

/*
 * 0: no memory. Its polls then belong to nobody, and are told all the same. Whoever was at that
 * address before has been forgotten, as may be what was never polled: it is queued no longer.
 */
static unsigned new_lane(const void *task, struct future *f)
{
	unsigned stale = find_future(f);

	if (stale != 0) {
		set_queued(stale, false);
		lane_of(stale)->future = NULL;
	}
	if (rec.n_lanes == rec.max_lanes && !grow())
		return 0;
	rec.lanes[rec.n_lanes++] = (struct lane){ .task = task, .future = f, .name = name_of(f) };
	return rec.n_lanes;
}

/*
 * The youngest first: memory of tasks is used again; and an executor written by hand may have one
 * waker for all, so a live one before one that is over. 0: none.
 */
static unsigned find_task(const void *task)
{
	unsigned over = 0;

	for (unsigned i = rec.n_lanes; i > 0; i--) {
		if (lane_of(i)->task != task)
			continue;
		if (lane_of(i)->future)
			return i;
		over = over ? over : i;
	}
	return over;
}

/* By its address, since wakers may change from poll to poll; and by its name: see new_lane. */
static unsigned lane_to_poll(const void *task, struct future *f)
{
	unsigned number = find_future(f);

	if (number == 0 || strcmp(lane_of(number)->name, name_of(f)) != 0)
		return new_lane(task, f);
	lane_of(number)->task = task;
	return number;
}

static void end_lane(unsigned number)
{
	rec.ended = number;
	if (number != 0) {
		set_queued(number, false);
		lane_of(number)->future = NULL;
	}
}

const char *recorder_lane_name(unsigned lane)
{
	return lane_of(lane)->name;
}

/* --- What the probes tell --- */

static void tell(struct tape_entry e)
{
	rec.has_parked = e.kind == TAPE_PARK;
	e.has_time = rec.clock != NULL;
	e.ns = rec.clock ? clock_now_ns(rec.clock) : 0;
	rec.sink->write(rec.sink, &e);
}

static void tell_of(enum tape_kind kind, const char *name, const char *at)
{
	tell((struct tape_entry){ .kind = kind, .lane = rec.current,
				  .depth = rec.depth - rec.n_unseen, .name = name, .at = at });
}

static void enter(const struct future_ops *ops)
{
	rec.depth++;
	rec.n_unseen += ops->is_unseen;
}

static void leave(const struct future_ops *ops)
{
	rec.depth--;
	rec.n_unseen -= ops->is_unseen;
}

/* What spawns, wakes or aborts: what the runtime is at, or the task that is being polled. */
struct cause {
	const char *by;
	unsigned lane;
};

static struct cause cause_now(void)
{
	return (struct cause){ rec.cause, rec.cause ? 0 : rec.current };
}

static void tell_cause(enum tape_kind kind, unsigned lane, struct cause cause, bool is_no_news)
{
	tell((struct tape_entry){ .kind = kind, .lane = lane,
				  .name = lane ? lane_of(lane)->name : NULL,
				  .by = cause.by, .by_lane = cause.lane,
				  .is_no_news = is_no_news });
}

static void on_poll(struct future *f, struct context *cx)
{
	if (!is_recorded)
		return;
	if (rec.depth == 0) {
		rec.current = lane_to_poll(cx->waker->data, f);
		rec.ended = 0;
		set_queued(rec.current, false);
	}
	if (!f->ops->is_unseen)
		tell_of(TAPE_POLL, f->ops->name, NULL);
	enter(f->ops);
}

/* The tape may begin, or end and begin again, in the midst of polls: their ends are not on it. */
static bool is_inside(void)
{
	return is_recorded && rec.depth > 0;
}

static void on_pending(struct future *f)
{
	const char *at = NULL;

	if (!is_inside())
		return;
	leave(f->ops);
	if (f->ops->poll == co__poll)
		at = future_of(f, struct co)->site->expr;
	else if (f->ops->where)
		at = f->ops->where(f);
	if (!f->ops->is_unseen)
		tell_of(TAPE_PENDING, f->ops->name, at);
	if (rec.depth == 0)
		rec.current = 0;
}

/* The end of a future, and of its lane if there was nothing around it. */
static void end(enum tape_kind kind, const struct future_ops *ops)
{
	leave(ops);
	if (!ops->is_unseen)
		tell_of(kind, ops->name, NULL);
	if (rec.depth == 0) {
		end_lane(rec.current);
		rec.current = 0;
	}
}

static void on_ready(struct future *f)
{
	if (is_inside())
		end(TAPE_READY, f->ops);
}

/* While a future is dropped its ops are over; only its address says whose it was. */
static void on_drop(struct future *f, const struct future_ops *ops)
{
	if (!is_recorded)
		return;
	if (rec.depth == 0)
		rec.current = find_future(f);
	enter(ops);
}

static void on_dropped(const struct future_ops *ops)
{
	if (is_inside())
		end(TAPE_DROP, ops);
}

/* A task that came in from outside is announced twice: there, and when the runtime meets it. */
static void on_spawn(const void *task, struct future *f)
{
	unsigned lane;

	if (!is_recorded)
		return;
	lane = find_task(task);
	if (lane && lane_of(lane)->future == f)
		return;
	lane = new_lane(task, f);
	set_queued(lane, true);
	tell_cause(TAPE_SPAWN, lane, cause_now(), false);
}

static bool is_over(unsigned lane)
{
	return lane != 0 && !lane_of(lane)->future;
}

static void on_abort(const void *task)
{
	if (is_recorded) {
		unsigned lane = find_task(task);
		bool is_aborted = lane != 0 && lane_of(lane)->is_aborted;

		tell_cause(TAPE_ABORT, lane, cause_now(), is_over(lane) || is_aborted);
		set_queued(lane, !is_over(lane));
		if (lane != 0)
			lane_of(lane)->is_aborted = true;
	}
}

static void wake_by(const void *task, struct cause cause)
{
	unsigned lane = find_task(task);
	bool is_queued = lane != 0 && lane_of(lane)->is_queued;

	tell_cause(TAPE_WAKE, lane, cause, is_over(lane) || is_queued);
	set_queued(lane, !is_over(lane));
}

/*
 * Between two polls a runtime wakes for a cause that it names, or because a task has come to its
 * end: whoever joins it.
 */
static void on_wake(const void *task)
{
	if (is_recorded) {
		struct cause cause = cause_now();

		if (!cause.by && cause.lane == 0 && runtime_current())
			cause.lane = rec.ended;
		wake_by(task, cause);
	}
}

static void on_arrive(const void *task)
{
	if (is_recorded) {
		unsigned lane = find_task(task);

		if (lane && lane_of(lane)->future && !lane_of(lane)->is_queued)
			wake_by(task, (struct cause){ .by = "another thread" });
	}
}

static void on_because(const char *cause)
{
	if (is_recorded)
		rec.cause = cause;
}

/* An executor may ask for sleep although somebody is queued: then it will not come to that. */
static void on_park(void)
{
	if (is_recorded && rec.n_queued == 0 && !rec.has_parked)
		tell((struct tape_entry){ .kind = TAPE_PARK });
}

static void on_runtime(struct runtime *rt)
{
	const struct clock *clock = rt && rt->timers ? rt->timers->clock : NULL;

	if (is_recorded)
		rec.clock = clock && clock_is_virtual(clock) ? clock : NULL;
}

static const struct probe listener = {
	.poll = on_poll, .pending = on_pending, .ready = on_ready, .drop = on_drop,
	.dropped = on_dropped, .spawn = on_spawn, .abort = on_abort, .wake = on_wake,
	.arrive = on_arrive, .because = on_because, .park = on_park, .runtime = on_runtime,
};

/* --- Begin and end --- */

bool recorder_is_on(void)
{
	return rec.sink != NULL;
}

bool recorder_is_here(void)
{
	return is_recorded;
}

int recorder_begin(struct recorder_sink *sink)
{
	if (rec.sink)
		return -EBUSY;
	rec.sink = sink;
	is_recorded = true;
	probe_listen(&listener);
	return 0;
}

void recorder_end(void)
{
	if (!is_recorded)
		return;
	probe_listen(NULL);
	is_recorded = false;
	mem_free(rec.lanes, rec.max_lanes * sizeof *rec.lanes);
	memset(&rec, 0, sizeof rec);
}

const char *tape_kind_name(enum tape_kind kind)
{
	static const char *const names[] = {
		[TAPE_SPAWN] = "spawn", [TAPE_POLL] = "poll",   [TAPE_PENDING] = "pending",
		[TAPE_READY] = "ready", [TAPE_DROP] = "drop",   [TAPE_WAKE] = "wake",
		[TAPE_ABORT] = "abort", [TAPE_PARK] = "park",
	};

	return names[kind];
}

const char *tape_time_text(uint64_t ns, char text[TAPE_TIME_SIZE])
{
	const uint64_t ns_per_ms = 1000000;
	uint64_t ms = ns / ns_per_ms;
	unsigned fraction = (unsigned)(ns % ns_per_ms);
	int width = 6;

	for (; fraction && fraction % 10 == 0; width--)
		fraction /= 10;
	if (fraction)
		snprintf(text, TAPE_TIME_SIZE, "%" PRIu64 ".%0*u ms", ms, width, fraction);
	else
		snprintf(text, TAPE_TIME_SIZE, "%" PRIu64 " ms", ms);
	return text;
}
