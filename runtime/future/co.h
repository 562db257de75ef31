/*
 * co: a function that can wait in the middle, made of a struct and a switch.
 *
 * The one idea: at an await the function remembers its place as a number, returns PENDING, and
 * the next poll jumps back to that number. Whatever must outlive the await lives in a struct, the
 * frame; ordinary locals do not survive. This is what the compilers of async languages write for
 * you.
 *
 *	struct nap { struct co co; unsigned n; struct delay d; };
 *
 *	static enum poll nap_run(struct co *co, struct context *cx)
 *	{
 *		struct nap *const f = co_frame(co, struct nap);
 *
 *		co_begin(co);
 *		while (f->n-- > 0)
 *			co_await(delay(&f->d, 1000));
 *		co_finally {
 *			puts("this runs once: at the end, at co_return, or when dropped");
 *		}
 *		co_end;
 *	}
 *
 *	struct future *nap(struct nap *f, unsigned n)
 *	{
 *		*f = (struct nap){ .co = co_init(nap_run), .n = n };
 *		return &f->co.future;
 *	}
 *
 * The states of a coroutine, by co->line:
 *
 *	  0 --poll--> running --co_await--> its line --poll--> running --end, co_return--> CO_FINALLY
 *	  |                                    |                                               ^
 *	  +------------------drop--------------+---------------drop (child first)--------------+
 *
 * Rules, and who enforces them:
 *	a local must not live across an await            gcc, inside bodies only: does not compile
 *	one await per line; none inside co_finally       does not compile
 *	no await inside a switch of your own             aborts at the resume, with name and line
 *	no plain return, no stray break out of the body  aborts, with name and line
 *	co_finally { } is optional and comes last; its fields may still be zero; it gets no context
 */
#ifndef WEFT_FUTURE_CO_H
#define WEFT_FUTURE_CO_H

#include "future/future.h"

/* One for each co_await in the program, in read-only memory: what backtraces are made of. */
struct co_site {
	const char *file;
	const char *func;
	int line;
	const char *expr; /* the text of what is awaited */
};

struct co {
	struct future future;
	struct future *child;       /* what it awaits; NULL: it is not inside an await */
	const struct co_site *site; /* the await it is in, or was in last */
	int line;                   /* where to go on: 0, a line, or CO_FINALLY */
};

typedef enum poll co_run(struct co *, struct context *);

/* One for each co_init in the program: its ops alive, its ops when over, and the body. */
struct co_code {
	struct future_ops live;
	struct future_ops over;
	co_run *run;
};

enum { CO_FINALLY = -1 };

enum poll co__poll(struct future *f, struct context *cx);
void co__drop(struct future *f);
struct future *co__child(struct future *f, unsigned i);

/*
 * A call, so that co_init is no constant expression: clang 14 takes an initialiser that is constant
 * as a whole for read-only data, and then forgets to emit the static variable inside it.
 */
static inline const struct future_ops *co__live(const struct co_code *code)
{
	return &code->live;
}

/*
 * The initialiser of a frame's `co` member, inside its constructor, whose name becomes the future's.
 * `run_` is the body.
 */
#define co_init(run_)                                                                              \
	{ .future = { .ops = __extension__({                                                       \
		static const struct co_code co_code_ = {                                           \
			.live = { .name = __func__, .poll = co__poll, .drop = co__drop,            \
				  .child = co__child, .over = &co_code_.over },                    \
			.over = { .name = __func__, .poll = future_over_poll, .child = co__child },\
			.run = (run_)                                                              \
		};                                                                                 \
		co__live(&co_code_);                                                               \
	}) } }

/* The frame that a coroutine's `co` is the first member of. */
#define co_frame(co_, type) ((type *)(void *)(co_))

/* --- The body --- */

/*
 * Two warnings become errors between co_begin and co_end, so that a local which an await would lose
 * does not compile. (clang has no -Wjump-misses-init: build with gcc once.)
 */
#if defined __GNUC__ && !defined __clang__
#define CO__GUARD_LOCALS                                                                           \
	_Pragma("GCC diagnostic push")                                                             \
	_Pragma("GCC diagnostic error \"-Wjump-misses-init\"")                                     \
	_Pragma("GCC diagnostic error \"-Wdeclaration-after-statement\"")                          \
	_Pragma("GCC diagnostic ignored \"-Wshadow\"")
/* gcc's pop leaves both warnings switched on, as warnings: off they go. */
#define CO__UNGUARD_LOCALS                                                                         \
	_Pragma("GCC diagnostic pop")                                                              \
	_Pragma("GCC diagnostic ignored \"-Wjump-misses-init\"")                                   \
	_Pragma("GCC diagnostic ignored \"-Wdeclaration-after-statement\"")
#else
#define CO__GUARD_LOCALS                                                                           \
	_Pragma("GCC diagnostic push")                                                             \
	_Pragma("GCC diagnostic error \"-Wdeclaration-after-statement\"")                          \
	_Pragma("GCC diagnostic ignored \"-Wshadow\"")
#define CO__UNGUARD_LOCALS _Pragma("GCC diagnostic pop")
#endif

/*
 * Opens the body; wants the context to be called `cx`. The switch is entered once per poll, and
 * once more, with CO_FINALLY, when the body has ended.
 */
#define co_begin(co__)                                                                             \
	CO__GUARD_LOCALS                                                                           \
	struct co *const co_ = (co__);                                                             \
	struct context *const co_cx_ __attribute__((unused)) = (cx);                               \
	int co_at_ = co_->line;                                                                    \
co_switch_:                                                                                        \
	switch (co_at_) {                                                                          \
	case 0:

/*
 * Awaits one future: builds it, polls it now, and again whenever this coroutine is polled, until it
 * is ready. A statement of its own. Locals are lost across it. The argument is evaluated once.
 */
#define co_await(...)                                                                              \
	do {                                                                                       \
		static const struct co_site co_site_ = { __FILE__, __func__, __LINE__,             \
							 #__VA_ARGS__ };                           \
		co_->child = (__VA_ARGS__);                                                        \
		co_->site = &co_site_;                                                             \
		co_->line = __LINE__;                                                              \
		__attribute__((fallthrough));                                                      \
	case __LINE__:                                                                             \
		if (future_poll(co_->child, co_cx_) == POLL_PENDING)                               \
			return POLL_PENDING;                                                       \
		co_->child = NULL;                                                                 \
	} while (0)

/* Ends the body from anywhere in it; co_finally runs. */
#define co_return                                                                                  \
	do {                                                                                       \
		goto co_exit_;                                                                     \
	} while (0)

struct co_await_is_not_allowed_inside_co_finally;

/*
 * Opens the block that runs exactly once, however the coroutine ends. Inside it `co_` has an
 * incomplete type, whose name is the error message for an await.
 */
#define co_finally                                                                                 \
	goto co_exit_;                                                                             \
	case CO_FINALLY:                                                                           \
	for (struct co_await_is_not_allowed_inside_co_finally *co_ = co__token(); co_; co_ = NULL)

/*
 * Closes the body. The label is reached from the body's end and from co_return, and, the second
 * time, from the end of co_finally; `default` by a coroutine without co_finally, or by a lost
 * one.
 */
#define co_end                                                                                     \
co_exit_:                                                                                          \
		if (co_at_ != CO_FINALLY) {                                                        \
			co_->line = co_at_ = CO_FINALLY;                                           \
			goto co_switch_;                                                           \
		}                                                                                  \
		return POLL_READY;                                                                 \
	default:                                                                                   \
		if (co_at_ == CO_FINALLY)                                                          \
			goto co_exit_;                                                             \
		co__lost(co_, __FILE__, __LINE__);                                                 \
	}                                                                                          \
	co__stray(co_, __FILE__, __LINE__);                                                        \
	CO__UNGUARD_LOCALS                                                                         \
	((void)0)

/* Any pointer that is not NULL. */
static inline void *co__token(void)
{
	return (void *)1;
}

_Noreturn void co__lost(struct co *co, const char *file, int line);
_Noreturn void co__stray(struct co *co, const char *file, int line);

#endif
