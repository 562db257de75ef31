# expect: after poll 2 you say LOOK_UP, and it never stands there.
s/places\[\] = { READ, PRINT/places[] = { READ, LOOK_UP, PRINT/
