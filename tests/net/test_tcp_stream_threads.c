/* Streams on several workers: two tasks at one stream, reads that are given up while events come, ends. */
#define _GNU_SOURCE 1 /* for t_net.h */
#include "net/on_workers.h"
#include "t_net.h"

#include <stdlib.h>

#include "future/co.h"
#include "future/yield_now.h"
#include "time/timeout.h"

/* What is sent: the byte at `i` of a stream whose number is `salt`. */
static char byte_at(size_t i, unsigned salt)
{
	return (char)(i * 7 + i / 251 + salt);
}

/* --- A writer: `len` bytes, in pieces of different lengths --- */

enum { PIECE_MAX = 700 };

struct writer {
	struct co co;
	struct tcp_stream *stream;
	size_t len, n, piece;
	unsigned salt;
	char buf[PIECE_MAX];
	struct tcp_write_all wr;
	struct yield_now yield;
};

static void fill(struct writer *f)
{
	f->piece = 1 + (f->n * 31 + f->salt) % PIECE_MAX;
	if (f->piece > f->len - f->n)
		f->piece = f->len - f->n;
	for (size_t i = 0; i < f->piece; i++)
		f->buf[i] = byte_at(f->n + i, f->salt);
}

static enum poll writer_run(struct co *co, struct context *cx)
{
	struct writer *const f = co_frame(co, struct writer);

	co_begin(co);
	while (f->n < f->len) {
		fill(f);
		co_await(tcp_write_all(&f->wr, f->stream, f->buf, f->piece));
		CHECK_EQ(f->wr.err, 0);
		f->n += f->piece;
		if (f->n % 5 == 0)
			co_await(yield_now(&f->yield));
	}
	co_end;
}

static struct future *writer(struct writer *f, struct tcp_stream *stream, size_t len, unsigned salt)
{
	*f = (struct writer){ .co = co_init(writer_run), .stream = stream, .len = len, .salt = salt };
	return &f->co.future;
}

/* --- A reader: exactly these bytes; each read may have a limit after which it is dropped --- */

struct reader {
	struct co co;
	struct tcp_stream *stream;
	size_t len, n, n_expired;
	unsigned salt;
	bool is_limited;
	char buf[300];
	struct tcp_read rd;
	struct timeout limit;
};

static void check_bytes(struct reader *f)
{
	CHECK(f->rd.n > 0);
	for (ssize_t i = 0; i < f->rd.n; i++)
		CHECK_EQ(f->buf[i], byte_at(f->n + (size_t)i, f->salt));
	f->n += (size_t)f->rd.n;
	CHECK(f->n <= f->len);
}

static enum poll reader_run(struct co *co, struct context *cx)
{
	struct reader *const f = co_frame(co, struct reader);

	co_begin(co);
	while (f->n < f->len) {
		if (f->is_limited)
			co_await(timeout(&f->limit, 1 + f->n % 2,
					 tcp_read(&f->rd, f->stream, f->buf, sizeof f->buf)));
		else
			co_await(tcp_read(&f->rd, f->stream, f->buf, sizeof f->buf));
		if (f->is_limited && f->limit.expired)
			f->n_expired++;
		else
			check_bytes(f);
	}
	co_end;
}

static struct future *reader(struct reader *f, struct tcp_stream *stream, size_t len, unsigned salt,
			     bool is_limited)
{
	*f = (struct reader){ .co = co_init(reader_run), .stream = stream, .len = len, .salt = salt,
			      .is_limited = is_limited };
	return &f->co.future;
}

/* --- Two tasks at each end --- */

enum { N_PAIRS = 4, LEN = 200000 };

static void both_ways(unsigned n_workers)
{
	for (unsigned round = 0; round < 5; round++) {
		struct runtime *rt = on_workers(n_workers);
		struct tcp_stream a[N_PAIRS], b[N_PAIRS];
		struct task *t[N_PAIRS][4];

		for (unsigned i = 0; i < N_PAIRS; i++) {
			t_net_pair(&a[i], &b[i]);
			t[i][0] = spawn(rt, reader, &a[i], LEN, 2 * i, false);
			t[i][1] = spawn(rt, writer, &a[i], LEN, 2 * i + 1);
			t[i][2] = spawn(rt, reader, &b[i], LEN, 2 * i + 1, false);
			t[i][3] = spawn(rt, writer, &b[i], LEN, 2 * i);
		}
		for (unsigned i = 0; i < N_PAIRS; i++) {
			for (unsigned k = 0; k < 4; k++)
				on_workers_join(t[i][k]);
			tcp_close(&a[i]);
			tcp_close(&b[i]);
		}
		runtime_destroy(rt);
	}
}

TEST(tcp_stream_threads, one_task_reads_and_another_writes_the_same_stream_on_two_workers)
{
	both_ways(2);
}

TEST(tcp_stream_threads, one_task_reads_and_another_writes_the_same_stream_on_four_workers)
{
	both_ways(4);
}
