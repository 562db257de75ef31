/* The outbox: what is queued leaves in order, byte for byte, however little leaves at a time. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "app/outbox.h"
#include "base/rand.h"

static struct message *text(const char *s)
{
	struct message *m = message_format("%s", s);

	CHECK(m);
	return m;
}

TEST(outbox, what_is_queued_leaves_in_order_at_every_step_size)
{
	static const char *const words[] = { "alpha\n", "b\n", "gamma gamma\n", "\n", "e" };
	const char *whole = "alpha\nb\ngamma gamma\n\ne";

	for (size_t step = 1; step <= strlen(whole); step++) {
		struct outbox o = { 0 };
		char out[64] = "";
		size_t len = 0;

		t_mem_begin();
		for (int i = 0; i < 5; i++)
			CHECK_EQ(outbox_push(&o, text(words[i])), 0);
		CHECK_EQ(o.bytes, strlen(whole));
		while (!outbox_is_empty(&o)) {
			struct iovec iov[2];
			size_t n = outbox_gather(&o, iov, 2), left = step;

			for (size_t i = 0; i < n && left > 0; i++) {
				size_t take = iov[i].iov_len < left ? iov[i].iov_len : left;

				memcpy(out + len, iov[i].iov_base, take);
				len += take;
				left -= take;
			}
			outbox_advance(&o, step - left);
		}
		CHECK_STR(out, whole);
		CHECK_EQ(o.bytes, 0);
		outbox_clear(&o);
		CHECK_EQ(t_mem_live(), 0);
	}
}

TEST(outbox, one_message_in_many_outboxes_is_one_allocation)
{
	struct outbox boxes[3] = { 0 };
	struct message *m;

	t_mem_begin();
	m = text("shared");
	for (int i = 0; i < 3; i++)
		CHECK_EQ(outbox_push(&boxes[i], message_keep(m)), 0);
	CHECK_EQ(count_get(&m->keepers), 4);
	message_drop(m);
	outbox_advance(&boxes[0], 6);
	CHECK_EQ(count_get(&m->keepers), 2);
	for (int i = 0; i < 3; i++)
		outbox_clear(&boxes[i]);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(outbox, no_memory_changes_nothing)
{
	struct outbox o = { 0 };
	struct message *m;

	t_mem_begin();
	for (int i = 0; i < 8; i++)
		CHECK_EQ(outbox_push(&o, text("x")), 0);
	m = text("y");
	t_mem_fail(0);
	CHECK_EQ(outbox_push(&o, m), -ENOMEM);
	CHECK_EQ(o.n, 8);
	CHECK_EQ(o.bytes, 8);
	CHECK_EQ(outbox_push(&o, m), 0);
	CHECK_EQ(o.n, 9);
	outbox_clear(&o);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(outbox, a_long_life_of_random_pushes_and_writes_keeps_every_byte)
{
	struct rand r = { 3 };
	struct outbox o = { 0 };
	unsigned pushed = 0, seen = 0; /* every message is one character, counting up */

	t_mem_begin();
	for (int step = 0; step < 50000; step++) {
		struct iovec iov[16];

		if (rand_below(&r, 2)) {
			CHECK_EQ(outbox_push(&o, message_format("%c%c", pushed % 96 + 32, '\n')), 0);
			pushed++;
		} else {
			size_t n = outbox_gather(&o, iov, 16), bytes = 0;
			size_t take;

			for (size_t i = 0; i < n; i++) {
				if (iov[i].iov_len == 2)
					CHECK_EQ(*(char *)iov[i].iov_base, (char)((seen + i) % 96 + 32));
				bytes += iov[i].iov_len;
			}
			take = bytes ? rand_below(&r, (uint32_t)bytes + 1) : 0;
			seen += (unsigned)((take + (n && iov[0].iov_len == 1)) / 2);
			outbox_advance(&o, take);
		}
		CHECK_EQ(o.n, pushed - seen);
	}
	outbox_clear(&o);
	CHECK_EQ(t_mem_live(), 0);
}
