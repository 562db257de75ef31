/* server: the root, the doorkeeper, and the orderly end. See server.h. */
#define _GNU_SOURCE 1 /* sigset functions */
#include "app/server.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/client.h"
#include "app/reply.h"

enum {
	BACKLOG = 1024,
	BACKOFF_MIN_MS = 10,    /* when accepting fails; doubled each time */
	BACKOFF_MAX_MS = 1000,
	REFUSING_MAX = 64,      /* tasks that tell somebody to come back later; beyond it nothing is said */
	REFUSAL_MS = 1000,
};

/* --- The rooms --- */

static int open_room(struct room *room, void *arg)
{
	return channel_open(room, ((struct server *)arg)->options.queue);
}

static void close_room(struct room *room, void *arg)
{
	(void)arg;
	channel_close(room);
}

static void join_room(struct room *room, struct member *m, void *arg)
{
	(void)arg;
	client_of(m)->room = channel_listen(room);
}

static void leave_room(struct room *room, struct member *m, void *arg)
{
	(void)room, (void)arg;
	broadcast_receiver_drop(&client_of(m)->room);
}

static const struct hall_hooks hooks = {
	.open = open_room, .leave = leave_room, .join = join_room, .close = close_room
};

void server_announce(const struct news *news)
{
	for (unsigned i = 0; i < news->n; i++)
		channel_say(news->item[i].room, news->who, reply_news(news, &news->item[i]));
}

/* --- Refusals --- */

/* Says one line and closes, without leaving unread bytes behind: see farewell in client.c. */
struct refusal {
	struct co co;
	struct server *server;
	struct tcp_stream stream; /* owned */
	struct message *text;     /* owned; NULL: no memory, nothing is said */
	uint64_t until_ns;
	struct tcp_write_all write;
	struct tcp_read read;
	struct timeout limit;
	char buf[256];
};

static enum poll refusal_run(struct co *co, struct context *cx)
{
	struct refusal *const f = co_frame(co, struct refusal);

	co_begin(co);
	f->until_ns = timers_now_ns(f->server->timers) + clock_ms(REFUSAL_MS);
	if (!f->text)
		co_return;
	co_await(timeout_at(&f->limit, f->until_ns,
			    tcp_write_all(&f->write, &f->stream, f->text->text, f->text->len)));
	tcp_shutdown_write(&f->stream);
	do {
		co_await(timeout_at(&f->limit, f->until_ns,
				    tcp_read(&f->read, &f->stream, f->buf, sizeof f->buf)));
	} while (!f->limit.expired && !f->limit.err && f->read.n > 0);
	co_finally {
		message_drop(f->text);
		tcp_close(&f->stream);
		f->server->n_refusing--;
	}
	co_end;
}

static struct future *refusal(struct refusal *f, struct server *s, struct tcp_stream stream,
			      struct message *text)
{
	*f = (struct refusal){
		.co = co_init(refusal_run), .server = s, .stream = stream, .text = text
	};
	return &f->co.future;
}

static struct message *why_refused(const struct server *s, int err)
{
	if (err == -EUSERS)
		return reply_full(s->options.max_clients);
	if (err == -EDQUOT)
		return reply_address_full(s->options.max_per_address);
	return reply_failed(err);
}

static void refuse(struct runtime *rt, struct server *s, struct tcp_accept *a, int err)
{
	char peer[ADDRESS_TEXT_LEN];
	struct message *text = why_refused(s, err);
	struct task *t = s->n_refusing < REFUSING_MAX ? spawn(rt, refusal, s, a->stream, text) : NULL;

	log_event(&s->log, LOG_LEVEL_WARN, "connection refused",
		  log_text("peer", slice_of(address_text(&a->peer, peer))),
		  log_text("reason", slice_of(strerror(-err))));
	if (!t) {
		if (text)
			tcp_try_write(&a->stream, text->text, text->len);
		message_drop(text);
		tcp_close(&a->stream);
		return;
	}
	s->n_refusing++;
	task_detach(t);
}

/* --- The doorkeeper --- */

struct doorkeeper {
	struct co co;
	struct server *server;
	uint64_t backoff_ms;
	struct watch_receiver phase;
	struct watch_changed on_phase;
	struct tcp_accept accept;
	struct delay pause;
	struct select turn;
};

static void admit(struct runtime *rt, struct server *s, struct tcp_accept *a)
{
	unsigned char host[GATE_HOST_LEN];
	int err;

	address_host(&a->peer, host);
	err = gate_enter(&s->gate, host);
	if (err) {
		refuse(rt, s, a, err);
		return;
	}
	tcp_nodelay(&a->stream, true);
	err = client_start(rt, s, a->stream, host);
	if (err) {
		gate_leave(&s->gate, host);
		refuse(rt, s, a, err);
	}
}

/*
 * A connection that broke while it queued costs nothing; when something has run out it is waited
 * for.
 */
static void note_failure(struct doorkeeper *f)
{
	struct server *s = f->server;

	if (f->accept.err == -ECONNABORTED || f->accept.err == -EPROTO)
		return;
	f->backoff_ms = f->backoff_ms ? 2 * f->backoff_ms : BACKOFF_MIN_MS;
	if (f->backoff_ms > BACKOFF_MAX_MS)
		f->backoff_ms = BACKOFF_MAX_MS;
	log_event(&s->log, LOG_LEVEL_WARN, "cannot accept, trying again later",
		  log_text("reason", slice_of(strerror(-f->accept.err))),
		  log_number("pause_ms", (int64_t)f->backoff_ms));
}

static enum poll doorkeeper_run(struct co *co, struct context *cx)
{
	struct doorkeeper *const f = co_frame(co, struct doorkeeper);

	co_begin(co);
	f->phase = watch_receiver_clone(&f->server->phase_rx);
	while (f->server->phase == PHASE_SERVING) {
		co_await(select_first(&f->turn, watch_changed(&f->on_phase, &f->phase),
				      tcp_accept(&f->accept, &f->server->listener)));
		if (f->turn.winner == 0)
			continue;
		if (!f->accept.err) {
			f->backoff_ms = 0;
			admit(cx->rt, f->server, &f->accept);
			continue;
		}
		note_failure(f);
		if (f->backoff_ms)
			co_await(select_first(&f->turn, watch_changed(&f->on_phase, &f->phase),
					      delay(&f->pause, f->backoff_ms)));
	}
	co_finally {
		watch_receiver_drop(&f->phase);
		tcp_listener_close(&f->server->listener);
	}
	co_end;
}

static struct future *doorkeeper(struct doorkeeper *f, struct server *s)
{
	*f = (struct doorkeeper){ .co = co_init(doorkeeper_run), .server = s };
	return &f->co.future;
}

/* --- The end --- */

static void set_phase(struct server *s, enum phase phase)
{
	s->phase = phase;
	watch_send(&s->phase_tx, &phase);
}

void server_finished_reading(struct server *s)
{
	s->n_reading--;
	notify_one(&s->finished_reading);
}

/* DRAINING, then CLOSING, then every client task is joined. */
static enum poll server_end_run(struct co *co, struct context *cx)
{
	struct server_end *const f = co_frame(co, struct server_end);

	co_begin(co);
	set_phase(f->server, PHASE_DRAINING);
	co_await(task_join(&f->join, f->doorkeeper));
	while (f->server->n_reading > 0)
		co_await(notified(&f->finished, &f->server->finished_reading));
	set_phase(f->server, PHASE_CLOSING);
	while (f->server->clients) {
		f->client = f->server->clients->task;
		f->server->clients->task = NULL;
		co_await(task_join(&f->join, f->client));
		task_detach(f->client);
		f->client = NULL;
	}
	co_finally {
		task_detach(f->client);
	}
	co_end;
}

static struct future *server_end(struct server_end *f, struct server *s, struct task *doorkeeper)
{
	*f = (struct server_end){
		.co = co_init(server_end_run), .server = s, .doorkeeper = doorkeeper
	};
	return &f->co.future;
}

static bool is_order_to_end(int signo)
{
	return signo == SIGINT || signo == SIGTERM;
}

/* While the server ends: a second order ends the process as it is. */
struct impatience {
	struct co co;
	struct server *server;
	struct signals_next signal;
};

static enum poll impatience_run(struct co *co, struct context *cx)
{
	struct impatience *const f = co_frame(co, struct impatience);

	co_begin(co);
	do {
		co_await(signals_next(&f->signal, &f->server->signals));
		if (f->signal.err)
			co_return;
	} while (!is_order_to_end(f->signal.signo));
	log_event(&f->server->log, LOG_LEVEL_WARN, "second signal: ending at once",
		  log_number("signal", f->signal.signo));
	_exit(128 + f->signal.signo);
	co_end;
}

static struct future *impatience(struct impatience *f, struct server *s)
{
	*f = (struct impatience){ .co = co_init(impatience_run), .server = s };
	return &f->co.future;
}

/* --- The root --- */

static void note_end(struct server *s, bool in_time)
{
	unsigned n = 0;

	for (const struct client *c = s->clients; c; c = c->next)
		n++;
	if (in_time)
		log_write(&s->log, LOG_LEVEL_INFO, "ended: every client was served to the end", NULL, 0);
	else
		log_event(&s->log, LOG_LEVEL_WARN, "ended by the time limit", log_number("clients_cut_off", n));
}

/* SIGHUP asks whether all is well; SIGQUIT, what everybody is doing. */
static void note_signal(struct runtime *rt, const struct server *s, int signo)
{
	if (signo == SIGHUP)
		log_event(&s->log, LOG_LEVEL_INFO, "still here", log_number("clients", s->gate.n),
			  log_number("rooms", s->hall.n_rooms));
	if (signo == SIGQUIT)
		runtime_dump(rt, stderr);
}

static enum poll server_run_run(struct co *co, struct context *cx)
{
	struct server_run *const f = co_frame(co, struct server_run);

	co_begin(co);
	f->server->timers = cx->rt->timers;
	f->doorkeeper = spawn(cx->rt, doorkeeper, f->server);
	f->err = f->doorkeeper ? 0 : -ENOMEM;
	while (!f->err && !is_order_to_end(f->signal.signo)) {
		co_await(signals_next(&f->signal, &f->server->signals));
		f->err = f->signal.err;
		note_signal(cx->rt, f->server, f->signal.signo);
	}
	if (f->err)
		co_return;
	log_event(&f->server->log, LOG_LEVEL_INFO, "ending", log_number("signal", f->signal.signo),
		  log_number("clients", f->server->gate.n));
	f->impatience = spawn(cx->rt, impatience, f->server);
	co_await(timeout(&f->limit, 1000ull * f->server->options.shutdown_timeout_s,
			 server_end(&f->end, f->server, f->doorkeeper)));
	note_end(f->server, !f->limit.expired);
	co_finally {
		task_detach(f->doorkeeper);
		task_detach(f->impatience);
	}
	co_end;
}

struct future *server_run(struct server_run *f, struct server *s)
{
	*f = (struct server_run){ .co = co_init(server_run_run), .server = s };
	return &f->co.future;
}

/* --- Opening and closing --- */

static int open_signals(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	return signals_open(&s->signals, &set);
}

int server_open(struct server *s, const struct options *o, uint64_t seed, const char **why)
{
	char address[ADDRESS_TEXT_LEN];
	enum phase phase = PHASE_SERVING;
	int err;

	*s = (struct server){ .options = *o, .log = { o->log_level, o->log_format, STDERR_FILENO } };
	hall_init(&s->hall, &hooks, s, seed);
	gate_init(&s->gate, o->max_clients, o->max_per_address, seed);
	notify_init(&s->finished_reading);
	*why = "no memory";
	err = watch_open(&s->phase_tx, &s->phase_rx, enum phase, &phase, NULL, NULL);
	if (!err) {
		*why = "cannot listen";
		err = tcp_listen(&s->listener, address_text(&o->listen, address), BACKLOG);
	}
	if (!err) {
		*why = "cannot receive signals";
		err = open_signals(s);
	}
	if (err)
		server_close(s);
	return err;
}

void server_close(struct server *s)
{
	tcp_listener_close(&s->listener);
	signals_close(&s->signals);
	watch_sender_drop(&s->phase_tx);
	watch_receiver_drop(&s->phase_rx);
	gate_close(&s->gate);
	hall_close(&s->hall);
}
