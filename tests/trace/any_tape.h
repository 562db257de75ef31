/*
 * any_tape: random tapes, nested as real ones are. The same seed gives the same tape.
 */
#ifndef WEFT_TESTS_TRACE_ANY_TAPE_H
#define WEFT_TESTS_TRACE_ANY_TAPE_H

#include <stdlib.h>

#include "base/rand.h"
#include "t.h"
#include "trace/recorder.h"

enum { RANDOM_MAX = 400 };

struct writer {
	struct tape_entry entries[RANDOM_MAX];
	size_t n;
	struct rand rand;
	unsigned n_lanes;
	uint64_t ns;
};

static inline unsigned any(struct writer *w, unsigned n)
{
	return (unsigned)(rand_next(&w->rand) % n);
}

static inline void put(struct writer *w, struct tape_entry e)
{
	static const char *const causes[] = { NULL, "a timer", "b", "c", "d", "e", "f", "g", "h" };

	if (w->n == RANDOM_MAX)
		return;
	if (e.kind == TAPE_WAKE || e.kind == TAPE_ABORT || e.kind == TAPE_SPAWN)
		if (!e.by_lane)
			e.by = causes[any(w, sizeof causes / sizeof *causes)];
	w->ns += any(w, 5) == 0 ? any(w, 3000000) : 0;
	e.has_time = any(w, 20) > 0;
	e.ns = w->ns;
	w->entries[w->n++] = e;
}

/* A poll with whatever may be inside of it; its end may be missing only at the end of the tape. */
static inline void put_poll(struct writer *w, unsigned lane, unsigned depth)
{
	static const char *const names[] = { "f", "longer_than_usual", "<&\">", "\xe4", NULL };
	const char *name = names[any(w, 5)];
	enum tape_kind end = any(w, 2) ? TAPE_PENDING : TAPE_READY;

	put(w, (struct tape_entry){ .kind = TAPE_POLL, .lane = lane, .depth = depth,
				    .name = name });
	for (unsigned k = any(w, 4); k > 0; k--) {
		unsigned other = 1 + any(w, w->n_lanes);

		if (any(w, 3) > 0 && depth < 40)
			put_poll(w, lane, depth + 1);
		else if (any(w, 2))
			put(w, (struct tape_entry){ .kind = TAPE_WAKE, .lane = other,
						    .by_lane = lane, .name = "w" });
		else
			put(w, (struct tape_entry){ .kind = TAPE_DROP, .lane = lane,
						    .depth = depth + 1, .name = "x" });
	}
	put(w, (struct tape_entry){ .kind = end, .lane = lane, .depth = depth, .name = name,
				    .at = any(w, 2) ? "at & on" : NULL });
}

static inline void put_drops(struct writer *w, unsigned lane, unsigned depth)
{
	for (unsigned k = any(w, 3); k > 0 && depth < 40; k--)
		put_drops(w, lane, depth + 1);
	put(w, (struct tape_entry){ .kind = TAPE_DROP, .lane = lane, .depth = depth, .name = "x" });
}

/* Of at least `n` entries, if there is room; the caller frees. */
static inline struct writer *any_tape(uint64_t seed, size_t n)
{
	struct writer *w = calloc(1, sizeof *w);

	CHECK(w);
	w->rand.state = seed;
	w->n_lanes = 1 + any(w, 5);
	while (w->n < n) {
		unsigned lane = any(w, w->n_lanes + 1), what = any(w, 10);

		if (what < 5)
			put_poll(w, lane, 0);
		else if (what < 7)
			put(w, (struct tape_entry){ .kind = TAPE_WAKE, .lane = lane, .name = "w" });
		else if (what == 7)
			put(w, (struct tape_entry){ .kind = TAPE_PARK });
		else if (what == 8)
			put_drops(w, lane, 0);
		else
			put(w, (struct tape_entry){ .kind = TAPE_SPAWN, .lane = lane,
						    .name = "s" });
	}
	return w;
}

#endif
