/*
 * channel: what is said in a room, on its way to its members.
 *
 * The one idea: each room has a broadcast channel; saying something is one send, however many
 * listen, and each member's task takes from it in its own time. Who falls behind by more than the
 * ring holds misses the oldest, and is told how many. So a slow member costs the others nothing.
 *
 * But nobody should miss anything merely because a fast talker was served first: one read may
 * bring hundreds of lines, and two hundred members may each bring as many before the first of
 * them gets his turn. So a room has a window of half its ring. When it is used up, whoever wants
 * to say more yields: he is then behind every member that was woken, and when he comes back they
 * have all taken what there was. The first who comes back opens the next window; who finds that
 * used up, too, yields again. So at most two windows are unheard by anybody who is served in
 * turn, and that is what the ring holds.
 */
#ifndef WEFT_APP_CHANNEL_H
#define WEFT_APP_CHANNEL_H

#include "app/hall.h"
#include "app/message.h"
#include "sync/broadcast.h"

/* One thing said. The reference belongs to whoever has the struct. */
struct heard {
	struct message *message;
	const struct member *from; /* only to be compared: he may be gone; who said it does not hear it */
};

struct channel {
	struct broadcast_sender tx;
	unsigned window;    /* sends in a window */
	unsigned n_sent;    /* in this one */
	uint64_t window_no; /* which it is */
};

/*
 * For hall_hooks: a room's channel appears and disappears with it. `queue`: messages in its ring.
 */
int channel_open(struct room *room, unsigned queue);
void channel_close(struct room *room);

static inline struct channel *channel_of(const struct room *room)
{
	return room->shell;
}

/* From now on. To be given up by broadcast_receiver_drop. */
struct broadcast_receiver channel_listen(const struct room *room);

/*
 * Says `m`, whose reference is given away, to everybody in the room but `from`. NULL says
 * nothing.
 */
void channel_say(struct room *room, const struct member *from, struct message *m);

/* The window is used up: note its number, yield, and say which one it was to channel_breathe. */
static inline bool channel_is_breathless(const struct room *room)
{
	return channel_of(room)->n_sent >= channel_of(room)->window;
}

static inline uint64_t channel_window(const struct room *room)
{
	return channel_of(room)->window_no;
}

/* Opens the next window, unless somebody else has since `window_no`. */
static inline void channel_breathe(const struct room *room, uint64_t window_no)
{
	struct channel *c = channel_of(room);

	if (c->window_no == window_no) {
		c->window_no++;
		c->n_sent = 0;
	}
}

#endif
