# expect: Two of them run at the same time: do they share something?
# expect: 9 of 10 hold.
s/^	uint64_t pause_ms;.*//
s/, .pause_ms = 10, /, /
/^static enum poll again_run/,/^}/{
s/^	struct again \*const.*/&\n	static uint64_t pause_ms;\n/
s/^	co_begin(co);/&\n	pause_ms = 10;/
s/f->pause_ms/pause_ms/
}
