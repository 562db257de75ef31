/*
 * backtrace: what a suspended future is waiting for, and where in the source it says so.
 *
 * A thread that hangs has a stack to look at. A suspended task has none: what it has are futures
 * that await futures, and each co_await left a record of its place. Following them gives the same
 * picture.
 */
#ifndef WEFT_TASK_BACKTRACE_H
#define WEFT_TASK_BACKTRACE_H

#include <stdio.h>

#include "future/future.h"

/*
 * Prints a line per future, children indented below what awaits them. `depth` is the indentation to
 * start with. Changes nothing. Only while nobody polls or drops the future.
 */
void backtrace_print(FILE *out, struct future *f, unsigned depth);

#endif
