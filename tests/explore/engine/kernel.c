/*
 * kernel: the descriptors that the runtime has of its own, an epoll and an eventfd, played in
 * memory (base/sys.h is the one door to them).
 *
 * A descriptor that is used after it was closed, or never was, is a finding: in a real process the
 * number may long be somebody else's. What goes through the kernel puts nothing in order here.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/sys.h"
#include "explore/engine/engine.h"
#include "explore/engine/report.h"

enum { FDS_MAX = 16, FIRST_FD = 1000, WATCHES_MAX = 8 };

struct watch {
	int fd;
	struct epoll_event event;
	bool is_due; /* an edge has come that was not fetched */
};

struct file {
	enum kind { CLOSED, EVENT, EPOLL } kind;
	uint64_t count;
	struct watch watches[WATCHES_MAX];
	unsigned n_watches;
};

static struct file files[FDS_MAX];
static unsigned n_files;

static struct file *file_of(int fd, enum kind kind, const char *who)
{
	struct file *f =
		fd >= FIRST_FD && fd < FIRST_FD + (int)n_files ? &files[fd - FIRST_FD] : NULL;

	if (!f || f->kind == CLOSED)
		found("use after free", "%s: descriptor %d is closed", who, fd);
	if (f->kind != kind)
		found("explorer", "%s: descriptor %d is of another kind", who, fd);
	return f;
}

static int open_file(enum kind kind)
{
	if (n_files == FDS_MAX)
		found("explorer", "more than %d descriptors in one run", FDS_MAX);
	files[n_files] = (struct file){ .kind = kind };
	return FIRST_FD + (int)n_files++;
}

static int play_close(int fd)
{
	struct file *f =
		fd >= FIRST_FD && fd < FIRST_FD + (int)n_files ? &files[fd - FIRST_FD] : NULL;

	point((struct place){ .what = "close" });
	if (!f || f->kind == CLOSED)
		found("use after free", "close: descriptor %d is closed", fd);
	f->kind = CLOSED;
	return 0;
}

/* --- eventfd --- */

static int play_eventfd(unsigned initial, int flags)
{
	int fd = open_file(EVENT);

	(void)flags;
	files[fd - FIRST_FD].count = initial;
	return fd;
}

static void tell_watchers(int fd)
{
	for (unsigned i = 0; i < n_files; i++) {
		for (unsigned w = 0; w < files[i].n_watches; w++) {
			if (files[i].watches[w].fd != fd)
				continue;
			files[i].watches[w].is_due = true;
			wake(&files[i], THREADS_MAX);
		}
	}
}

static ssize_t play_write(int fd, const void *buf, size_t len)
{
	struct file *f;
	uint64_t n;

	point((struct place){ .what = "write to an eventfd" });
	f = file_of(fd, EVENT, "write");
	if (len != sizeof n)
		found("explorer", "write of %zu bytes", len);
	memcpy(&n, buf, sizeof n);
	f->count += n;
	tell_watchers(fd);
	wake(f, THREADS_MAX);
	return sizeof n;
}

static ssize_t play_read(int fd, void *buf, size_t len)
{
	struct file *f;

	point((struct place){ .what = "read an eventfd" });
	f = file_of(fd, EVENT, "read");
	if (len < sizeof f->count || f->count == 0) {
		errno = f->count ? EINVAL : EAGAIN;
		return -1;
	}
	memcpy(buf, &f->count, sizeof f->count);
	f->count = 0;
	return sizeof f->count;
}

/* --- epoll --- */

static int play_epoll_create1(int flags)
{
	(void)flags;
	return open_file(EPOLL);
}

static int play_epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
	struct file *e = file_of(ep, EPOLL, "epoll_ctl");

	if (op != EPOLL_CTL_ADD || e->n_watches == WATCHES_MAX)
		found("explorer", "epoll_ctl: operation %d is not played", op);
	e->watches[e->n_watches++] = (struct watch){
		.fd = fd, .event = *event, .is_due = file_of(fd, EVENT, "epoll_ctl")->count > 0
	};
	return 0;
}

static int fetch(struct file *e, struct epoll_event *events, int max)
{
	int n = 0;

	for (unsigned i = 0; i < e->n_watches && n < max; i++) {
		struct watch *w = &e->watches[i];

		if (!w->is_due)
			continue;
		w->is_due = !(w->event.events & EPOLLET) && files[w->fd - FIRST_FD].count > 0;
		events[n] = w->event;
		events[n++].events = EPOLLIN;
	}
	return n;
}

static int wait_until(int ep, struct epoll_event *events, int max, uint64_t deadline_ns)
{
	struct file *e;
	int n;

	point((struct place){ .what = "epoll_wait" });
	e = file_of(ep, EPOLL, "epoll_wait");
	while ((n = fetch(e, events, max)) == 0 && deadline_ns > run.now_ns)
		if (!block(e, "sleeps in epoll_wait", deadline_ns))
			return 0;
	return n;
}

static int play_epoll_wait(int ep, struct epoll_event *events, int max, int timeout_ms)
{
	uint64_t limit = (uint64_t)timeout_ms * 1000000u;

	return wait_until(ep, events, max, timeout_ms < 0 ? UINT64_MAX : run.now_ns + limit);
}

static int play_epoll_pwait2(int ep, struct epoll_event *events, int max,
			     const struct timespec *timeout, const sigset_t *mask)
{
	uint64_t limit =
		timeout ? (uint64_t)timeout->tv_sec * 1000000000u + (uint64_t)timeout->tv_nsec : 0;

	(void)mask;
	return wait_until(ep, events, max, timeout ? run.now_ns + limit : UINT64_MAX);
}

static int play_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = (time_t)(run.now_ns / 1000000000u);
	ts->tv_nsec = (long)(run.now_ns % 1000000000u);
	return 0;
}

/* --- The table. What is not there is NULL, and so crashes: nobody has needed it yet. --- */

static const struct sys_ops played = {
	.close = play_close,
	.read = play_read,
	.write = play_write,
	.epoll_create1 = play_epoll_create1,
	.epoll_ctl = play_epoll_ctl,
	.epoll_pwait2 = play_epoll_pwait2,
	.epoll_wait = play_epoll_wait,
	.eventfd = play_eventfd,
	.clock_gettime = play_clock_gettime,
};

void kernel_reset(void)
{
	n_files = 0;
	sys_ops = &played;
}

void kernel_check_leaks(void)
{
	for (unsigned i = 0; i < n_files; i++)
		if (files[i].kind != CLOSED)
			found("leak", "descriptor %d is still open", FIRST_FD + (int)i);
}
