/*
 * A cell at file scope, over a scalar, an array's element and a struct; in a frame; with arguments
 * that have side effects.
 */
#include "weft.h"

struct config {
	int port;
	char host[64];
};

static struct config config;
static int numbers[3];
static struct once_cell config_cell = once_cell_init(&config, NULL);
static struct once_cell number_cell = once_cell_init(numbers + 1, NULL);

struct server {
	struct co co;
	struct config config;
	struct once_cell cell;
	struct once_cell_get_or_init once_cell_init; /* only `once_cell_init(` is the macro */
};

int set(struct server *s, const struct config *values, struct once_cell **cells, int *slots);

int set(struct server *s, const struct config *values, struct once_cell **cells, int *slots)
{
	struct config *got;

	s->cell = (struct once_cell)once_cell_init(&s->config, NULL);
	if (once_cell_set(&s->cell, values++) || once_cell_set(*cells++, values) ||
	    once_cell_set(&number_cell, &(int){ 3 }))
		return -1;
	got = once_cell_get(&config_cell);
	return got ? got->port : once_cell_take(*cells, slots++);
}
