/* The cancel token in a runtime of one thread: a server, its clients, and who stops them. */
#include "cancel_token_tasks.h"

TEST(cancel_token_tasks, a_token_that_is_cancelled_ends_all_that_were_spawned_under_it)
{
	end_a_server(0, N_CLIENTS, false);
}

TEST(cancel_token_tasks, a_cancel_in_the_midst_of_the_spawning_reaches_those_that_come_after_it)
{
	end_a_server(0, N_CLIENTS / 2, false);
	end_a_server(0, 1, false);
	end_a_server(0, 0, false);
}

/* The guard: what stands in co_finally runs when the task is aborted, too. */
TEST(cancel_token_tasks, a_server_that_is_aborted_takes_its_clients_with_it)
{
	end_a_server(0, N_CLIENTS, true);
	end_a_server(0, N_CLIENTS / 2, true);
	end_a_server(0, 0, true);
}
