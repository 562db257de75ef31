# expect: no longer there. Done in a process of its own, it ends like this: "weft: bug: walk: moved after its first poll
# expect: Unpin
# expect: 4 of 7 hold.
s/{ NO, /{ YES,/
