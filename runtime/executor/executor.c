/* executor: the parts that both kinds of runtime are made of. See executor.h. */
#include "executor/executor.h"

/* What arms a timer for sooner than the runtime's sleep is planned to end. */
static void hurry(struct timers *ts)
{
	struct executor *x = (void *)((char *)ts - offsetof(struct executor, timers));

	reactor_unpark(&x->reactor);
}

int executor_init(struct executor *x, const struct runtime_builder *options,
		  const struct scheduler_ops *ops)
{
	int err;

	*x = (struct executor){ .options = *options, .rand.state = options->seed };
	err = reactor_init(&x->reactor); /* also what an idle runtime sleeps in */
	if (err)
		return err;
	scheduler_init(&x->scheduler, ops, &x->services);
	if (options->virtual_time)
		clock_init_virtual(&x->clock);
	else
		clock_init_real(&x->clock);
	timers_init(&x->timers, &x->clock);
	x->timers.hurry = hurry;
	x->services = (struct runtime){
		.scheduler = &x->scheduler,
		.timers = options->no_timers ? NULL : &x->timers,
		.reactor = options->no_reactor ? NULL : &x->reactor,
	};
	return 0;
}

/* --- The root --- */

static enum poll poll_root(struct future *f, struct context *cx)
{
	return future_poll(future_of(f, struct root)->inner, cx);
}

static void drop_root(struct future *f)
{
	future_drop(future_of(f, struct root)->inner);
}

static struct future *child_of_root(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct root)->inner : NULL;
}

static const struct future_ops root_ops = {
	.name = "block_on", .poll = poll_root, .drop = drop_root, .child = child_of_root,
	.is_unseen = true, .over = FUTURE_OVER("block_on"),
};

struct future *root(struct root *r, struct future *inner)
{
	*r = (struct root){ .future = future_init(&root_ops), .inner = inner };
	return &r->future;
}
