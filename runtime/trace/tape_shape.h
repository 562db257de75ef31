/*
 * tape_shape: how things in the picture of a tape look. Internal.
 *
 * The one idea: nothing is told by colour alone. A pending poll has a dashed outline and dots, a
 * ready one a thick outline and a tick, a drop a cross; arrows differ in their heads and dashes.
 * The legend draws the same shapes as the picture does.
 */
#ifndef WEFT_TRACE_TAPE_SHAPE_H
#define WEFT_TRACE_TAPE_SHAPE_H

#include <stdio.h>

#define TAPE_INK "#1f2933"
#define TAPE_GREY "#5f6b76"
#define TAPE_PALE "#b6bfc7"
#define TAPE_RED "#b3301f"

/* A rectangle; `right` and `bottom` are just outside. */
struct tape_box {
	int left, top, right, bottom;
};

/* A poll or a drop. TAPE_LOOK_OPEN: a poll whose end is not known. */
enum tape_look { TAPE_LOOK_PENDING, TAPE_LOOK_READY, TAPE_LOOK_DROP, TAPE_LOOK_OPEN };

/* With a name, and behind it what it waits for, or NULL; of both, as much as there is room for. */
void tape_shape_box(FILE *out, const struct tape_box *b, enum tape_look look, const char *name,
		    const char *at);

enum tape_arrow { TAPE_ARROW_WAKE, TAPE_ARROW_NO_NEWS, TAPE_ARROW_SPAWN, TAPE_ARROW_ABORT };
enum tape_direction { TAPE_RIGHT = 0, TAPE_DOWN = 90, TAPE_UP = -90 };

/* A line, which begins with a dot of this radius. */
void tape_shape_down(FILE *out, enum tape_arrow a, int x, int from, int to, int radius);

/* The same, but it comes out of a box that has ended, on the left. */
void tape_shape_elbow(FILE *out, enum tape_arrow a, int left, int x, int from, int to);

/* From the edge of a box back to it. */
void tape_shape_loop(FILE *out, enum tape_arrow a, int x, int y);

/* For the legend. */
void tape_shape_right(FILE *out, enum tape_arrow a, int from, int to, int y);

/* What a task does between its polls. */
enum tape_life { TAPE_LIFE_NONE, TAPE_LIFE_IDLE, TAPE_LIFE_QUEUED, TAPE_LIFE_POLLED };

void tape_shape_life(FILE *out, enum tape_life life, int from, int to, int y);

/* A column in which the thread sleeps. */
void tape_shape_park(FILE *out, int x, int width, int top, int bottom);

/* An axis, and where it is broken, with a line down through all rows. */
void tape_shape_axis(FILE *out, int from, int to, int y);
void tape_shape_break(FILE *out, int x, int y, int bottom);

#endif
