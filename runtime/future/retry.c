/* retry: a loop around an await. See retry.h. */
#include "future/retry.h"

#include <errno.h>

static enum poll retry_run(struct co *co, struct context *cx)
{
	struct retry *const f = co_frame(co, struct retry);

	co_begin(co);
	while (f->attempts < f->n_attempts) {
		f->attempt = f->make(f->arg, f->attempts++);
		f->err = -ENOMEM;
		if (f->attempt) {
			co_await(f->attempt);
			f->err = f->result(f->arg);
		}
		if (f->err == 0)
			co_return;
	}
	co_end;
}

struct future *retry(struct retry *f, struct future *(*make)(void *arg, unsigned attempt),
		     int (*result)(void *arg), void *arg, unsigned n_attempts)
{
	*f = (struct retry){ .co = co_init(retry_run), .make = make, .result = result, .arg = arg,
			     .n_attempts = n_attempts, .err = -EINVAL };
	return &f->co.future;
}
