/* What must not be done with the primitives says so, by an error where it is called. */
#include "t.h"
#include "t_runtime.h"

#include <errno.h>

#include "executor/block_on_park.h"
#include "future/co.h"
#include "sync/broadcast.h"
#include "sync/mpsc.h"
#include "sync/mutex.h"
#include "sync/oneshot.h"
#include "sync/rwlock.h"

/* BEH sync_panic::broadcast_channel_panic_caller */
/* BEH sync_panic::mpsc_bounded_channel_panic_caller */
TEST(sync_misuse, a_channel_without_room_for_anything_is_refused)
{
	struct broadcast_sender btx;
	struct broadcast_receiver brx;
	struct mpsc_sender tx;
	struct mpsc_receiver rx;

	CHECK_EQ(broadcast_open(&btx, &brx, int, 0, NULL, NULL), -EINVAL);
	CHECK_EQ(mpsc_open(&tx, &rx, int, 0, NULL), -EINVAL);
}

/* BEH sync_panic::rwlock_with_max_readers_panic_caller */
TEST(sync_misuse, more_readers_than_can_be_counted_are_refused)
{
	struct rwlock l;

	CHECK_EQ(rwlock_init(&l, RWLOCK_MAX_READERS + 1), -EINVAL);
	CHECK_EQ(rwlock_init(&l, RWLOCK_MAX_READERS), 0);
}

/* --- Blocking inside a task, which would hold up all the others: nobody waits --- */

static int blocks_on_a_mutex(void)
{
	struct mutex m;
	struct mutex_lock l;

	mutex_init(&m);
	return block_on_park(mutex_lock(&l, &m));
}

static int blocks_on_an_rwlock(void)
{
	struct rwlock l;
	struct rwlock_read r;

	rwlock_init(&l, 1);
	return block_on_park(rwlock_read(&r, &l));
}

static int blocks_on_a_oneshot(void)
{
	struct oneshot_sender tx;
	struct oneshot_receiver rx;
	struct oneshot_recv recv;
	int slot, err;

	CHECK_EQ(oneshot_open(&tx, &rx, int, NULL), 0);
	err = block_on_park(oneshot_recv(&recv, &rx, &slot));
	oneshot_sender_drop(&tx);
	oneshot_receiver_drop(&rx);
	return err;
}

/* Although there is an item to be had at once. */
static int blocks_on_a_channel(size_t capacity, size_t max)
{
	struct mpsc_sender tx;
	struct mpsc_receiver rx;
	struct mpsc_recv one;
	struct mpsc_recv_many many;
	int item = 1, slots[2], err;

	if (capacity)
		CHECK_EQ(mpsc_open(&tx, &rx, int, capacity, NULL), 0);
	else
		CHECK_EQ(mpsc_open_unbounded(&tx, &rx, int, NULL), 0);
	CHECK_EQ(mpsc_try_send(&tx, &item), 0);
	err = block_on_park(max == 1 ? mpsc_recv(&one, &rx, slots) :
				       mpsc_recv_many(&many, &rx, slots, max));
	CHECK_EQ(mpsc_len(&rx), 1);
	mpsc_sender_drop(&tx);
	mpsc_receiver_drop(&rx);
	return err;
}

static int blocks_on_a_bounded_channel(void)
{
	return blocks_on_a_channel(2, 1);
}

static int blocks_on_many_of_a_bounded_channel(void)
{
	return blocks_on_a_channel(2, 2);
}

static int blocks_on_an_unbounded_channel(void)
{
	return blocks_on_a_channel(0, 1);
}

static int blocks_on_many_of_an_unbounded_channel(void)
{
	return blocks_on_a_channel(0, 2);
}

struct blocks {
	struct co co;
	int (*how)(void);
	int err;
};

static enum poll blocks_run(struct co *co, struct context *cx)
{
	struct blocks *const f = co_frame(co, struct blocks);

	co_begin(co);
	f->err = f->how();
	co_end;
}

static struct future *blocks(struct blocks *f, int (*how)(void))
{
	*f = (struct blocks){ .co = co_init(blocks_run), .how = how };
	return &f->co.future;
}

/* BEH sync_panic::mutex_blocking_lock_panic_caller */
/* BEH sync_panic::rwlock_blocking_read_panic_caller */
/* BEH sync_panic::oneshot_blocking_recv_panic_caller */
/* BEH sync_panic::mpsc_bounded_receiver_blocking_recv_panic_caller */
/* BEH sync_panic::mpsc_bounded_receiver_blocking_recv_many_panic_caller */
/* BEH sync_panic::mpsc_unbounded_receiver_blocking_recv_panic_caller */
/* BEH sync_panic::mpsc_unbounded_receiver_blocking_recv_many_panic_caller */
TEST(sync_misuse, blocking_inside_a_task_is_refused_by_every_primitive)
{
	static int (*const ways[])(void) = {
		blocks_on_a_mutex,
		blocks_on_an_rwlock,
		blocks_on_a_oneshot,
		blocks_on_a_bounded_channel,
		blocks_on_many_of_a_bounded_channel,
		blocks_on_an_unbounded_channel,
		blocks_on_many_of_an_unbounded_channel,
	};
	struct runtime *rt = t_runtime();

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct blocks b;

		CHECK_EQ(runtime_block_on(rt, blocks(&b, ways[i])), 0);
		CHECK_EQ(b.err, -EDEADLK);
	}
	runtime_destroy(rt);
}
