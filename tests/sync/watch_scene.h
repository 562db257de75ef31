/* watch_scene: what tests of the watch have in common. Values are ints. */
#ifndef WEFT_TESTS_WATCH_SCENE_H
#define WEFT_TESTS_WATCH_SCENE_H

#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/watch.h"

struct scene {
	struct watch_sender tx;
	struct watch_receiver rx, rx2;
	struct watch_changed changed, changed2;
	struct watch_closed closed;
	struct t_waker a, b;
	int value;
};

/* One sender, one receiver; rx2 is for a second one. */
static inline void begin(struct scene *s, int initial)
{
	t_mem_begin();
	*s = (struct scene){ .value = -1 };
	CHECK_EQ(watch_open(&s->tx, &s->rx, int, &initial, NULL, NULL), 0);
}

/* Gives up what is left of the handles; then nothing may be left of the channel. */
static inline void end(struct scene *s)
{
	watch_sender_drop(&s->tx);
	watch_receiver_drop(&s->rx);
	watch_receiver_drop(&s->rx2);
	CHECK_EQ(t_held(&s->a) + t_held(&s->b), 0);
	CHECK_EQ(t_mem_live(), 0);
}

static inline int get(struct watch_receiver *rx)
{
	int value = -1;

	CHECK_EQ(watch_get(rx, &value), 0);
	return value;
}

static inline void send(struct scene *s, int value)
{
	CHECK_EQ(watch_send(&s->tx, &value), 0);
}

static inline bool is_at_least(const void *item, void *arg)
{
	return *(const int *)item >= *(int *)arg;
}

#endif
