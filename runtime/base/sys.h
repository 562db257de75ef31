/*
 * sys: the one door to the kernel.
 *
 * Every system call that the runtime makes on a file descriptor goes through this table, so that
 * a test can return EMFILE from accept, one byte from write, or EINTR from anything. The
 * functions are libc's own, with libc's contracts (-1 and errno); callers turn errno into -errno
 * at once. sys_ops may be replaced while no runtime runs, by a copy of sys_real with some entries
 * changed.
 */
#ifndef WEFT_BASE_SYS_H
#define WEFT_BASE_SYS_H

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

struct signalfd_siginfo;

struct sys_ops {
	int (*socket)(int domain, int type, int protocol);
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*accept4)(int fd, struct sockaddr *addr, socklen_t *len, int flags);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*shutdown)(int fd, int how);
	int (*getsockopt)(int fd, int level, int option, void *value, socklen_t *len);
	int (*setsockopt)(int fd, int level, int option, const void *value, socklen_t len);
	int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*getpeername)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *buf, size_t len);
	ssize_t (*write)(int fd, const void *buf, size_t len);
	ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
	ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	int (*epoll_create1)(int flags);
	int (*epoll_ctl)(int ep, int op, int fd, struct epoll_event *event);
	int (*epoll_pwait2)(int ep, struct epoll_event *events, int max, const struct timespec *timeout,
			    const sigset_t *mask);
	int (*epoll_wait)(int ep, struct epoll_event *events, int max, int timeout_ms);
	int (*eventfd)(unsigned initial, int flags);
	int (*signalfd)(int fd, const sigset_t *mask, int flags);
	int (*clock_gettime)(clockid_t clock, struct timespec *ts);
};

extern const struct sys_ops sys_real;
extern const struct sys_ops *sys_ops;

#endif
