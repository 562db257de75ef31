/* task_local: a list of the scopes that this thread is inside of. See task_local.h. */
#include "task/task_local.h"

static _Thread_local struct task_local_scope *innermost;

static void enter(struct task_local_scope *s)
{
	s->outer = innermost;
	innermost = s;
}

static void leave(struct task_local_scope *s)
{
	bug_unless(innermost == s);
	innermost = s->outer;
	s->outer = NULL;
}

void *task_local__get(const struct task_local *key)
{
	struct task_local_scope *s = innermost;

	while (s && s->key != key)
		s = s->outer;
	return s ? s->value : NULL;
}

void *task_local__take(struct task_local_scope *s)
{
	void *value = s->value;

	s->value = NULL;
	return value;
}

static enum poll scope_poll(struct future *f, struct context *cx)
{
	struct task_local_scope *s = future_of(f, struct task_local_scope);
	enum poll polled;

	enter(s);
	polled = future_poll(s->child, cx);
	leave(s);
	return polled;
}

static void scope_drop(struct future *f)
{
	struct task_local_scope *s = future_of(f, struct task_local_scope);

	enter(s);
	future_drop(s->child);
	leave(s);
}

static struct future *scope_child(struct future *f, unsigned i)
{
	return i == 0 ? future_of(f, struct task_local_scope)->child : NULL;
}

static const char *scope_where(struct future *f)
{
	return future_of(f, struct task_local_scope)->key->name;
}

static const struct future_ops scope_ops = {
	.name = "task_local_scope", .poll = scope_poll, .drop = scope_drop, .child = scope_child,
	.where = scope_where, .is_unseen = true, .over = FUTURE_OVER("task_local_scope"),
};

struct future *task_local_scope(struct task_local_scope *s, const struct task_local *key,
				void *value, struct future *child)
{
	bug_unless(key && child);
	*s = (struct task_local_scope){ .future = future_init(&scope_ops), .child = child,
					.key = key, .value = value };
	return &s->future;
}
