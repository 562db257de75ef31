/*
 * t: the test language, one source for two runners.
 *
 * Built with -DT_CRITERION a file becomes a Criterion suite: each test in a process of its own,
 * with a time limit. Built without, it registers with the in-process runner (t_runner.c), which
 * serves where Criterion cannot: under ThreadSanitizer and valgrind, and wherever one process
 * must see all tests. Criterion has a thread of its own in each process, so lock_alone() is false
 * there: between them the two runners take both paths of base/lock.h.
 *
 *	TEST(oneshot, a_value_sent_before_the_await_is_received)
 *	{
 *		...
 *		CHECK(t_poll(&rx->future, &w) == POLL_READY);
 *		CHECK_EQ(rx->err, 0);
 *	}
 *
 * TEST_BUG is for law 6 and its like: the body must end the process with SIGABRT. It runs in a
 * process of its own under both runners.
 *
 * A failed CHECK says file, line and values, and ends the test at once.
 */
#ifndef WEFT_TESTS_T_H
#define WEFT_TESTS_T_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

_Noreturn void t_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			t_fail(__FILE__, __LINE__, "not true: %s", #condition);                    \
	} while (0)

/* Two integers of any width. */
#define CHECK_EQ(actual, expected)                                                                 \
	do {                                                                                       \
		long long t_actual_ = (long long)(actual), t_expected_ = (long long)(expected);    \
		if (t_actual_ != t_expected_)                                                      \
			t_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", #actual,           \
			       t_actual_, t_expected_);                                            \
	} while (0)

#define CHECK_STR(actual, expected)                                                                \
	do {                                                                                       \
		const char *t_actual_ = (actual), *t_expected_ = (expected);                       \
		if (strcmp(t_actual_, t_expected_) != 0)                                           \
			t_fail(__FILE__, __LINE__, "%s is \"%s\", expected \"%s\"", #actual,       \
			       t_actual_, t_expected_);                                            \
	} while (0)

#define CHECK_PTR(actual, expected)                                                                \
	do {                                                                                       \
		const void *t_actual_ = (actual), *t_expected_ = (expected);                       \
		if (t_actual_ != t_expected_)                                                      \
			t_fail(__FILE__, __LINE__, "%s is %p, expected %p", #actual, t_actual_,    \
			       t_expected_);                                                       \
	} while (0)

#ifdef T_CRITERION

#include <criterion/criterion.h>
#include <signal.h>

#define TEST(suite_, name_) Test(suite_, name_, .timeout = 120)
#define TEST_BUG(suite_, name_) Test(suite_, name_, .timeout = 120, .signal = SIGABRT)

#else

struct t_case {
	const char *suite, *name;
	void (*body)(void);
	bool must_abort;
	struct t_case *next;
};

void t_register(struct t_case *c);

#define T__CASE(suite_, name_, must_abort_)                                                        \
	static void suite_##__##name_(void);                                                       \
	__attribute__((constructor)) static void suite_##__##name_##__register(void)               \
	{                                                                                          \
		static struct t_case c = { #suite_, #name_, suite_##__##name_, must_abort_, NULL };\
		t_register(&c);                                                                    \
	}                                                                                          \
	static void suite_##__##name_(void)
#define TEST(suite_, name_) T__CASE(suite_, name_, false)
#define TEST_BUG(suite_, name_) T__CASE(suite_, name_, true)

#endif

#endif
