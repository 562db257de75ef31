/* The pieces together: an echo server and its clients as tasks of one runtime. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "future/co.h"
#include "io/line_reader.h"
#include "reactor/readiness.h"
#include "t_net.h"
#include "t_runtime.h"

#include <stdio.h>

enum { N_CLIENTS = 20, N_MESSAGES = 100 };

struct echo {
	struct co co;
	struct tcp_stream stream; /* owned */
	char buf[64];
	struct tcp_read rd;
	struct tcp_write_all wr;
};

static enum poll echo_run(struct co *co, struct context *cx)
{
	struct echo *const f = co_frame(co, struct echo);

	co_begin(co);
	for (;;) {
		co_await(tcp_read(&f->rd, &f->stream, f->buf, sizeof f->buf));
		if (f->rd.n <= 0)
			co_return;
		co_await(tcp_write_all(&f->wr, &f->stream, f->buf, (size_t)f->rd.n));
		if (f->wr.err)
			co_return;
	}
	co_finally {
		tcp_close(&f->stream);
	}
	co_end;
}

static struct future *echo(struct echo *f, struct tcp_stream *stream)
{
	*f = (struct echo){ .co = co_init(echo_run) };
	tcp_move(&f->stream, stream);
	return &f->co.future;
}

struct client {
	struct co co;
	const char *at;
	int n_echoed;
	struct tcp_stream stream;
	struct line_reader reader;
	char buf[64], line[32];
	struct tcp_connect conn;
	struct tcp_write_all wr;
	struct line_read lr;
};

static enum poll client_run(struct co *co, struct context *cx)
{
	struct client *const f = co_frame(co, struct client);

	co_begin(co);
	co_await(tcp_connect(&f->conn, &f->stream, f->at));
	if (f->conn.err)
		co_return;
	line_reader_init(&f->reader, &f->stream, f->buf, sizeof f->buf);
	while (f->n_echoed < N_MESSAGES) {
		snprintf(f->line, sizeof f->line, "message %d\n", f->n_echoed);
		co_await(tcp_write_all(&f->wr, &f->stream, f->line, strlen(f->line)));
		co_await(line_read(&f->lr, &f->reader));
		if (!f->lr.line || f->lr.len + 1 != strlen(f->line) ||
		    memcmp(f->lr.line, f->line, f->lr.len) != 0)
			co_return;
		f->n_echoed++;
	}
	co_finally {
		tcp_close(&f->stream);
	}
	co_end;
}

static struct future *client(struct client *f, const char *at)
{
	*f = (struct client){ .co = co_init(client_run), .at = at };
	return &f->co.future;
}

struct scene {
	struct co co;
	struct tcp_listener listener;
	char at[ADDRESS_TEXT_LEN];
	struct task *clients[N_CLIENTS];
	int i, n_echoed;
	struct tcp_accept acc;
	struct task_join join;
};

static enum poll scene_run(struct co *co, struct context *cx)
{
	struct scene *const f = co_frame(co, struct scene);

	co_begin(co);
	for (f->i = 0; f->i < N_CLIENTS; f->i++)
		f->clients[f->i] = spawn(cx->rt, client, f->at);
	for (f->i = 0; f->i < N_CLIENTS; f->i++) {
		co_await(tcp_accept(&f->acc, &f->listener));
		CHECK_EQ(f->acc.err, 0);
		task_detach(spawn(cx->rt, echo, &f->acc.stream));
	}
	for (f->i = 0; f->i < N_CLIENTS; f->i++) {
		co_await(task_join(&f->join, f->clients[f->i]));
		f->n_echoed += task_frame(f->clients[f->i], struct client)->n_echoed;
		task_detach(f->clients[f->i]);
	}
	co_finally {
		tcp_listener_close(&f->listener);
	}
	co_end;
}

/* BEH tcp_echo::echo_server */
TEST(tcp_echo, every_message_of_many_clients_comes_back)
{
	struct runtime *rt = t_runtime();
	struct scene f = { .co = co_init(scene_run) };
	int n_fds = t_net_n_fds();

	CHECK_EQ(tcp_listen(&f.listener, "127.0.0.1:0", N_CLIENTS), 0);
	CHECK_EQ(tcp_listener_address(&f.listener, f.at), 0);
	CHECK_EQ(runtime_block_on(rt, &f.co.future), 0);
	CHECK_EQ(f.n_echoed, N_CLIENTS * N_MESSAGES);
	runtime_destroy(rt);
	CHECK_EQ(t_net_n_fds(), n_fds - 2); /* those of the runtime itself */
}

/* BEH io_driver_drop::drop_wakes */
TEST(tcp_echo, a_runtime_that_is_destroyed_closes_what_its_tasks_own)
{
	int n_fds = t_net_n_fds();
	struct runtime *rt = t_runtime();
	struct tcp_stream a, b;
	struct task *t;
	struct tcp_write_all wr;
	struct t_waker w = t_waker();

	t_net_pair(&a, &b);
	t = spawn(rt, echo, &a);
	CHECK(t);
	/* Polls the echo at least once: it reads what is there, and then waits. */
	CHECK_EQ(t_poll(tcp_write_all(&wr, &b, "x", 1), &w), POLL_READY);
	{
		struct readiness answer;

		source_blocked(&b.source, SOURCE_READER);
		CHECK_EQ(runtime_block_on(rt, readiness(&answer, &b.source, SOURCE_READER)), 0);
		CHECK_EQ(answer.err, 0);
	}
	CHECK(!task_is_done(t));
	runtime_destroy(rt);
	CHECK(task_is_done(t));
	task_detach(t);
	tcp_close(&b);
	CHECK_EQ(t_net_n_fds(), n_fds);
}
