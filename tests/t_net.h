/*
 * t_net: descriptors for tests: a reactor to poll futures in by hand, connected pairs, and a
 * sys_ops that counts, fails on request, and knows whether every descriptor was closed again.
 *
 *	struct t_net t;
 *	t_net_begin(&t);
 *	...
 *	t_net_run(&t, tcp_read(&rd, &stream, buf, sizeof buf));
 *	t_net_end(&t);
 */
#ifndef WEFT_TESTS_T_NET_H
#define WEFT_TESTS_T_NET_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/sys.h"
#include "net/tcp_connect.h"
#include "net/tcp_listener.h"
#include "net/tcp_read.h"
#include "net/tcp_stream.h"
#include "net/tcp_write.h"
#include "reactor/reactor.h"
#include "t.h"
#include "t_future.h"

/* What the counting sys_ops has seen, and what it is to do to the calls of one kind. */
struct t_calls {
	unsigned n;       /* calls made */
	unsigned n_again; /* of which said EAGAIN */
	int fail;         /* if not 0: the next `n_fail` calls fail with this errno */
	unsigned n_fail;
};

static struct t_net_sys {
	struct t_calls recv, send, sendmsg, accept4, connect, read, epoll_ctl, epoll_wait, socket,
		close, epoll_create1, eventfd, signalfd;
	size_t max_send; /* if not 0: no write takes more bytes than this */
} t_sys;

/* Counts a call; true if it is to fail, with errno set. */
static inline bool t_sys_fails(struct t_calls *c)
{
	c->n++;
	if (!c->n_fail)
		return false;
	c->n_fail--;
	errno = c->fail;
	return true;
}

static inline ssize_t t_sys_note(struct t_calls *c, ssize_t n)
{
	if (n < 0 && errno == EAGAIN)
		c->n_again++;
	return n;
}

static inline void t_sys_plan(struct t_calls *c, int error, unsigned times)
{
	c->fail = error;
	c->n_fail = times;
}

static inline ssize_t t_sys_recv(int fd, void *buf, size_t len, int flags)
{
	if (t_sys_fails(&t_sys.recv))
		return -1;
	return t_sys_note(&t_sys.recv, sys_real.recv(fd, buf, len, flags));
}

static inline ssize_t t_sys_read(int fd, void *buf, size_t len)
{
	return t_sys_fails(&t_sys.read) ? -1 : t_sys_note(&t_sys.read, sys_real.read(fd, buf, len));
}

static inline ssize_t t_sys_send(int fd, const void *buf, size_t len, int flags)
{
	if (t_sys_fails(&t_sys.send))
		return -1;
	if (t_sys.max_send && len > t_sys.max_send)
		len = t_sys.max_send;
	return t_sys_note(&t_sys.send, sys_real.send(fd, buf, len, flags));
}

static inline ssize_t t_sys_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	size_t i = 0;

	if (t_sys_fails(&t_sys.sendmsg))
		return -1;
	if (!t_sys.max_send)
		return t_sys_note(&t_sys.sendmsg, sys_real.sendmsg(fd, msg, flags));
	while (i + 1 < msg->msg_iovlen && msg->msg_iov[i].iov_len == 0)
		i++;
	return t_sys_note(&t_sys.sendmsg,
			  sys_real.send(fd, msg->msg_iov[i].iov_base,
					msg->msg_iov[i].iov_len < t_sys.max_send
						? msg->msg_iov[i].iov_len
						: t_sys.max_send,
					flags));
}

static inline int t_sys_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	if (t_sys_fails(&t_sys.accept4))
		return -1;
	return (int)t_sys_note(&t_sys.accept4, sys_real.accept4(fd, addr, len, flags));
}

static inline int t_sys_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return t_sys_fails(&t_sys.connect) ? -1 : sys_real.connect(fd, addr, len);
}

static inline int t_sys_socket(int domain, int type, int protocol)
{
	return t_sys_fails(&t_sys.socket) ? -1 : sys_real.socket(domain, type, protocol);
}

static inline int t_sys_close(int fd)
{
	t_sys.close.n++;
	return sys_real.close(fd);
}

static inline int t_sys_epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
	return t_sys_fails(&t_sys.epoll_ctl) ? -1 : sys_real.epoll_ctl(ep, op, fd, event);
}

static inline int t_sys_epoll_create1(int flags)
{
	return t_sys_fails(&t_sys.epoll_create1) ? -1 : sys_real.epoll_create1(flags);
}

static inline int t_sys_eventfd(unsigned initial, int flags)
{
	return t_sys_fails(&t_sys.eventfd) ? -1 : sys_real.eventfd(initial, flags);
}

static inline int t_sys_signalfd(int fd, const sigset_t *mask, int flags)
{
	return t_sys_fails(&t_sys.signalfd) ? -1 : sys_real.signalfd(fd, mask, flags);
}

static inline int t_sys_epoll_pwait2(int ep, struct epoll_event *events, int max,
				     const struct timespec *timeout, const sigset_t *mask)
{
	if (t_sys_fails(&t_sys.epoll_wait))
		return -1;
	return sys_real.epoll_pwait2(ep, events, max, timeout, mask);
}

static inline int t_sys_epoll_wait(int ep, struct epoll_event *events, int max, int timeout_ms)
{
	if (t_sys_fails(&t_sys.epoll_wait))
		return -1;
	return sys_real.epoll_wait(ep, events, max, timeout_ms);
}

struct t_net {
	struct reactor reactor;
	struct runtime rt;
	struct t_waker w;
	int n_fds; /* open before */
};

static inline int t_net_n_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	CHECK(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* A reactor, and a sys_ops that counts. */
static inline void t_net_begin(struct t_net *t)
{
	static struct sys_ops counting;

	counting = sys_real;
	counting.recv = t_sys_recv;
	counting.read = t_sys_read;
	counting.send = t_sys_send;
	counting.sendmsg = t_sys_sendmsg;
	counting.accept4 = t_sys_accept4;
	counting.connect = t_sys_connect;
	counting.socket = t_sys_socket;
	counting.close = t_sys_close;
	counting.epoll_ctl = t_sys_epoll_ctl;
	counting.epoll_create1 = t_sys_epoll_create1;
	counting.eventfd = t_sys_eventfd;
	counting.signalfd = t_sys_signalfd;
	counting.epoll_pwait2 = t_sys_epoll_pwait2;
	counting.epoll_wait = t_sys_epoll_wait; /* all there is under valgrind */
	*t = (struct t_net){ .n_fds = t_net_n_fds() };
	CHECK_EQ(reactor_init(&t->reactor), 0);
	t->rt.reactor = &t->reactor;
	t_sys = (struct t_net_sys){ 0 };
	sys_ops = &counting;
}

/*
 * Nothing waits, nothing is registered, no waker is out, and as many descriptors are open as
 * before.
 */
static inline void t_net_end(struct t_net *t)
{
	CHECK_EQ(reactor_n_waiting(&t->reactor), 0);
	CHECK_EQ(reactor_n_sources(&t->reactor), 0);
	CHECK_EQ(t_held(&t->w), 0);
	reactor_fini(&t->reactor);
	sys_ops = &sys_real;
	CHECK_EQ(t_net_n_fds(), t->n_fds);
}

static inline enum poll t_net_poll(struct t_net *t, struct future *f)
{
	return t_poll_in(f, &t->w, &t->rt);
}

/* Looks at the descriptors without waiting; how many wakes that caused. */
static inline int t_net_look(struct t_net *t)
{
	t_wakes(&t->w);
	CHECK_EQ(reactor_wait(&t->reactor, 0), 0);
	return t_wakes(&t->w);
}

/* Waits until something is woken. */
static inline void t_net_wait(struct t_net *t)
{
	while (t_wakes(&t->w) == 0)
		CHECK_EQ(reactor_wait(&t->reactor, UINT64_MAX), 0);
}

/* An executor of four lines: polls, and sleeps in the reactor until woken. */
static inline void t_net_run(struct t_net *t, struct future *f)
{
	t_wakes(&t->w);
	while (t_net_poll(t, f) == POLL_PENDING)
		t_net_wait(t);
}

/* Two connected streams of this process; Unix sockets, but a stream does not know. */
static inline void t_net_pair(struct tcp_stream *a, struct tcp_stream *b)
{
	int fd[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | 04000 /* non-blocking */, 0, fd), 0);
	tcp_open(a, fd[0]);
	tcp_open(b, fd[1]);
}

/* Two connected TCP streams over the loopback interface. */
static inline void t_net_tcp_pair(struct t_net *t, struct tcp_stream *client,
				  struct tcp_stream *server)
{
	struct tcp_listener l;
	struct tcp_connect connecting;
	struct tcp_accept accepting;
	char text[ADDRESS_TEXT_LEN];

	CHECK_EQ(tcp_listen(&l, "127.0.0.1:0", 8), 0);
	CHECK_EQ(tcp_listener_address(&l, text), 0);
	t_net_run(t, tcp_connect(&connecting, client, text));
	CHECK_EQ(connecting.err, 0);
	t_net_run(t, tcp_accept(&accepting, &l));
	CHECK_EQ(accepting.err, 0);
	tcp_move(server, &accepting.stream);
	tcp_listener_close(&l);
}

/* Fills the kernel's buffers until a write would have to wait; how many bytes that took. */
static inline size_t t_net_fill(struct tcp_stream *s)
{
	static const char zeros[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = tcp_try_write(s, zeros, sizeof zeros)) > 0)
		total += (size_t)n;
	CHECK_EQ(n, -EAGAIN);
	return total;
}

/* Reads everything that is there now; how many bytes that was. */
static inline size_t t_net_drain(struct tcp_stream *s)
{
	char buf[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = sys_real.recv(s->source.fd, buf, sizeof buf, MSG_DONTWAIT)) > 0)
		total += (size_t)n;
	return total;
}

#endif
