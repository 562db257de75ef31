/* serve: listens, and spawns a task for each connection. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

struct acceptor {
	struct co co;
	struct tcp_listener *listener;
	struct task *(*connection)(struct runtime *, struct tcp_stream);
	struct tcp_accept accept;
	struct task *task;
};

static enum poll acceptor_run(struct co *co, struct context *cx)
{
	struct acceptor *const f = co_frame(co, struct acceptor);

	co_begin(co);
	for (;;) {
		co_await(tcp_accept(&f->accept, f->listener));
		if (f->accept.err)
			break;
		tcp_nodelay(&f->accept.stream, true);
		f->task = f->connection(cx->rt, f->accept.stream);
		if (!f->task)
			tcp_close(&f->accept.stream);
		task_detach(f->task);
	}
	co_end;
}

static struct future *acceptor(struct acceptor *f, struct tcp_listener *l,
			       struct task *(*connection)(struct runtime *, struct tcp_stream))
{
	*f = (struct acceptor){
		.co = co_init(acceptor_run), .listener = l, .connection = connection
	};
	return &f->co.future;
}

static int open_listener(struct tcp_listener *l, uint16_t port)
{
	char address[32], text[ADDRESS_TEXT_LEN];
	int err;

	snprintf(address, sizeof address, "127.0.0.1:%u", port);
	err = tcp_listen(l, address, 4096);
	if (!err)
		err = tcp_listener_address(l, text);
	if (err)
		fprintf(stderr, "weft-bench: cannot listen on %s: %s\n", address, strerror(-err));
	else
		fprintf(stderr, "listening %s\n", strrchr(text, ':') + 1);
	return err;
}

int bench_serve(uint16_t port, unsigned n_workers,
		struct task *(*connection)(struct runtime *, struct tcp_stream))
{
	struct acceptor root;
	struct tcp_listener l;
	struct runtime *rt;
	int err = open_listener(&l, port);

	if (err)
		return 1;
	err = runtime_build(&(struct runtime_builder){ .n_workers = n_workers }, &rt);
	if (!err)
		err = runtime_block_on(rt, acceptor(&root, &l, connection));
	fprintf(stderr, "weft-bench: %s\n", strerror(err ? -err : -root.accept.err));
	return 1;
}
