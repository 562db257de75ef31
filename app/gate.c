/* gate: see gate.h. */
#include "app/gate.h"

#include <errno.h>

#include "base/mem.h"
#include "future/bug.h"

struct visitors {
	struct table_node node; /* first */
	unsigned n;
	unsigned char host[GATE_HOST_LEN];
};

void gate_init(struct gate *g, unsigned max, unsigned max_per_host, uint64_t seed)
{
	*g = (struct gate){ .max = max, .max_per_host = max_per_host, .seed = seed };
}

void gate_close(struct gate *g)
{
	bug_unless(g->n == 0);
	table_close(&g->by_host);
}

static uint32_t hash_of(const struct gate *g, const unsigned char *host)
{
	return table_hash(g->seed, (struct slice){ (const char *)host, GATE_HOST_LEN });
}

static struct visitors *find(const struct gate *g, const unsigned char *host)
{
	struct table_node *node = table_first(&g->by_host, hash_of(g, host));

	while (node && memcmp(((struct visitors *)node)->host, host, GATE_HOST_LEN) != 0)
		node = table_next(node);
	return (struct visitors *)node;
}

static int count_in(struct gate *g, const unsigned char *host)
{
	struct visitors *v = find(g, host);

	if (v && v->n >= g->max_per_host)
		return -EDQUOT;
	if (!v) {
		v = mem_alloc(sizeof *v);
		if (!v)
			return -ENOMEM;
		*v = (struct visitors){ 0 };
		memcpy(v->host, host, GATE_HOST_LEN);
		table_put(&g->by_host, &v->node, hash_of(g, host));
	}
	v->n++;
	return 0;
}

int gate_enter(struct gate *g, const unsigned char host[static GATE_HOST_LEN])
{
	int err;

	if (g->n >= g->max)
		return -EUSERS;
	err = g->max_per_host > 0 ? count_in(g, host) : 0;
	if (err == 0)
		g->n++;
	return err;
}

void gate_leave(struct gate *g, const unsigned char host[static GATE_HOST_LEN])
{
	struct visitors *v;

	bug_unless(g->n > 0);
	g->n--;
	if (g->max_per_host == 0)
		return;
	v = find(g, host);
	bug_unless(v);
	if (--v->n > 0)
		return;
	table_remove(&g->by_host, &v->node);
	mem_free(v, sizeof *v);
}
