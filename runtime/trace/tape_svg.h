/* tape_svg: the tape as a picture. Internal; programs use tape.h. */
#ifndef WEFT_TRACE_TAPE_SVG_H
#define WEFT_TRACE_TAPE_SVG_H

#include <stddef.h>
#include <stdio.h>

#include "trace/recorder.h"

struct tape_svg {
	struct recorder_sink sink;
	struct tape_entry *entries;
	size_t n, max;
	bool is_cut; /* no memory for all: what is there is the beginning */
};

/* Keeps each entry. */
void tape_svg_init(struct tape_svg *t);

/* Draws what was kept. While the recording lasts: it asks for the names of lanes. */
void tape_svg_draw(const struct tape_svg *t, FILE *out);

void tape_svg_fini(struct tape_svg *t);

#endif
