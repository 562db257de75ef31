/* cancel_token_tasks: a server that stops its clients by a token, on any number of workers. */
#ifndef WEFT_TESTS_CANCEL_TOKEN_TASKS_H
#define WEFT_TESTS_CANCEL_TOKEN_TASKS_H

#include "cancel_token_scene.h"
#include "t_runtime.h"

#include "future/co.h"
#include "future/pending.h"
#include "future/yield_now.h"
#include "sync/until_cancelled.h"

static atomic_int n_spawned, n_begun, n_cancelled, n_ended, n_wrong;

/* Works for ever, unless told to stop. Owns its token. */
struct client {
	struct co co;
	struct cancel_token token;
	struct until_cancelled until;
	struct pending work;
};

static enum poll client_run(struct co *co, struct context *cx)
{
	struct client *const f = co_frame(co, struct client);

	co_begin(co);
	n_begun++;
	co_await(until_cancelled(&f->until, &f->token, pending(&f->work)));
	n_cancelled += f->until.was_cancelled;
	n_wrong += !cancel_token_is_cancelled(&f->token);
	co_finally {
		cancel_token_drop(&f->token);
		n_ended++;
	}
	co_end;
}

static inline struct future *client(struct client *f, struct cancel_token token)
{
	*f = (struct client){ .co = co_init(client_run), .token = token };
	return &f->co.future;
}

enum { N_CLIENTS = 300 };

/* Has a token of its own, and cancels it however it ends: what is spawned below ends with it. */
struct server {
	struct co co;
	struct cancel_token token; /* owned, both */
	struct cancel_token stop;
	struct yield_now yield;
	struct until_cancelled until;
	struct pending work;
	int i;
};

static inline void spawn_client(struct server *f, struct runtime *rt)
{
	struct cancel_token token = { 0 };
	struct task *t;

	n_wrong += cancel_token_child(&token, &f->token) != 0;
	n_spawned++;
	t = spawn(rt, client, token);
	n_wrong += !t;
	task_detach(t);
}

static enum poll server_run(struct co *co, struct context *cx)
{
	struct server *const f = co_frame(co, struct server);

	co_begin(co);
	n_wrong += cancel_token_child(&f->token, &f->stop) != 0;
	for (f->i = 0; f->i < N_CLIENTS; f->i++) {
		spawn_client(f, cx->rt);
		if (f->i % 10 == 0)
			co_await(yield_now(&f->yield));
	}
	co_await(until_cancelled(&f->until, &f->token, pending(&f->work)));
	co_finally {
		cancel_token_cancel(&f->token);
		cancel_token_drop(&f->token);
		cancel_token_drop(&f->stop);
	}
	co_end;
}

static inline struct future *server(struct server *f, struct cancel_token stop)
{
	*f = (struct server){ .co = co_init(server_run), .stop = stop };
	return &f->co.future;
}

/* Lets a server begin, and ends it: by its token, or by an abort. All clients must end, told so. */
struct operate {
	struct co co;
	struct cancel_token stop;
	struct task *server;
	struct task_join join;
	struct yield_now yield;
	int n_wanted; /* clients that have begun, before it is ended */
	bool by_abort;
};

static enum poll operate_run(struct co *co, struct context *cx)
{
	struct operate *const f = co_frame(co, struct operate);

	co_begin(co);
	f->server = spawn(cx->rt, server, cancel_token_clone(&f->stop));
	while (atomic_load(&n_begun) < f->n_wanted)
		co_await(yield_now(&f->yield));
	if (f->by_abort)
		task_abort(f->server);
	else
		cancel_token_cancel(&f->stop);
	co_await(task_join(&f->join, f->server));
	while (atomic_load(&n_ended) < atomic_load(&n_spawned))
		co_await(yield_now(&f->yield));
	co_finally {
		task_detach(f->server);
		cancel_token_drop(&f->stop);
	}
	co_end;
}

static inline struct future *operate(struct operate *f, struct cancel_token stop, int n_wanted,
				       bool by_abort)
{
	*f = (struct operate){ .co = co_init(operate_run), .stop = stop, .n_wanted = n_wanted,
				 .by_abort = by_abort };
	return &f->co.future;
}

/* 0 workers: all on the calling thread. */
static inline void end_a_server(unsigned n_workers, int n_wanted, bool by_abort)
{
	struct cancel_token stop = root();
	struct runtime *rt = NULL;
	struct operate f;

	n_spawned = n_begun = n_cancelled = n_ended = n_wrong = 0;
	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = n_workers }, &rt), 0);
	CHECK_EQ(runtime_block_on(rt, operate(&f, stop, n_wanted, by_abort)), 0);
	runtime_destroy(rt);
	CHECK_EQ(n_wrong, 0);
	CHECK_EQ(n_ended, n_spawned);
	CHECK_EQ(n_cancelled, n_spawned);
	nothing_is_left();
}

#endif
