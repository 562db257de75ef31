/*
 * server: the shell round the chat's core: sockets, tasks, signals, and their orderly end.
 *
 * The one idea: a task per connection, and one root that outlives them all. State is shared in
 * the open (struct hall), since all tasks run on one thread and none of them waits in the midst
 * of a change.
 *
 *	 signal ---> root                       doorkeeper ---> client task, client task, ...
 *	              |  phase (watch)               |               |   |
 *	              +------------------------------+---------------+---'
 *
 * The end comes in two steps, so that nothing that was accepted is lost: what one client still
 * has to say must have been said before another one stops to listen.
 *
 *	SERVING --signal--> DRAINING ------------------------------> CLOSING ------------------> over
 *	                    nobody new; each client reads what       each client writes what is
 *	                    has arrived, says it, then only listens  queued, says goodbye, ends
 *
 * A second signal ends the process at once; so does, with a line in the log, the end of the time
 * limit.
 */
#ifndef WEFT_APP_SERVER_H
#define WEFT_APP_SERVER_H

#include "app/gate.h"
#include "app/hall.h"
#include "app/log.h"
#include "app/options.h"
#include "weft.h"

enum phase { PHASE_SERVING, PHASE_DRAINING, PHASE_CLOSING };

struct server {
	struct options options;
	struct log log;
	struct hall hall;
	struct gate gate;
	struct tcp_listener listener;
	struct signals signals;
	struct timers *timers; /* of the runtime that it runs on */

	enum phase phase;              /* also sent through: */
	struct watch_sender phase_tx;
	struct watch_receiver phase_rx; /* to be cloned */

	struct client *clients;        /* all whose task is alive */
	unsigned n_reading;            /* of them, those that have not finished reading */
	struct notify finished_reading; /* one of them has */
	unsigned n_refusing;           /* tasks that are telling somebody to come back later */
	uint64_t last_id;              /* of a connection, for the log */
};

/*
 * Listens and blocks the signals. 0, or -errno with one line in *why (static storage) and nothing
 * open.
 */
int server_open(struct server *s, const struct options *o, uint64_t seed, const char **why);

/* Everything is closed; no client may be left. Safe after server_open failed. */
void server_close(struct server *s);

/* The end of the server, as a future: see server.c. */
struct server_end {
	struct co co;
	struct server *server;   /* borrowed */
	struct task *doorkeeper; /* borrowed */
	struct task *client;     /* owned: the one that is being joined */
	struct task_join join;
	struct notified finished;
};

/* Serves until a signal has come and the end is done: the root future. */
struct server_run {
	struct co co;
	struct server *server; /* borrowed */
	struct task *doorkeeper, *impatience;
	struct signals_next signal;
	struct timeout limit;
	struct server_end end;
	int err; /* 0, or -errno of what made serving impossible */
};
struct future *server_run(struct server_run *f, struct server *s);

/* For clients: one more has read all that he will read. */
void server_finished_reading(struct server *s);

/* Does what `news` says: tells the rooms. */
void server_announce(const struct news *news);

#endif
