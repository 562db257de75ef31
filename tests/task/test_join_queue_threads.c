/* join_queue whose members end on workers, in any order. */
#include "task/join_queue.h"

#include <errno.h>

#include "executor/block_on_park.h"
#include "t.h"
#include "t_future.h"
#include "t_runtime.h"
#include "task/job.h"

enum { N_ROUNDS = 100, N_JOBS = 100 };

TEST(join_queue_threads, tasks_on_workers_are_joined_in_the_order_of_the_spawns)
{
	struct join_queue queue = { 0 };
	struct join_queue_next next;
	struct tally tally = { 0 };
	struct runtime *rt = NULL;

	t_mem_begin();
	CHECK_EQ(runtime_build(&(struct runtime_builder){ .n_workers = 2 }, &rt), 0);
	for (int round = 0; round < N_ROUNDS; round++) {
		for (int i = 0; i < N_JOBS; i++) {
			struct task *t = join_queue_spawn(&queue, rt, job, &tally,
							  i % 7 ? -(i * 5 % 4) : JOB_NEVER, i);

			CHECK(t);
			if (i % 7 == 0)
				task_abort(t);
		}
		for (int i = 0; i < N_JOBS; i++) {
			CHECK_EQ(block_on_park(join_queue_next(&next, &queue)), 0);
			CHECK(next.task);
			CHECK_EQ(next.err, i % 7 ? 0 : -ECANCELED);
			if (next.err == 0)
				CHECK_EQ(task_frame(next.task, struct job)->value, i);
			if (round % 10 == 9 && i == N_JOBS / 2)
				join_queue_drop(&queue);
			if (join_queue_len(&queue) == 0)
				break;
		}
	}
	join_queue_drop(&queue);
	runtime_destroy(rt);
	CHECK_EQ(tally.n_ended, N_ROUNDS * N_JOBS);
	CHECK_EQ(t_mem_live(), 0);
}
