# expect: after poll 1 of countdown(&c, 4) `left` is 0, and should be 3.
/printf.*left--/s/.*/	while (c->left)\n		c->left--;/
