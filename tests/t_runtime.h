/* t_runtime: runtimes for tests. */
#ifndef WEFT_TESTS_T_RUNTIME_H
#define WEFT_TESTS_T_RUNTIME_H

#include "executor/runtime.h"
#include "t.h"

static inline struct runtime *t_runtime(void)
{
	struct runtime *rt = NULL;

	CHECK_EQ(runtime_build(NULL, &rt), 0);
	return rt;
}

static inline struct runtime *t_runtime_virtual(void)
{
	struct runtime *rt = NULL;

	CHECK_EQ(runtime_build(&(struct runtime_builder){ .virtual_time = true }, &rt), 0);
	return rt;
}

#endif
