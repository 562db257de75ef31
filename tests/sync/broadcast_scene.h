/* broadcast_scene: what the tests of the channel have in common. Items are longs. */
#ifndef WEFT_TESTS_BROADCAST_SCENE_H
#define WEFT_TESTS_BROADCAST_SCENE_H

#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/broadcast.h"

/* Two receivers at most, and two wakers to poll under. */
struct scene {
	struct broadcast_sender tx;
	struct broadcast_receiver rx, rx2;
	struct broadcast_recv recv, recv2;
	struct broadcast_recv_many many;
	struct broadcast_closed closed;
	struct t_waker a, b;
	long value, values[4];
};

static inline void begin_with(struct scene *s, size_t capacity, int (*clone)(void *, const void *),
			      void (*drop)(void *))
{
	t_mem_begin();
	*s = (struct scene){ .value = -1 };
	CHECK_EQ(broadcast_open(&s->tx, &s->rx, long, capacity, clone, drop), 0);
}

static inline void begin(struct scene *s, size_t capacity)
{
	begin_with(s, capacity, NULL, NULL);
}

/* Gives up what is left of the handles; then nothing may be left of the channel. */
static inline void end(struct scene *s)
{
	broadcast_sender_drop(&s->tx);
	broadcast_receiver_drop(&s->rx);
	broadcast_receiver_drop(&s->rx2);
	CHECK_EQ(t_held(&s->a) + t_held(&s->b), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static inline void send(struct scene *s, long value, long n)
{
	CHECK_EQ(broadcast_send(&s->tx, &value), n);
}

static inline void hears(struct broadcast_receiver *rx, long expected)
{
	long value = -1;

	CHECK_EQ(broadcast_try_recv(rx, &value, NULL), 0);
	CHECK_EQ(value, expected);
}

static inline void misses(struct broadcast_receiver *rx, uint64_t expected)
{
	uint64_t missed = 0;
	long value;

	CHECK_EQ(broadcast_try_recv(rx, &value, &missed), -EOVERFLOW);
	CHECK_EQ(missed, expected);
}

/* What a receiver says that has nothing to read. */
static inline int says(struct broadcast_receiver *rx)
{
	long value;

	return broadcast_try_recv(rx, &value, NULL);
}

#endif
