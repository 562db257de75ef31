/*
 * tape: every poll, wake, park, spawn and drop, one line each.
 *
 *	|     0 ms  poll     #1 two_pages
 *	|     0 ms  poll     #1 . fetch
 *	|     0 ms  poll     #1 . . delay
 *	|     0 ms  pending  #1 . . delay
 *	|     0 ms  pending  #1 . fetch                at delay(&f->wire, 20)
 *	|     0 ms  pending  #1 two_pages              at fetch(&f->fetch, "/one")
 *	|     0 ms  park
 *	|    20 ms  wake     #1 two_pages              by a timer
 *
 * The number is the task's, a dot stands for each future around this one, and "at" is what the
 * future awaits, as its source has it. The times are those of the virtual clock; with a real clock
 * there are none, since they would differ from run to run. What belongs to one thread is on the
 * tape: the one that began it (recorder.h says how other threads' wakes come in).
 *
 * The names of the kinds:
 *	spawn               a task is given to the runtime
 *	poll                begins; until its end, whatever it polls is one dot deeper
 *	pending, ready      that poll's end
 *	drop                cancelled while it was live; whatever it had awaited went before it
 *	wake                a waker was called: the task is queued; no news: it was, or it is over
 *	abort               task_abort was called
 *	park                nothing is queued, so the thread sleeps
 *
 * Off, it costs one branch in each of these places (future/probe.h).
 */
#ifndef WEFT_TRACE_TAPE_H
#define WEFT_TRACE_TAPE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * For main: understands --tape, which prints to standard output, between the lines of the program;
 * and --tape=svg, which draws a picture when the program exits, in a file that is called like the
 * program with ".svg" behind, and says so on standard error. Anything else among the arguments ends
 * the program with status 2 and a line that says what was wrong; --help with 0 and a line.
 */
void tape_args(int argc, char **argv);

/*
 * The same for one argument, for programs that have others, too. False: it is none of the tape's.
 * `program` is argv[0].
 */
bool tape_arg(const char *program, const char *arg);

/*
 * Begins to print to `out`, which is borrowed until tape_end. What happens on this thread counts,
 * from now on. 0, or -EBUSY: there is a tape already.
 */
int tape_begin(FILE *out);

/* Begins to draw; tape_end writes the picture to `path`, which is copied. 0, -EBUSY, -ENOMEM. */
int tape_begin_svg(const char *path);

/*
 * Ends the tape; nothing, if none was begun. 0, or -errno of what could not be written: -ENOMEM if
 * the picture had no room for all. -EPERM: another thread began it, and it goes on.
 */
int tape_end(void);

#endif
