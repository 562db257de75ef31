/*
 * probe: the places where somebody may look on.
 *
 * The one idea: what happens to futures, happens in few places: a poll, a drop, a spawn, a wake, a
 * thread that goes to sleep. Each of them asks one pointer whether anybody wants to know. Nearly
 * always it is NULL, and then all that it costs is one branch that the processor predicts; set, it is
 * a table of functions. The poll tape (trace/tape.h) is such a table.
 *
 * Executors and wakers that you write yourself say what they do by the same functions, and so their
 * tasks appear on the tape like those of the runtime.
 */
#ifndef WEFT_FUTURE_PROBE_H
#define WEFT_FUTURE_PROBE_H

#include <stdatomic.h>
#include <stddef.h>

struct context;
struct future;
struct future_ops;
struct runtime;

/*
 * What a listener can be told. No function may be NULL; each is called on the thread where it happens,
 * and must not poll, drop or wake anything. A task is known by the data pointer of its waker.
 */
struct probe {
	void (*poll)(struct future *f, struct context *cx); /* it is about to be polled */
	void (*pending)(struct future *f);                  /* that poll has said so */
	void (*ready)(struct future *f);
	void (*drop)(struct future *f, const struct future_ops *ops); /* live; about to be dropped */
	void (*dropped)(const struct future_ops *ops);      /* that one is: its memory may be gone */
	void (*spawn)(const void *task, struct future *f);
	void (*abort)(const void *task);
	void (*wake)(const void *task);     /* somebody called a waker of it */
	void (*arrive)(const void *task);   /* its executor learns that it was woken, perhaps elsewhere */
	void (*because)(const char *cause); /* what the next wakes come from; NULL: no longer */
	void (*park)(void);                 /* nothing to poll: the thread sleeps until a wake */
	void (*runtime)(struct runtime *rt); /* built or entered: its clock counts; NULL: destroyed */
};

/* The listener, or NULL. Written when nobody polls, or by the thread that is recorded. */
extern const struct probe *_Atomic probe_listener;

/* acquire: pairs with the release in probe_listen; the table is seen whole. */
static inline const struct probe *probe_get(void)
{
	return atomic_load_explicit(&probe_listener, memory_order_acquire);
}

static inline void probe_listen(const struct probe *listener)
{
	/* release: pairs with the acquire in probe_get */
	atomic_store_explicit(&probe_listener, listener, memory_order_release);
}

#define PROBE__TELL(what_, ...)                                                                    \
	do {                                                                                       \
		const struct probe *probe_ = probe_get();                                          \
		if (__builtin_expect(probe_ != NULL, 0))                                           \
			probe_->what_(__VA_ARGS__);                                                \
	} while (0)

/* future_poll and future_drop tell of themselves. These are for executors and wakers. */
static inline void probe_spawn(const void *task, struct future *f)
{
	PROBE__TELL(spawn, task, f);
}

static inline void probe_abort(const void *task)
{
	PROBE__TELL(abort, task);
}

static inline void probe_wake(const void *task)
{
	PROBE__TELL(wake, task);
}

static inline void probe_arrive(const void *task)
{
	PROBE__TELL(arrive, task);
}

static inline void probe_because(const char *cause)
{
	PROBE__TELL(because, cause);
}

static inline void probe_park(void)
{
	PROBE__TELL(park);
}

static inline void probe_runtime(struct runtime *rt)
{
	PROBE__TELL(runtime, rt);
}

#endif
