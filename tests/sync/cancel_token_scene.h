/* cancel_token_scene: tokens for tests that leave nothing behind. */
#ifndef WEFT_TESTS_CANCEL_TOKEN_SCENE_H
#define WEFT_TESTS_CANCEL_TOKEN_SCENE_H

#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "sync/cancel_token.h"

/* The first of a test: allocations are counted from here on. */
static inline struct cancel_token root(void)
{
	struct cancel_token t;

	t_mem_begin();
	CHECK_EQ(cancel_token_init(&t), 0);
	return t;
}

static inline struct cancel_token child_of(const struct cancel_token *parent)
{
	struct cancel_token t;

	CHECK_EQ(cancel_token_child(&t, parent), 0);
	return t;
}

static inline void nothing_is_left(void)
{
	CHECK_EQ(t_mem_live(), 0);
}

static inline enum poll start(struct cancelled *c, const struct cancel_token *t, struct t_waker *w)
{
	return t_poll(cancelled(c, t), w);
}

#endif
