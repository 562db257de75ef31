# expect: a future waits for the flag, flag_set is called, and the waker is not.
s/	waker_wake(&waker);.*/	waker_drop(\&waker);/
