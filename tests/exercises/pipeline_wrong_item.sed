# expect: you say that `item` is needed at READ. Forgotten, when it stands there for the second time, it is not missed: the total is 80.
# expect: 4 of 5 hold.
s/\[READ\] = { \[N_READ\]/[READ] = { [ITEM] = true, [N_READ]/
