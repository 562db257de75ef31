/*
 * signals: Ctrl+C and its relatives as a future.
 *
 * The one idea: the signals are blocked, so that they interrupt nobody, and read from a signalfd
 * like data from any other descriptor. No handler, and so none of the rules for handlers.
 *
 * A signal mask belongs to a thread and is inherited: open before any thread is started, or a
 * signal may find one that does not block it. A signal is read once: where several want to know of
 * it, one task reads and tells the others (sync/watch.h).
 */
#ifndef WEFT_NET_SIGNALS_H
#define WEFT_NET_SIGNALS_H

#include <signal.h>
#include <sys/select.h> /* sigset_t, in strict C, too */

#include "future/future.h"
#include "reactor/source.h"

struct signals {
	struct source source; /* zeroed: closed */
	sigset_t blocked;     /* by us: what closing unblocks again */
};

/*
 * Blocks `set` in the calling thread and collects its signals from now on. 0, or -errno with
 * nothing changed and `*s` zeroed: -EINVAL (SIGKILL or SIGSTOP, which nobody can catch), -EMFILE,
 * -ENOMEM.
 */
int signals_open(struct signals *s, const sigset_t *set);

/*
 * Stops, and unblocks again what signals_open has blocked, on the calling thread: one that has
 * arrived and was not read then does what it would have done without us. Zeroed ones are allowed.
 */
void signals_close(struct signals *s);

struct signals_next {
	struct future future;
	struct signals *signals;
	int signo; /* SIGINT... */
	int err;   /* 0 or -errno */
};

/* Waits for one signal of the set. Borrows `s`. Dropped while pending, it loses none. */
struct future *signals_next(struct signals_next *n, struct signals *s);

#endif
