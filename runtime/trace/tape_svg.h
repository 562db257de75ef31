/*
 * tape_svg: the tape as a picture. Internal; programs use tape.h.
 *
 * A picture is for looking at, so it ends somewhere: TAPE_SVG_MAX entries are kept, the rest is
 * counted, and the picture says how many there were. That also bounds its memory.
 */
#ifndef WEFT_TRACE_TAPE_SVG_H
#define WEFT_TRACE_TAPE_SVG_H

#include <stddef.h>
#include <stdio.h>

#include "trace/recorder.h"

enum { TAPE_SVG_MAX = 2000 };

struct tape_svg {
	struct recorder_sink sink;
	struct tape_entry *entries;
	size_t n, max;
	size_t n_missing; /* came after those */
	bool is_cut;      /* no memory for more: that is why */
};

/* Keeps each entry. */
void tape_svg_init(struct tape_svg *t);

/*
 * Draws what was kept. 0; or -ENOMEM: there was no memory for all, or none to draw. Even then what
 * is written is a picture, and says so.
 */
int tape_svg_draw(const struct tape_svg *t, FILE *out);

void tape_svg_fini(struct tape_svg *t);

#endif
