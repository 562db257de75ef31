# expect: but not because of the network
s/TASK, MANY_WAIT/TASK, IT_IS_NETWORK/
