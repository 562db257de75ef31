/*
 * client: one connection, from its welcome to its end.
 *
 * The one idea: a client waits for everything at once (a line, something said in his room,
 * something said to him alone, room to write, the end of his or our patience), does what the turn
 * brought, and then lets everything that is queued for him go in one vectored write. So it is the
 * kernel, and not the number of messages, that decides how many system calls there are.
 *
 *	      +---> wait for the first of six ---> read lines, do them ---> hear the room ---> write --+
 *	      |                                                                                     |
 *	      +-------------------------------------------------------------------------------------+
 *	                                             | a reason to end
 *	                         leave the hall ---> write what is left ---> half-close, linger ---> close
 *
 * What bounds his memory: above the soft limit of queued bytes he is not listened to, and hears
 * no more of the room, whose ring then overruns him (and he is told how much he missed); letters
 * from others come through a queue of 64, whose senders are told when it is full; and above the
 * hard limit, or when no byte has left for as long as --stall-timeout says, he is disconnected.
 */
#ifndef WEFT_APP_CLIENT_H
#define WEFT_APP_CLIENT_H

#include "app/channel.h"
#include "app/line.h"
#include "app/outbox.h"
#include "app/server.h"
#include "app/telnet.h"

enum {
	CLIENT_READ_MAX = 4096, /* bytes in one read */
	CLIENT_HEAR_MAX = 64,   /* messages taken from the room at a time */
	CLIENT_LETTERS_MAX = 64,
};

/* Why it ends. The order is that of `ends` in client.c. */
enum end {
	END_NOT_YET, END_QUIT, END_EOF, END_ERROR, END_IDLE, END_TOO_SLOW, END_STUCK, END_NO_MEMORY,
	END_SHUTDOWN,
};

/* The end of a connection: what is queued is written, and the peer gets time to close. */
struct farewell {
	struct co co;
	struct client *client;
	uint64_t until_ns;
	struct readiness writer;
	struct tcp_read read;
	struct timeout limit;
};

struct client {
	struct co co;
	struct server *server; /* borrowed */
	struct task *task;     /* its own handle, given up at the end unless the server took it */
	struct client *next, *prev;
	uint64_t id;
	struct member member;
	unsigned char host[GATE_HOST_LEN];
	enum end end;
	size_t n_drained;         /* bytes read since the server began to end */
	bool is_reading;          /* more may be read: no end of file yet, and no shutdown */

	struct tcp_stream stream; /* owned */
	struct telnet telnet;
	struct line line;
	const char *in;           /* what was read and is not yet done: in_len bytes in buf */
	size_t in_len;
	struct outbox out;
	struct broadcast_receiver room;      /* what is said in his room */
	struct mpsc_sender letters_tx;       /* what is said to him alone: others send here */
	struct mpsc_receiver letters_rx;
	struct watch_receiver phase;
	uint64_t spoke_ns, moved_ns;         /* his last line; the last byte that left, or began to wait */

	struct select turn;
	unsigned n_turns;
	struct watch_changed on_phase;
	struct tcp_read on_read;
	struct broadcast_recv_many on_room;
	struct mpsc_recv_many on_letters;
	struct readiness on_room_to_write;
	struct delay on_patience;
	struct yield_now breath;             /* between two windows of his room: see channel.h */
	uint64_t window_no;
	struct farewell farewell;

	struct heard heard[CLIENT_HEAR_MAX];
	struct message *letters[CLIENT_LETTERS_MAX];
	char buf[CLIENT_READ_MAX + 1]; /* telnet.h says why one more */
};

/*
 * Starts the task of a connection that the gate has let in from `host`, and makes it known to the
 * server. 0: the stream is the task's; -ENOMEM: it is still yours.
 */
int client_start(struct runtime *rt, struct server *s, struct tcp_stream stream,
		 const unsigned char host[static GATE_HOST_LEN]);

/* --- client_out.c --- */

/* Queues a message for him, whose reference is given away; NULL stands for "no memory". */
void client_tell(struct client *f, struct message *m);

/* Above the soft limit. */
bool client_has_much_queued(const struct client *f);

/*
 * One vectored write. True if it is worth another one at once: something is left, and none would
 * wait.
 */
bool client_flush(struct client *f);

/* Takes what was said in his room: up to the soft limit, or all of it. */
void client_hear(struct client *f, bool all);

/* What came to f->heard and f->letters. */
void client_take_heard(struct client *f, size_t n);
void client_take_letters(struct client *f, size_t n);

/* What others wrote to him and he has not been told yet. */
void client_take_all_letters(struct client *f);

/* --- client_in.c --- */

/* What tcp_read said, with the bytes in buf + 1. */
void client_take_read(struct client *f, ssize_t n);

/* Does the next line of what was read. False: there is none left. */
bool client_do_next_line(struct client *f);

/* No more is read. Once is enough. */
void client_stop_reading(struct client *f);

/* --- conduct.c --- */

/* Does what the line in f->line says. */
void client_do_line(struct client *f);

/* --- Inline --- */

static inline uint64_t client_now_ns(const struct client *f)
{
	return timers_now_ns(f->server->timers);
}

static inline struct client *client_of(const struct member *m)
{
	return m->shell;
}

#endif
