/* signals: a signalfd and the mask that goes with it. See signals.h. */
#define _GNU_SOURCE 1 /* sigset_t and what works on it */
#include "net/signals.h"

#include <errno.h>
#include <sys/signalfd.h>

#include "base/sys.h"

/* What is in `set` and was not blocked `before`. */
static sigset_t newly_blocked(const sigset_t *set, const sigset_t *before)
{
	sigset_t result;

	sigemptyset(&result);
	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		if (sigismember(set, signo) == 1 && sigismember(before, signo) == 0)
			sigaddset(&result, signo);
	}
	return result;
}

int signals_open(struct signals *s, const sigset_t *set)
{
	sigset_t before;
	int err, fd;

	*s = (struct signals){ 0 };
	if (sigismember(set, SIGKILL) == 1 || sigismember(set, SIGSTOP) == 1)
		return -EINVAL;
	/* Blocked first: a signal in between is collected, and does not kill. */
	err = -pthread_sigmask(SIG_BLOCK, set, &before);
	if (err)
		return err;
	fd = sys_ops->signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		return err;
	}
	s->blocked = newly_blocked(set, &before);
	source_open(&s->source, fd);
	return 0;
}

void signals_close(struct signals *s)
{
	if (!s->source.is_open)
		return;
	source_close(&s->source);
	pthread_sigmask(SIG_UNBLOCK, &s->blocked, NULL);
}

/* A signal's number, or -errno; -EAGAIN if there is none. */
static int take(struct source *source)
{
	struct signalfd_siginfo info;
	ssize_t n;

	if (!source_may(source, SOURCE_READER))
		return source->is_open ? -EAGAIN : -EBADF;
	do {
		n = sys_ops->read(source->fd, &info, sizeof info);
	} while (n < 0 && errno == EINTR);
	if (n == sizeof info)
		return (int)info.ssi_signo;
	if (n >= 0)
		return -EIO;
	if (errno == EAGAIN)
		source_blocked(source, SOURCE_READER);
	return -errno;
}

static enum poll next_poll(struct future *f, struct context *cx)
{
	struct signals_next *next = future_of(f, struct signals_next);
	struct source *source = &next->signals->source;
	int taken;

	if (!context_may_proceed(cx))
		return POLL_PENDING;
	taken = take(source);
	if (taken == -EAGAIN) {
		taken = source_wait(source, SOURCE_READER, f, cx);
		if (!taken)
			return POLL_PENDING;
	}
	if (taken > 0)
		next->signo = taken;
	else
		next->err = taken;
	source_leave(source, SOURCE_READER, f);
	context_spend(cx);
	return POLL_READY;
}

static void next_drop(struct future *f)
{
	source_leave(&future_of(f, struct signals_next)->signals->source, SOURCE_READER, f);
}

static const struct future_ops next_ops = FUTURE_OPS("signals_next", next_poll, next_drop);

struct future *signals_next(struct signals_next *n, struct signals *s)
{
	*n = (struct signals_next){ .future = future_init(&next_ops), .signals = s };
	return &n->future;
}
