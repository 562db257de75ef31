/*
 * tso: stores that others see only later, as on x86 ("total store order").
 *
 * Each thread has a buffer, first in, first out. A store that is not seq_cst goes there; the thread
 * itself reads it from there; when it reaches memory is a decision like any other. Exchanges,
 * seq_cst stores and fences wait until the buffer is empty, and so does a thread that blocks or
 * ends.
 */
#include <string.h>

#include "explore/engine/engine.h"
#include "explore/engine/race.h"
#include "explore/engine/report.h"

enum { BUFFER_MAX = 16 };

struct buffered {
	void *addr;
	unsigned len;
	uint64_t value;
	struct vclock released;
};

static struct buffer {
	unsigned n;
	struct buffered stores[BUFFER_MAX];
} buffers[THREADS_MAX];

void tso_reset(void)
{
	for (unsigned i = 0; i < THREADS_MAX; i++)
		buffers[i].n = 0;
}

unsigned tso_waiting(void)
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < run.n_threads; i++)
		if (buffers[i].n > 0)
			waiting |= 1u << i;
	return waiting;
}

void tso_flush(unsigned thread)
{
	struct buffer *b = &buffers[thread];
	struct buffered *s = &b->stores[0];

	uint64_t before = 0;

	memcpy(&before, s->addr, s->len);
	memcpy(s->addr, &s->value, s->len);
	race_leave_release(s->addr, before, s->value, &s->released);
	report_flush(thread, s->addr, s->value);
	b->n--;
	memmove(b->stores, b->stores + 1, b->n * sizeof *s);
}

void tso_drain(struct thread *t)
{
	while (buffers[t->id].n > 0)
		tso_flush(t->id);
}

void tso_store(void *addr, unsigned len, uint64_t value, const struct vclock *released)
{
	struct buffer *b = &buffers[run.current->id];

	if (b->n == BUFFER_MAX)
		tso_flush(run.current->id);
	b->stores[b->n++] = (struct buffered){ addr, len, value, *released };
}

bool tso_load(const volatile void *addr, unsigned len, uint64_t *value)
{
	const struct buffer *b = &buffers[run.current->id];

	for (unsigned i = b->n; i-- > 0;) {
		const struct buffered *s = &b->stores[i];

		if (s->addr != (const void *)addr)
			continue;
		if (s->len != len)
			found("explorer", "a buffered store of another size than the load");
		*value = s->value;
		return true;
	}
	return false;
}
