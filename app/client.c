/* client: the task. See client.h; client_in.c and client_out.c are its ears and its mouth. */
#include "app/client.h"

#include <errno.h>

#include "app/reply.h"

enum {
	FAREWELL_MS = 5000,  /* what is queued at the end gets so long to be written */
	LINGER_MS = 1000,    /* and the peer so long to close its side */
	DRAIN_MAX = 8 << 20, /* bytes: Linux lets a socket's receive buffer grow to 6 MiB */
};

/* By enum end: for the log. */
static const char *const reasons[] = { "", "quit", "end of file", "connection error", "idle timeout",
				       "too slow: more is queued than the hard limit",
				       "too slow: it takes nothing that is written", "out of memory",
				       "shutdown" };

/* --- Patience --- */

static uint64_t idle_deadline(const struct client *f)
{
	uint64_t s = f->server->options.idle_timeout_s;

	return s && f->is_reading ? clock_add(f->spoke_ns, clock_ms(s * 1000)) : UINT64_MAX;
}

static uint64_t stuck_deadline(const struct client *f)
{
	uint64_t s = f->server->options.stall_timeout_s;

	return s && !outbox_is_empty(&f->out) ? clock_add(f->moved_ns, clock_ms(s * 1000)) : UINT64_MAX;
}

static uint64_t patience(const struct client *f)
{
	uint64_t idle = idle_deadline(f), stuck = stuck_deadline(f);

	return idle < stuck ? idle : stuck;
}

static void lose_patience(struct client *f)
{
	if (f->end)
		return;
	if (client_now_ns(f) >= stuck_deadline(f)) {
		f->end = END_STUCK;
	} else if (client_now_ns(f) >= idle_deadline(f)) {
		f->end = END_IDLE;
	}
}

/* --- One turn --- */

/*
 * Above the soft limit he is neither listened to nor told of the room: both wait for his reading.
 */
static struct future *next_turn(struct client *f)
{
	bool full = client_has_much_queued(f);

	return select_fair(
		&f->turn, f->n_turns++, watch_changed(&f->on_phase, &f->phase),
		f->is_reading && !full ? tcp_read(&f->on_read, &f->stream, f->buf + 1, CLIENT_READ_MAX) : NULL,
		full ? NULL : broadcast_recv_many(&f->on_room, &f->room, f->heard, CLIENT_HEAR_MAX),
		mpsc_recv_many(&f->on_letters, &f->letters_rx, f->letters, CLIENT_LETTERS_MAX),
		outbox_is_empty(&f->out) ? NULL
					 : readiness(&f->on_room_to_write, &f->stream.source, SOURCE_WRITER),
		delay_until(&f->on_patience, patience(f)));
}

/*
 * The server drains. What the kernel has taken from him was accepted, even if we have not been
 * told yet that it is there: so what is known of readiness is forgotten, and reading goes on
 * until EAGAIN.
 */
static void take_phase(struct client *f)
{
	source_try_again(&f->stream.source, SOURCE_READER);
	if (f->server->phase == PHASE_CLOSING && !f->end)
		f->end = END_SHUTDOWN;
}

static void take_turn(struct client *f)
{
	switch (f->turn.winner) {
	case 0:
		take_phase(f);
		break;
	case 1:
		client_take_read(f, f->on_read.n);
		break;
	case 2:
		if (f->on_room.err == -EOVERFLOW)
			client_tell(f, reply_missed(f->on_room.missed));
		else if (!f->on_room.err)
			client_take_heard(f, f->on_room.n);
		break;
	case 3:
		if (!f->on_letters.err)
			client_take_letters(f, f->on_letters.n);
		break;
	case 5:
		lose_patience(f);
		break;
	default:
		break; /* 4: there is room to write, and every turn ends with a write */
	}
}

/*
 * While the server drains, reading goes on until nothing is there; then it is over. It is over, too,
 * after more than the kernel can have held: who goes on to send must not keep the others from ending.
 */
static bool read_more(struct client *f)
{
	ssize_t n;

	if (f->server->phase == PHASE_SERVING || !f->is_reading || f->end)
		return false;
	n = f->n_drained > DRAIN_MAX ? -EAGAIN : tcp_try_read(&f->stream, f->buf + 1, CLIENT_READ_MAX);
	if (n == -EAGAIN) {
		client_stop_reading(f);
		return false;
	}
	f->n_drained += n > 0 ? (size_t)n : 0;
	client_take_read(f, n);
	return true;
}

/* --- Beginning and end --- */

static void drop_letter(void *item)
{
	message_drop(*(struct message **)item);
}

/* In the hall and welcomed; or there is no memory for him, and he ends. */
static void begin(struct client *f)
{
	struct server *s = f->server;
	struct news news;
	int err = mpsc_open(&f->letters_tx, &f->letters_rx, struct message *, CLIENT_LETTERS_MAX,
			    drop_letter);

	f->phase = watch_receiver_clone(&s->phase_rx);
	f->spoke_ns = client_now_ns(f);
	if (!err)
		err = hall_enter(&s->hall, &f->member, &news);
	if (err) {
		f->end = END_NO_MEMORY;
		return;
	}
	client_tell(f, reply_welcome(&f->member));
	server_announce(&news);
	log_event(&s->log, LOG_LEVEL_INFO, "client joined", log_number("client", (int64_t)f->id),
		  log_text("nick", member_nick(&f->member)));
}

/* An end with which his connection is good for some last words. */
static bool is_amicable(enum end end)
{
	return end == END_QUIT || end == END_EOF || end == END_IDLE || end == END_SHUTDOWN;
}

/*
 * What was said before he leaves is still his; then the last words; then he is no longer in the
 * hall.
 */
static void take_leave(struct client *f)
{
	enum end end = f->end;

	client_stop_reading(f);
	if (!is_amicable(end))
		outbox_clear(&f->out);
	else if (f->member.room)
		client_hear(f, end == END_SHUTDOWN);
	client_take_all_letters(f);
	if (end == END_QUIT)
		client_tell(f, reply_goodbye());
	else if (end == END_IDLE)
		client_tell(f, reply_idle(f->server->options.idle_timeout_s));
	else if (end == END_SHUTDOWN)
		client_tell(f, reply_shutdown());
	else if (end == END_TOO_SLOW || end == END_STUCK)
		client_tell(f, reply_too_slow());
	f->end = end;
}

static void leave_hall(struct client *f)
{
	struct news news;

	if (!f->member.room)
		return;
	hall_leave(&f->server->hall, &f->member, &news);
	if (f->server->phase != PHASE_CLOSING)
		server_announce(&news);
}

static void forget(struct client *f)
{
	struct server *s = f->server;

	if (f->prev)
		f->prev->next = f->next;
	else
		s->clients = f->next;
	if (f->next)
		f->next->prev = f->prev;
	gate_leave(&s->gate, f->host);
	log_event(&s->log, LOG_LEVEL_INFO, "client left", log_number("client", (int64_t)f->id),
		  log_text("nick", member_nick(&f->member)),
		  log_text("reason", slice_of(f->end ? reasons[f->end] : "canceled")));
	task_detach(f->task);
}

/* --- The last words --- */

/*
 * Writes what is queued, then half-closes and waits for the peer to close, too. Closing at once
 * would be wrong when bytes of his are still unread: the kernel would then send a reset, and that
 * may destroy what is on its way to him.
 */
static enum poll farewell_run(struct co *co, struct context *cx)
{
	struct farewell *const w = co_frame(co, struct farewell);
	struct client *const f = w->client;

	co_begin(co);
	w->until_ns = client_now_ns(f) + clock_ms(FAREWELL_MS);
	while (client_flush(f) || !outbox_is_empty(&f->out)) {
		co_await(timeout_at(&w->limit, w->until_ns,
				    readiness(&w->writer, &f->stream.source, SOURCE_WRITER)));
		if (w->limit.expired || w->limit.err)
			co_return;
	}
	if (f->end == END_EOF || !is_amicable(f->end))
		co_return;
	tcp_shutdown_write(&f->stream);
	w->until_ns = client_now_ns(f) + clock_ms(LINGER_MS);
	do {
		co_await(timeout_at(&w->limit, w->until_ns,
				    tcp_read(&w->read, &f->stream, f->buf, sizeof f->buf)));
	} while (!w->limit.expired && !w->limit.err && w->read.n > 0);
	co_end;
}

static struct future *farewell(struct farewell *w, struct client *f)
{
	*w = (struct farewell){ .co = co_init(farewell_run), .client = f };
	return &w->co.future;
}

/* --- The task --- */

static enum poll client_run(struct co *co, struct context *cx)
{
	struct client *const f = co_frame(co, struct client);

	co_begin(co);
	begin(f);
	while (!f->end) {
		client_flush(f);
		co_await(next_turn(f));
		take_turn(f);
		do {
			while (f->in_len > 0 && channel_is_breathless(f->member.room)) {
				f->window_no = channel_window(f->member.room);
				co_await(yield_now(&f->breath));
				channel_breathe(f->member.room, f->window_no);
				client_hear(f, false);
			}
			if (client_do_next_line(f))
				continue;
			if (f->n_drained > 0)
				co_await(yield_now(&f->breath)); /* all have to end in time */
		} while (!f->end && (f->in_len > 0 || read_more(f)));
		client_hear(f, false);
	}
	take_leave(f);
	leave_hall(f);
	co_await(farewell(&f->farewell, f));
	co_finally {
		client_stop_reading(f);
		leave_hall(f);
		outbox_clear(&f->out);
		mpsc_sender_drop(&f->letters_tx);
		mpsc_receiver_drop(&f->letters_rx);
		watch_receiver_drop(&f->phase);
		tcp_close(&f->stream);
		forget(f);
	}
	co_end;
}

static struct future *client(struct client *f, struct server *s, struct tcp_stream stream)
{
	*f = (struct client){ .co = co_init(client_run), .server = s, .stream = stream };
	return &f->co.future;
}

int client_start(struct runtime *rt, struct server *s, struct tcp_stream stream,
		 const unsigned char host[static GATE_HOST_LEN])
{
	struct task *t = spawn(rt, client, s, stream);
	struct client *f;

	if (!t)
		return -ENOMEM;
	f = task_frame(t, struct client);
	f->task = t;
	f->id = ++s->last_id;
	f->member.shell = f;
	memcpy(f->host, host, GATE_HOST_LEN);
	f->is_reading = true;
	s->n_reading++;
	f->next = s->clients;
	if (s->clients)
		s->clients->prev = f;
	s->clients = f;
	return 0;
}
