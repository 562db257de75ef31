# expect: the runtime stopped poll 1 of countdown: "weft: bug: countdown: moved
s/^	waker_wake_by_ref.*/	{\n		struct countdown copy = *c;\n\n		return future_poll(\&copy.future, cx);\n	}/
