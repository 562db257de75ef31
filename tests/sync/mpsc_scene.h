/* mpsc_scene: what the tests of the channel have in common. Items are ints. */
#ifndef WEFT_TESTS_MPSC_SCENE_H
#define WEFT_TESTS_MPSC_SCENE_H

#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/mpsc.h"

/* One sender, one receiver. Capacity 0: unbounded. */
struct scene {
	struct mpsc_sender tx;
	struct mpsc_receiver rx;
};

static inline struct scene scene_with_drop(size_t capacity, void (*drop_item)(void *item))
{
	struct scene s;

	t_mem_begin();
	if (capacity)
		CHECK_EQ(mpsc_open(&s.tx, &s.rx, int, capacity, drop_item), 0);
	else
		CHECK_EQ(mpsc_open_unbounded(&s.tx, &s.rx, int, drop_item), 0);
	return s;
}

static inline struct scene scene(size_t capacity)
{
	return scene_with_drop(capacity, NULL);
}

/* Gives up what is left of both handles; then nothing may be left of the channel. */
static inline void scene_end(struct scene *s)
{
	mpsc_sender_drop(&s->tx);
	mpsc_receiver_drop(&s->rx);
	CHECK_EQ(t_mem_live(), 0);
}

static inline void send(struct scene *s, int value)
{
	CHECK_EQ(mpsc_try_send(&s->tx, &value), 0);
}

static inline void send_fails(struct scene *s, int err)
{
	int value = -1;

	CHECK_EQ(mpsc_try_send(&s->tx, &value), err);
}

static inline void receive(struct scene *s, int expected)
{
	int value = -1;

	CHECK_EQ(mpsc_try_recv(&s->rx, &value), 0);
	CHECK_EQ(value, expected);
}

static inline void receive_fails(struct scene *s, int err)
{
	int value;

	CHECK_EQ(mpsc_try_recv(&s->rx, &value), err);
}

static inline struct mpsc_permit reserve(struct scene *s, size_t n)
{
	struct mpsc_permit permit;

	CHECK_EQ(mpsc_try_reserve(&s->tx, n, &permit), 0);
	return permit;
}

static inline void reserve_fails(struct scene *s, size_t n, int err)
{
	struct mpsc_permit permit;

	CHECK_EQ(mpsc_try_reserve(&s->tx, n, &permit), err);
	CHECK_PTR(permit.chan, NULL);
}

#endif
