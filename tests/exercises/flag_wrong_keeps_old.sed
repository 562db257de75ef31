# expect: after five polls with one waker there are 5 clones
s/^		waker = stale;/		waker = (struct waker){ 0 };\n		(void)stale;/
