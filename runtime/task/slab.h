/*
 * slab: memory for many objects of few sizes, which can also be told one by one.
 *
 * The one idea: a runtime frees and makes tasks of the same few sizes all day. So a freed slot is
 * kept for the next object of its size, warm in the cache, with no header in front of it; and
 * since all slots lie in chunks that are known, "every task there is" needs no list through the
 * tasks.
 *
 *	chunk: | next | prev | len | slot_len | n | slot 0 | slot 1 | ... n - 1 |  not handed out yet  |
 *
 * Sizes are rounded up to 16 bytes. The first chunk of a size is small; each further one is as
 * large as all before it, up to a huge page: a million tasks, woken in no order, would otherwise
 * spend half their time on looking up where their pages are. Above SLAB_SLOT_MAX an object gets a
 * chunk of its own, freed with it; the chunks of small ones are kept until slab_fini: memory
 * stays at its peak. No locking.
 */
#ifndef WEFT_TASK_SLAB_H
#define WEFT_TASK_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum {
	SLAB_STEP = 16,
	SLAB_SLOT_MAX = 512,
	SLAB_CLASSES = SLAB_SLOT_MAX / SLAB_STEP,
	SLAB_CHUNK_MIN = 16 * 1024,
	SLAB_CHUNK_MAX = MEM_HUGE,
};

struct slab_chunk {
	struct slab_chunk *next, *prev;
	size_t len; /* of all of it */
	uint32_t slot_len;
	uint32_t n; /* slots handed out so far, from the first on; freed ones are among them */
} __attribute__((aligned(16)));

struct slab_slot {
	struct slab_slot *next; /* while free */
};

/* So many bytes of a free slot keep what the owner left there, but for the first eight. */
enum { SLAB_KEPT = 32 };

struct slab {
	struct slab_chunk *chunks;
	struct slab_cursor *walk; /* the innermost walk that is under way, or NULL: see slab_next */
	struct slab_chunk *open[SLAB_CLASSES]; /* by size: the chunk with room at its end */
	struct slab_slot *free[SLAB_CLASSES];  /* by size */
};

/* Zeroed: empty. 16-byte aligned memory for `len` bytes, not zeroed; NULL: no memory. */
void *slab_alloc(struct slab *s, size_t len);

/* `len` as it was given to slab_alloc. */
void slab_free(struct slab *s, void *p, size_t len);

/* Frees the chunks. What is still in use goes with them. */
void slab_fini(struct slab *s);

/*
 * A few free slots at hand, for a thread that shares a slab with others: what it frees it will use
 * again, and need not ask for under a lock. Zeroed: empty.
 */
enum { SLAB_CACHE_MAX = 64 };
struct slab_cache {
	struct slab_slot *free[SLAB_CLASSES]; /* by size */
	unsigned char n[SLAB_CLASSES];
};

/* A slot for `len` bytes, or NULL: none is at hand. */
void *slab_cache_get(struct slab_cache *c, size_t len);

/* False: no room, or too large. `len` as it was given to slab_alloc. */
bool slab_cache_put(struct slab_cache *c, void *p, size_t len);

/* Any slot, and its length; NULL: it is empty. */
void *slab_cache_take(struct slab_cache *c, size_t *len);

/*
 * Walks over every slot that was handed out, freed ones included (the owner must be able to tell):
 *
 *	struct slab_cursor c;
 *
 *	slab_walk(&slab, &c);
 *	while ((p = slab_next(&slab, &c)))
 *		...
 *
 * Anything may be freed on the way; what is allocated on the way may be missed. Another walk may be
 * made in the midst of one. A walk is over when slab_next says NULL, or with slab_walk_end.
 */
struct slab_cursor {
	struct slab_cursor *outer; /* the walk in the midst of which this one began */
	struct slab_chunk *chunk, *next;
	uint32_t i;
};
void slab_walk(struct slab *s, struct slab_cursor *c);
void *slab_next(struct slab *s, struct slab_cursor *c);

/* Leaves a walk before its end. */
void slab_walk_end(struct slab *s, struct slab_cursor *c);

#endif
