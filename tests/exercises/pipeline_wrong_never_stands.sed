# expect: it never stands at LOOK_UP, so nothing can be forgotten there.
s/\[LOOK_UP\] = { false }/[LOOK_UP] = { [ITEM] = true }/
