/* outbox: a ring of references. See outbox.h. */
#include "app/outbox.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "future/bug.h"

enum { OUTBOX_MIN = 8 };

static struct message **place(const struct outbox *o, uint32_t i)
{
	return &o->ring[(o->head + i) & (o->cap - 1)];
}

static int grow(struct outbox *o)
{
	uint32_t cap = o->cap ? 2 * o->cap : OUTBOX_MIN;
	struct message **ring = mem_alloc_array(cap, sizeof *ring);

	if (!ring)
		return -ENOMEM;
	for (uint32_t i = 0; i < o->n; i++)
		ring[i] = *place(o, i);
	mem_free(o->ring, o->cap * sizeof *o->ring);
	o->ring = ring;
	o->cap = cap;
	o->head = 0;
	return 0;
}

int outbox_push(struct outbox *o, struct message *m)
{
	int err = o->n == o->cap ? grow(o) : 0;

	if (err)
		return err;
	*place(o, o->n++) = m;
	o->bytes += m->len;
	return 0;
}

size_t outbox_gather(const struct outbox *o, struct iovec *iov, size_t max)
{
	size_t n = o->n < max ? o->n : max;

	for (uint32_t i = 0; i < n; i++) {
		const struct message *m = *place(o, i);

		iov[i].iov_base = (char *)m->text;
		iov[i].iov_len = m->len;
	}
	if (n > 0) {
		iov[0].iov_base = (char *)iov[0].iov_base + o->offset;
		iov[0].iov_len -= o->offset;
	}
	return n;
}

void outbox_advance(struct outbox *o, size_t n)
{
	bug_unless(n <= o->bytes);
	o->bytes -= n;
	n += o->offset;
	while (o->n > 0 && n >= (*place(o, 0))->len) {
		n -= (*place(o, 0))->len;
		message_drop(*place(o, 0));
		o->head++;
		o->n--;
	}
	o->offset = n;
}

void outbox_clear(struct outbox *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		message_drop(*place(o, i));
	mem_free(o->ring, o->cap * sizeof *o->ring);
	*o = (struct outbox){ 0 };
}
