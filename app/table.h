/*
 * table: a hash table whose entries are parts of what they find.
 *
 * The one idea: chains through nodes that live inside the members and rooms themselves, so that an
 * insertion allocates nothing and cannot fail. Only growing allocates; when there is no memory for
 * that, chains merely get longer, and the next insertion tries again.
 *
 * The table compares hashes, the caller compares keys:
 *
 *	for (struct table_node *n = table_first(t, hash); n; n = table_next(n))
 *		if (...)
 */
#ifndef WEFT_APP_TABLE_H
#define WEFT_APP_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "app/slice.h"

enum { TABLE_SMALL = 8 };

struct table_node {
	struct table_node *next; /* in the same bucket */
	uint32_t hash;
};

struct table {                       /* zeroed: empty */
	struct table_node **buckets; /* NULL: small */
	uint32_t n_buckets;          /* a power of two; with NULL above, meaningless */
	uint32_t n;
	struct table_node *small[TABLE_SMALL];
};

/* `seed` should not be known to those who choose the bytes, or they choose ones that collide. */
uint32_t table_hash(uint64_t seed, struct slice bytes);

/* Puts `node`, which is in no table, in under `hash`. Several may have the same. */
void table_put(struct table *t, struct table_node *node, uint32_t hash);

/* Takes out `node`, which must be in `t`. */
void table_remove(struct table *t, struct table_node *node);

/* The first node with that hash, or NULL. */
struct table_node *table_first(const struct table *t, uint32_t hash);

/* The next one with the hash of `node`, or NULL. */
struct table_node *table_next(const struct table_node *node);

/* Frees the table's own memory; it must be empty, and may be used again. */
void table_close(struct table *t);

#endif
