/* table: see table.h. */
#include "app/table.h"

#include "base/mem.h"
#include "future/bug.h"

/*
 * Multiply and fold, a byte at a time: names are short. The seed goes in first, so that without it
 * one cannot tell which names will meet.
 */
uint32_t table_hash(uint64_t seed, struct slice bytes)
{
	uint64_t h = seed ^ (bytes.len * 0x9e3779b97f4a7c15u);

	for (size_t i = 0; i < bytes.len; i++) {
		h = (h ^ (unsigned char)bytes.at[i]) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	return (uint32_t)(h ^ h >> 29);
}

static uint32_t size_of(const struct table *t)
{
	return t->buckets ? t->n_buckets : TABLE_SMALL;
}

static struct table_node **bucket(const struct table *t, uint32_t hash)
{
	struct table_node **all = t->buckets ? t->buckets : (struct table_node **)t->small;

	return &all[hash & (size_of(t) - 1)];
}

static void link_in(struct table *t, struct table_node *node)
{
	struct table_node **at = bucket(t, node->hash);

	node->next = *at;
	*at = node;
}

static void free_buckets(struct table *t)
{
	mem_free(t->buckets, t->n_buckets * sizeof *t->buckets);
}

/* Twice the buckets, with the same nodes; or nothing at all when there is no memory. */
static void grow(struct table *t)
{
	uint32_t n = 2 * size_of(t);
	struct table grown = { .n_buckets = n };

	grown.buckets = mem_alloc_array(n, sizeof *grown.buckets);
	if (!grown.buckets)
		return;
	memset(grown.buckets, 0, n * sizeof *grown.buckets);
	for (uint32_t i = 0; i < size_of(t); i++) {
		struct table_node *node = *bucket(t, i), *next;

		for (; node; node = next) {
			next = node->next;
			link_in(&grown, node);
		}
	}
	grown.n = t->n;
	free_buckets(t);
	*t = grown;
}

void table_put(struct table *t, struct table_node *node, uint32_t hash)
{
	if (t->n >= size_of(t) && t->n < UINT32_MAX / 4)
		grow(t);
	node->hash = hash;
	link_in(t, node);
	t->n++;
}

void table_remove(struct table *t, struct table_node *node)
{
	struct table_node **at = bucket(t, node->hash);

	while (*at && *at != node)
		at = &(*at)->next;
	bug_unless(*at == node);
	*at = node->next;
	node->next = NULL;
	t->n--;
}

static struct table_node *match(struct table_node *node, uint32_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct table_node *table_first(const struct table *t, uint32_t hash)
{
	return match(*bucket(t, hash), hash);
}

struct table_node *table_next(const struct table_node *node)
{
	return match(node->next, node->hash);
}

void table_close(struct table *t)
{
	bug_unless(t->n == 0);
	free_buckets(t);
	*t = (struct table){ 0 };
}
