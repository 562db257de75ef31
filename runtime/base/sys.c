/* sys: the door, open on libc. See sys.h. */
#define _GNU_SOURCE 1 /* accept4, epoll_pwait2 */
#include "base/sys.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

const struct sys_ops sys_real = {
	.socket = socket,
	.bind = bind,
	.listen = listen,
	.accept4 = accept4,
	.connect = connect,
	.shutdown = shutdown,
	.getsockopt = getsockopt,
	.setsockopt = setsockopt,
	.getsockname = getsockname,
	.getpeername = getpeername,
	.close = close,
	.read = read,
	.write = write,
	.recv = recv,
	.send = send,
	.sendmsg = sendmsg,
	.epoll_create1 = epoll_create1,
	.epoll_ctl = epoll_ctl,
	.epoll_pwait2 = epoll_pwait2,
	.epoll_wait = epoll_wait,
	.eventfd = eventfd,
	.signalfd = signalfd,
	.clock_gettime = clock_gettime,
};

const struct sys_ops *sys_ops = &sys_real;
