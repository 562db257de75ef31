# expect: the runtime stopped poll
# expect: left by a plain return
s/^			co_return;/			return POLL_READY;/
