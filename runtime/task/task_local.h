/*
 * task_local: a value that whatever runs inside of a future can find, without being given it.
 *
 *	static const struct task_local request_id = { "request_id" };
 *
 *	co_await(task_local_scope(&f->scope, &request_id, &f->id, handle(&f->handle, peer)));
 *	...
 *	const uint64_t *id = task_local_get(&request_id, uint64_t);   // in handle, or far below it
 *	if (id)
 *		...                                            // NULL: there is no such scope
 *
 * The one idea: a scope is a future around another one. While it polls or drops that one it is the
 * innermost of this thread's scopes, and it is not in between; so its value is seen by what is
 * inside and by nothing else, whichever thread polls it next time.
 *
 *	       poll, drop of the scope            its child's poll or drop returns
 *	OUTSIDE ----------------------> INNERMOST ---------------------------------> OUTSIDE
 *
 * It is the one thing here that does not come with the context, and for one reason: a drop has no
 * context, and what is logged while a request is cancelled is to bear its id, too. What a future
 * needs in order to work is an argument of its constructor; this is for what it passes on unseen:
 * ids for a log, a trace, a tenant. A task that is spawned inside of a scope is not inside of it.
 */
#ifndef WEFT_TASK_TASK_LOCAL_H
#define WEFT_TASK_TASK_LOCAL_H

#include "future/future.h"

/* A key. Its address says which one it is; static storage, usually one for each kind of value. */
struct task_local {
	const char *name;
};

/* Ready when its child is. The value is seen in every poll of the child, and in its drop. */
struct task_local_scope {
	struct future future;
	struct future *child;           /* owned */
	const struct task_local *key;
	void *value;                    /* borrowed; NULL: taken */
	struct task_local_scope *outer; /* while it is on this thread's list */
};

/* `value` is borrowed until the scope is over or it was taken. Scopes of one key may be nested. */
struct future *task_local_scope(struct task_local_scope *s, const struct task_local *key,
				void *value, struct future *child);

/*
 * The value in the innermost scope of that key around the poll or drop which this thread is in;
 * NULL: there is none, or its value was taken. `type_` is what the scope was given a pointer to.
 */
#define task_local_get(key_, type_) ((type_ *)task_local__get(key_))

/* Takes the value out, for good: inside of the scope there is none from now on. Again: NULL. */
#define task_local_take(s_, type_) ((type_ *)task_local__take(s_))

void *task_local__get(const struct task_local *key);
void *task_local__take(struct task_local_scope *s);

#endif
