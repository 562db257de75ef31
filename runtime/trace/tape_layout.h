/*
 * tape_layout: where in the picture of a tape each thing has its place. Internal.
 *
 * The one idea: the picture is a table. Its columns are the entries in their order, all of the
 * same width. Its rows are those who do something: above, what wakes tasks and is none; below, a
 * lane for each task. So every place follows from two numbers, and nobody has to look for room.
 *
 *	            1      2      3      4      5      6
 *	a timer                          o
 *	#1 page     [ poll  pending ]....v======[ poll  ready ]
 *
 * A box inside of a box begins one line of text lower, and leaves a margin below. What a task does
 * between its polls is on the first of those lines.
 */
#ifndef WEFT_TRACE_TAPE_LAYOUT_H
#define WEFT_TRACE_TAPE_LAYOUT_H

#include <stddef.h>

#include "trace/recorder.h"
#include "trace/tape_shape.h"

enum {
	TAPE_ROW_GAP = 20,     /* between the boxes of two lanes */
	TAPE_CAUSE_HEIGHT = 24,
	TAPE_CAUSES_MAX = 8,   /* any more share the last row */
	TAPE_DEPTH_MAX = 24,   /* what is deeper has no box, and is counted */
	TAPE_LABEL_SIZE = 256,
};

struct tape_lane {
	bool is_met;      /* else it has no row */
	const char *name;
	unsigned depth;   /* of its deepest box */
	int y;            /* where its outermost boxes begin */

	/* For who draws its life: what it is at, since which entry, whether it was woken then. */
	enum tape_life life;
	size_t since;
	bool is_woken;
};

/* What belongs to a TAPE_POLL or a TAPE_DROP. */
struct tape_mate {
	size_t i;       /* a poll's end, or n if there is none; the first drop inside of a drop */
	unsigned depth; /* of the deepest box inside */
};

struct tape_layout {
	const struct tape_entry *entries; /* borrowed */
	size_t n;
	struct tape_mate *mates;          /* by entry */
	struct tape_lane *lanes;          /* by number; the first is nobody's */
	unsigned n_lanes, n_tasks;
	size_t n_too_deep;
	const char *causes[TAPE_CAUSES_MAX];
	unsigned n_causes;
	int left, right, top, bottom, step;
};

/* 0, or -ENOMEM. `top`: where the first row begins. */
int tape_layout_init(struct tape_layout *l, const struct tape_entry *entries, size_t n, int top);
void tape_layout_fini(struct tape_layout *l);

/* Where the column of entry i begins, and its middle; of the n-th, both are the right edge. */
int tape_layout_left(const struct tape_layout *l, size_t i);
int tape_layout_x(const struct tape_layout *l, size_t i);

/* Whether entry i is a poll or a drop that has a box, and which. */
bool tape_layout_has_box(const struct tape_layout *l, size_t i);
struct tape_box tape_layout_box(const struct tape_layout *l, size_t i);

/* A lane's row: its height, and the line on which the task lives. */
int tape_layout_height(const struct tape_layout *l, unsigned lane);
int tape_layout_line(const struct tape_layout *l, unsigned lane);

/* The line of the n-th cause, and of the one of `e`. */
int tape_layout_cause_line(const struct tape_layout *l, unsigned cause);
unsigned tape_layout_cause(const struct tape_layout *l, const struct tape_entry *e);

/* What a lane is called: "#1 two_pages". */
void tape_layout_label(const struct tape_layout *l, unsigned lane, char text[TAPE_LABEL_SIZE]);

/* For behind other words: ", 20 ms", or nothing. `e` may be NULL. */
const char *tape_layout_when(const struct tape_entry *e, char text[TAPE_TIME_SIZE]);

#endif
