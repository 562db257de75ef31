/* slab: chunks, and free lists by size. See slab.h. */
#include "task/slab.h"

#include "future/bug.h"

/*
 * Recycled memory hides uses after free from AddressSanitizer, so it is told: behind the first
 * SLAB_KEPT bytes a free slot must not be touched.
 */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define SLAB__POISONS 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined SLAB__POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, len) ((void)(p), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(p, len) ((void)(p), (void)(len))
#endif

static size_t round_up(size_t len)
{
	return (len + SLAB_STEP - 1) / SLAB_STEP * SLAB_STEP;
}

static unsigned class_of(size_t slot_len)
{
	return (unsigned)(slot_len / SLAB_STEP - 1);
}

static char *slot(struct slab_chunk *c, uint32_t i)
{
	return (char *)(c + 1) + (size_t)i * c->slot_len;
}

static bool has_room(const struct slab_chunk *c)
{
	return sizeof *c + (c->n + 1) * (size_t)c->slot_len <= c->len;
}

static struct slab_chunk *add_chunk(struct slab *s, size_t slot_len, size_t len)
{
	struct slab_chunk *c = mem_alloc(len);

	if (!c)
		return NULL;
	*c = (struct slab_chunk){ .next = s->chunks, .len = len, .slot_len = (uint32_t)slot_len };
	if (s->chunks)
		s->chunks->prev = c;
	s->chunks = c;
	return c;
}

/* Walks that would have come to this chunk next go on behind it. */
static void remove_chunk(struct slab *s, struct slab_chunk *c)
{
	for (struct slab_cursor *walk = s->walk; walk; walk = walk->outer)
		if (walk->next == c)
			walk->next = c->next;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->chunks = c->next;
	if (c->next)
		c->next->prev = c->prev;
	ASAN_UNPOISON_MEMORY_REGION(c, c->len);
	mem_free(c, c->len);
}

static void *alloc_large(struct slab *s, size_t slot_len)
{
	size_t len = sizeof(struct slab_chunk) + slot_len;
	struct slab_chunk *c = slot_len <= UINT32_MAX ? add_chunk(s, slot_len, len) : NULL;

	return c ? slot(c, c->n++) : NULL;
}

/* The next chunk of a size is twice the last one, and so as large as all before it. */
static struct slab_chunk *open_chunk(struct slab *s, unsigned class, size_t slot_len)
{
	const struct slab_chunk *last = s->open[class];
	size_t len = last ? 2 * last->len : SLAB_CHUNK_MIN;
	struct slab_chunk *c = add_chunk(s, slot_len, len < SLAB_CHUNK_MAX ? len : SLAB_CHUNK_MAX);

	if (c)
		s->open[class] = c;
	return c;
}

void *slab_alloc(struct slab *s, size_t len)
{
	size_t slot_len = round_up(len);
	unsigned class;

	if (slot_len > SLAB_SLOT_MAX)
		return alloc_large(s, slot_len);
	bug_unless(len > 0);
	class = class_of(slot_len);
	if (s->free[class]) {
		struct slab_slot *p = s->free[class];

		s->free[class] = p->next;
		ASAN_UNPOISON_MEMORY_REGION(p, slot_len);
		return p;
	}
	if ((!s->open[class] || !has_room(s->open[class])) && !open_chunk(s, class, slot_len))
		return NULL;
	return slot(s->open[class], s->open[class]->n++);
}

static void poison(void *p, size_t slot_len)
{
	if (slot_len > SLAB_KEPT)
		ASAN_POISON_MEMORY_REGION((char *)p + SLAB_KEPT, slot_len - SLAB_KEPT);
}

void slab_free(struct slab *s, void *p, size_t len)
{
	size_t slot_len = round_up(len);
	struct slab_slot *free_slot = p;

	if (slot_len > SLAB_SLOT_MAX) {
		remove_chunk(s, (struct slab_chunk *)p - 1);
		return;
	}
	free_slot->next = s->free[class_of(slot_len)];
	s->free[class_of(slot_len)] = free_slot;
	poison(p, slot_len);
}

/* --- A cache in front of it --- */

void *slab_cache_get(struct slab_cache *c, size_t len)
{
	size_t slot_len = round_up(len);
	struct slab_slot *p;

	if (slot_len > SLAB_SLOT_MAX)
		return NULL;
	p = c->free[class_of(slot_len)];
	if (!p)
		return NULL;
	c->free[class_of(slot_len)] = p->next;
	c->n[class_of(slot_len)]--;
	ASAN_UNPOISON_MEMORY_REGION(p, slot_len);
	return p;
}

bool slab_cache_put(struct slab_cache *c, void *p, size_t len)
{
	size_t slot_len = round_up(len);
	struct slab_slot *slot = p;

	if (slot_len > SLAB_SLOT_MAX || c->n[class_of(slot_len)] >= SLAB_CACHE_MAX)
		return false;
	slot->next = c->free[class_of(slot_len)];
	c->free[class_of(slot_len)] = slot;
	c->n[class_of(slot_len)]++;
	poison(p, slot_len);
	return true;
}

void *slab_cache_take(struct slab_cache *c, size_t *len)
{
	for (unsigned class = 0; class < SLAB_CLASSES; class++)
		if (c->n[class] > 0) {
			*len = (class + 1) * (size_t)SLAB_STEP;
			return slab_cache_get(c, *len);
		}
	return NULL;
}

void slab_fini(struct slab *s)
{
	while (s->chunks)
		remove_chunk(s, s->chunks);
	*s = (struct slab){ 0 };
}

void slab_walk(struct slab *s, struct slab_cursor *c)
{
	*c = (struct slab_cursor){ .outer = s->walk, .next = s->chunks };
	s->walk = c;
}

void slab_walk_end(struct slab *s, struct slab_cursor *c)
{
	bug_unless(s->walk == c); /* the innermost one ends first */
	s->walk = c->outer;
}

/* The cursor leaves a chunk with its last slot, since that slot's owner may free the chunk. */
void *slab_next(struct slab *s, struct slab_cursor *c)
{
	struct slab_chunk *now = c->chunk;
	uint32_t i = c->i;

	if (!now) {
		now = c->next;
		i = 0;
		if (!now) {
			slab_walk_end(s, c);
			return NULL;
		}
		c->next = now->next;
	}
	c->i = i + 1;
	c->chunk = c->i < now->n ? now : NULL;
	return slot(now, i);
}
