/* The same on several workers: a parent is dropped on one while its children run on others. */
#include "cancel_token_tasks.h"

enum { N_WORKERS = 3, N_ROUNDS = 10 };

TEST(cancel_token_tasks_threads, a_token_that_is_cancelled_ends_all_that_were_spawned_under_it)
{
	for (int round = 0; round < N_ROUNDS; round++)
		end_a_server(N_WORKERS, N_CLIENTS * round / N_ROUNDS, false);
}

TEST(cancel_token_tasks_threads, a_server_that_is_aborted_takes_its_clients_with_it)
{
	for (int round = 0; round < N_ROUNDS; round++)
		end_a_server(N_WORKERS, N_CLIENTS * round / N_ROUNDS, true);
}
