/*
 * chat: the least that is a chat server, to be compared with other runtimes' least.
 *
 * The first line of a connection is "JOIN <room>", which is answered "OK <room>"; from then on
 * every line goes byte for byte to all members of the room, the sender included. A line is one
 * message, shared by all who get it (app/message.h); what is queued for a member leaves in one
 * vectored write per turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/message.h"
#include "app/outbox.h"
#include "bench.h"
#include "reactor/readiness.h"

enum {
	READ_MAX = 16 * 1024, /* and so the longest line */
	ROOM_MAX = 64,
	RING = 1024,
	WINDOW = RING / 2, /* see app/channel.h: nobody is overrun who is served in turn */
	TAKE = 256,
	QUEUED_MAX = 4 << 20, /* bytes: above it a member is not read from, nor told more */
};

struct hub {
	struct hub *next;
	char name[ROOM_MAX];
	struct broadcast_sender tx;
	unsigned n_sent;
	uint64_t window_no;
};

static struct hub *hubs;

static int keep(void *dst, const void *src)
{
	struct message **to = dst;

	*to = message_keep(*(struct message *const *)src);
	return 0;
}

static void give_back(void *item)
{
	message_drop(*(struct message **)item);
}

/* Rooms stay: their number is the test's affair. */
static struct hub *find_hub(const char *name, size_t len)
{
	struct broadcast_receiver unused;
	struct hub *h;

	if (len >= ROOM_MAX)
		return NULL;
	for (h = hubs; h; h = h->next)
		if (strlen(h->name) == len && memcmp(h->name, name, len) == 0)
			return h;
	h = calloc(1, sizeof *h);
	if (!h || broadcast_open(&h->tx, &unused, struct message *, RING, keep, give_back) != 0) {
		free(h);
		return NULL;
	}
	broadcast_receiver_drop(&unused);
	memcpy(h->name, name, len);
	h->next = hubs;
	hubs = h;
	return h;
}

struct seat {
	struct co co;
	struct tcp_stream stream; /* owned */
	struct hub *hub;
	struct broadcast_receiver rx;
	struct outbox out;
	bool ended;
	size_t start, end; /* of what is in buf */
	struct select turn;
	unsigned n_turns;
	struct tcp_read read;
	struct broadcast_recv_many recv;
	struct readiness writable;
	struct yield_now breath;
	uint64_t window_no;
	struct message *taken[TAKE];
	char buf[READ_MAX];
};

static void queue(struct seat *f, struct message *m)
{
	if (!m || outbox_push(&f->out, m) != 0) {
		message_drop(m);
		f->ended = true;
	}
}

static void take(struct seat *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		queue(f, f->taken[i]);
}

/*
 * What others said while this turn went on. Being overrun ends a connection: a line would be
 * missing.
 */
static void take_rest(struct seat *f)
{
	while (f->hub && !f->ended && f->out.bytes < QUEUED_MAX) {
		uint64_t missed;
		long n = broadcast_try_recv_many(&f->rx, f->taken, TAKE, &missed);

		if (n <= 0) {
			f->ended = n == -EOVERFLOW;
			return;
		}
		take(f, (size_t)n);
	}
}

static void do_line(struct seat *f, const char *line, size_t len)
{
	struct slice whole = { line, len };
	struct message *m;

	if (f->hub) {
		m = message_of(&whole, 1);
		if (!m || broadcast_send(&f->hub->tx, &m) < 0)
			message_drop(m);
		f->hub->n_sent++;
	} else if (len > 6 && memcmp(line, "JOIN ", 5) == 0 && (f->hub = find_hub(line + 5, len - 6))) {
		f->rx = broadcast_subscribe(&f->hub->tx);
		queue(f, message_format("OK %s\n", f->hub->name));
	} else {
		f->ended = true;
	}
}

static bool do_next_line(struct seat *f)
{
	char *line = f->buf + f->start;
	char *newline = memchr(line, '\n', f->end - f->start);

	if (!newline || f->ended) {
		f->end -= f->start;
		memmove(f->buf, line, f->end);
		f->start = 0;
		return false;
	}
	f->start += (size_t)(newline - line) + 1;
	do_line(f, line, (size_t)(newline - line) + 1);
	return true;
}

static void flush(struct seat *f)
{
	struct iovec iov[TAKE];
	ssize_t n;

	if (outbox_is_empty(&f->out))
		return;
	n = tcp_try_writev(&f->stream, iov, outbox_gather(&f->out, iov, TAKE));
	if (n > 0)
		outbox_advance(&f->out, (size_t)n);
	else if (n != -EAGAIN)
		f->ended = true;
}

static struct future *next_turn(struct seat *f)
{
	bool full = f->out.bytes >= QUEUED_MAX;
	bool reads = !full && f->end < READ_MAX;

	return select_fair(
		&f->turn, f->n_turns++,
		reads ? tcp_read(&f->read, &f->stream, f->buf + f->end, READ_MAX - f->end) : NULL,
		f->hub && !full ? broadcast_recv_many(&f->recv, &f->rx, f->taken, TAKE) : NULL,
		outbox_is_empty(&f->out) ? NULL
					 : readiness(&f->writable, &f->stream.source, SOURCE_WRITER));
}

static void take_turn(struct seat *f)
{
	if (f->turn.winner == 0 && f->read.n > 0)
		f->end += (size_t)f->read.n;
	else if (f->turn.winner == 1 && !f->recv.err)
		take(f, f->recv.n);
	else if (f->turn.winner != 2)
		f->ended = true;
}

static void open_window(struct hub *h, uint64_t window_no)
{
	if (h->window_no == window_no) {
		h->window_no++;
		h->n_sent = 0;
	}
}

static enum poll seat_run(struct co *co, struct context *cx)
{
	struct seat *const f = co_frame(co, struct seat);

	co_begin(co);
	while (!f->ended) {
		co_await(next_turn(f));
		take_turn(f);
		do {
			while (f->hub && f->hub->n_sent >= WINDOW && f->end > f->start) {
				f->window_no = f->hub->window_no;
				co_await(yield_now(&f->breath));
				open_window(f->hub, f->window_no);
				take_rest(f);
			}
		} while (do_next_line(f));
		take_rest(f);
		flush(f);
	}
	co_finally {
		if (f->hub)
			broadcast_receiver_drop(&f->rx);
		outbox_clear(&f->out);
		tcp_close(&f->stream);
	}
	co_end;
}

static struct future *seat(struct seat *f, struct tcp_stream stream)
{
	*f = (struct seat){ .co = co_init(seat_run), .stream = stream };
	return &f->co.future;
}

struct task *chat_connection(struct runtime *rt, struct tcp_stream stream)
{
	return spawn(rt, seat, stream);
}
