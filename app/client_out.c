/* client_out: what goes out to a client. See client.h. */
#include <errno.h>

#include "app/client.h"
#include "app/reply.h"

enum { GATHER_MAX = 256 }; /* pieces in one write */

void client_tell(struct client *f, struct message *m)
{
	if (!m || outbox_push(&f->out, m) != 0) {
		message_drop(m);
		f->end = f->end ? f->end : END_NO_MEMORY;
		return;
	}
	if (f->out.bytes == m->len)
		f->moved_ns = client_now_ns(f); /* it begins to wait */
	if (f->out.bytes > f->server->options.hard_limit && !f->end)
		f->end = END_TOO_SLOW;
}

bool client_has_much_queued(const struct client *f)
{
	return f->out.bytes > f->server->options.soft_limit;
}

/* One vectored write. True unless it would have had to wait, or there is no sense in another. */
bool client_flush(struct client *f)
{
	struct iovec iov[GATHER_MAX];
	size_t n = outbox_gather(&f->out, iov, GATHER_MAX);
	ssize_t written;

	if (n == 0)
		return false;
	written = tcp_try_writev(&f->stream, iov, n);
	if (written == -EAGAIN)
		return false;
	if (written < 0) {
		f->end = END_ERROR;
		outbox_clear(&f->out);
		return false;
	}
	outbox_advance(&f->out, (size_t)written);
	f->moved_ns = client_now_ns(f);
	return !outbox_is_empty(&f->out);
}

void client_take_heard(struct client *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (f->heard[i].from == &f->member)
			message_drop(f->heard[i].message);
		else
			client_tell(f, f->heard[i].message);
	}
}

/* Takes what there is, up to the soft limit: what stays is the ring's to keep, or to overrun. */
void client_hear(struct client *f, bool all)
{
	while (all || !client_has_much_queued(f)) {
		uint64_t missed = 0;
		long n = broadcast_try_recv_many(&f->room, f->heard, CLIENT_HEAR_MAX, &missed);

		if (n == -EOVERFLOW)
			client_tell(f, reply_missed(missed));
		else if (n <= 0)
			return;
		else
			client_take_heard(f, (size_t)n);
	}
}

void client_take_letters(struct client *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		client_tell(f, f->letters[i]);
}

void client_take_all_letters(struct client *f)
{
	long n;

	if (!f->letters_rx.chan)
		return;
	while ((n = mpsc_try_recv_many(&f->letters_rx, f->letters, CLIENT_LETTERS_MAX)) > 0)
		client_take_letters(f, (size_t)n);
}
