/* play: plays a plan, and fails the test with the plan's words if anything comes out otherwise. */
#ifndef WEFT_TESTS_LIFECYCLE_PLAY_H
#define WEFT_TESTS_LIFECYCLE_PLAY_H

/* Every plan that is valid there, each on a runtime of its own: 0 workers is current-thread. How many. */
unsigned play_all(unsigned n_workers);

#endif
