# expect: It is the same 400 ms
# expect: for so long no player is heard.
# expect: it waits, so a task comes to mind.
# expect: 1 of 4 hold.
s/= { THREAD/= { TASK/
s/= { CALL/= { THREAD/
