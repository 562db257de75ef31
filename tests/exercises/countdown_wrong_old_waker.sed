# expect: the second poll came with another waker, and the one of the first poll was called
s/^	waker_wake_by_ref.*/	{\n		static struct waker kept;\n\n		if (c->n_polls == 1)\n			kept = *cx->waker;\n		waker_wake_by_ref(\&kept);\n	}/
