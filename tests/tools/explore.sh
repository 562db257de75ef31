# explore.sh: small scenarios under many interleavings: the part of `make explore` that takes less than a
# minute. It is built by gcc whatever $CC is. Each scenario is a test. Ends in a line "passed failed".
if ! MAKEFLAGS= make --no-print-directory QUIET=1 EXPLORE_OUT="$OUT" "$OUT/explore" >"$OUT/built" 2>&1; then
	cat "$OUT/built"
	echo "0 1"
	exit
fi
"$OUT/explore" --bound=2 --seconds=1 --random=100 --counts >"$OUT/played" 2>&1
grep -v '^  ok \|^  found \|^  - ' "$OUT/played"
