/* echo: the server that says back what it hears; a task for each connection. */
#include "bench.h"

struct echo {
	struct co co;
	struct tcp_stream stream; /* owned */
	char buf[16 * 1024];
	struct tcp_read read;
	struct tcp_write_all write;
};

static enum poll echo_run(struct co *co, struct context *cx)
{
	struct echo *const f = co_frame(co, struct echo);

	co_begin(co);
	for (;;) {
		co_await(tcp_read(&f->read, &f->stream, f->buf, sizeof f->buf));
		if (f->read.n <= 0)
			break;
		co_await(tcp_write_all(&f->write, &f->stream, f->buf, (size_t)f->read.n));
		if (f->write.err)
			break;
	}
	co_finally {
		tcp_close(&f->stream);
	}
	co_end;
}

/* Not `*f = (struct echo){ ... }`: that would write the buffer, too. */
static struct future *echo(struct echo *f, struct tcp_stream stream)
{
	f->co = (struct co)co_init(echo_run);
	f->stream = stream;
	return &f->co.future;
}

struct task *echo_connection(struct runtime *rt, struct tcp_stream stream)
{
	return spawn(rt, echo, stream);
}
