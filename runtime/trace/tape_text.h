/* tape_text: the tape as lines. Internal; programs use tape.h. */
#ifndef WEFT_TRACE_TAPE_TEXT_H
#define WEFT_TRACE_TAPE_TEXT_H

#include <stdio.h>

#include "trace/recorder.h"

struct tape_text {
	struct recorder_sink sink;
	FILE *out; /* borrowed */
};

/* Prints each entry as it comes. */
void tape_text_init(struct tape_text *t, FILE *out);

#endif
