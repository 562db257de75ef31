# expect: wrong a drop takes the waker out of the flag the future was dropped while it waited, and the flag still has its waker.
s/flag_wait_poll, flag_wait_drop)/flag_wait_poll, NULL)/
s/^static void flag_wait_drop/__attribute__((unused)) &/
