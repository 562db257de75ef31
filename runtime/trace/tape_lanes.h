/* tape_lanes: what tasks do, in the picture of a tape: boxes, arrows, lines between. Internal. */
#ifndef WEFT_TRACE_TAPE_LANES_H
#define WEFT_TRACE_TAPE_LANES_H

#include <stdio.h>

#include "trace/tape_layout.h"

/* Once: it uses up what a layout knows of the lives of tasks. */
void tape_lanes_draw(FILE *out, struct tape_layout *l);

#endif
