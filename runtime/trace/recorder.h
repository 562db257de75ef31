/*
 * recorder: makes a story of what the probes tell.
 *
 * The one idea: the story is told from one thread, the one that began the recording, in the order
 * in which that thread sees things. Its own wakes are written down when they happen; a wake that
 * comes from another thread, when this one meets it. So there is neither a lock nor a race, and a
 * program that is deterministic on its thread has the same tape each time, even if others wake it.
 *
 * Every task that is met gets a lane, numbered from 1 in the order of appearance; so does every
 * future that is polled outside of any task, by an executor written by hand.
 */
#ifndef WEFT_TRACE_RECORDER_H
#define WEFT_TRACE_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

enum tape_kind {
	TAPE_SPAWN,
	TAPE_POLL,    /* begins */
	TAPE_PENDING, /* ends */
	TAPE_READY,   /* ends */
	TAPE_DROP,    /* is over: inner ones have gone before */
	TAPE_WAKE,
	TAPE_ABORT,
	TAPE_PARK,
};

/* One line of the tape. All strings have static storage. */
struct tape_entry {
	enum tape_kind kind;
	bool has_time;       /* there is a virtual clock, and it says: */
	uint64_t ns;
	unsigned lane;       /* whose; 0: nobody's */
	unsigned depth;      /* how many futures of the lane are around this one */
	const char *name;    /* of the future; NULL: TAPE_PARK, or a wake of nobody known */
	const char *at;      /* TAPE_PENDING: what it waits for, in its own words; or NULL */
	const char *by;      /* TAPE_SPAWN, _WAKE, _ABORT: what it came from, or NULL: `by_lane` */
	unsigned by_lane;    /* the task that was polled, or has come to its end; 0: none */
	bool is_no_news;     /* TAPE_WAKE, _ABORT: was queued or aborted already, or is over */
};

/* Who gets the entries; borrowed until recorder_end. */
struct recorder_sink {
	void (*write)(struct recorder_sink *sink, const struct tape_entry *entry);
};

/*
 * Begins on this thread. -EBUSY: somebody records already. recorder_end is for the same thread, and
 * does nothing on any other.
 */
int recorder_begin(struct recorder_sink *sink);
void recorder_end(void);

bool recorder_is_on(void);   /* on some thread */
bool recorder_is_here(void); /* on this one */

/* "spawn", "poll" and so on. */
const char *tape_kind_name(enum tape_kind kind);

/* "20 ms", "1.5 ms": no more digits than it needs. Returns `text`. */
enum { TAPE_TIME_SIZE = 40 };
const char *tape_time_text(uint64_t ns, char text[TAPE_TIME_SIZE]);

/* The name of the lane's task, while it is recorded. */
const char *recorder_lane_name(unsigned lane);

#endif
