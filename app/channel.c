/* channel: a broadcast channel in each room. See channel.h. */
#include "app/channel.h"

#include <errno.h>

#include "base/mem.h"

static int clone_heard(void *dst, const void *src)
{
	struct heard *d = dst;

	*d = *(const struct heard *)src;
	message_keep(d->message);
	return 0;
}

static void drop_heard(void *item)
{
	message_drop(((struct heard *)item)->message);
}

int channel_open(struct room *room, unsigned queue)
{
	struct channel *c = mem_alloc(sizeof *c);
	struct broadcast_receiver unused;
	int err;

	if (!c)
		return -ENOMEM;
	*c = (struct channel){ .window = queue > 1 ? queue / 2 : 1 };
	err = broadcast_open(&c->tx, &unused, struct heard, queue, clone_heard, drop_heard);
	if (err) {
		mem_free(c, sizeof *c);
		return err;
	}
	broadcast_receiver_drop(&unused);
	room->shell = c;
	return 0;
}

void channel_close(struct room *room)
{
	struct channel *c = channel_of(room);

	broadcast_sender_drop(&c->tx);
	mem_free(c, sizeof *c);
	room->shell = NULL;
}

struct broadcast_receiver channel_listen(const struct room *room)
{
	return broadcast_subscribe(&channel_of(room)->tx);
}

void channel_say(struct room *room, const struct member *from, struct message *m)
{
	struct channel *c = channel_of(room);
	struct heard item = { m, from };

	if (!m)
		return;
	if (broadcast_send(&c->tx, &item) < 0)
		message_drop(m); /* nobody is there: it stays ours */
	c->n_sent++;
}
