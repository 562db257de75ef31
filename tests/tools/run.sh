# run.sh PROGRAM RESULT: runs one test program, in the way of $STAGE, and writes "passed failed" to
# RESULT. What it printed is shown only if something failed. $T, if any, is the part of suite/name to run.
program=$1
result=$2
log=$result.log
limit=${T_LIMIT:-150} # seconds for a whole program: a hang is a failure, too

# Some sanitizers cannot start where the kernel places mappings too randomly.
fixed=
case $STAGE in
asan | tsan) setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R" ;;
esac

case $STAGE in
criterion)
	set -- env LC_ALL=C "$program" --color=never --short-filename -j2 ${T:+--filter "*$T*"}
	;;
tsan)
	set -- $fixed "$program" _threads/ $T
	;;
valgrind)
	set -- valgrind --quiet --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite --child-silent-after-fork=yes \
		"$program" --skip _threads/ $T
	;;
*)
	set -- $fixed "$program" $T
	;;
esac

timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null
status=$?

# Criterion ends in "Tested: 3 | Passing: 2 | Failing: 1 | Crashing: 1", where who crashed has also failed;
# our runner in "2 passed, 1 failed".
counts=$(awk '
/Tested: .*Passing: .*Failing: .*Crashing: / {
	gsub(/[^0-9 ]/, "")
	passed = $2; failed = $3; found = 1
}
/^[0-9]+ passed, [0-9]+ failed$/ { passed = $1; failed = $3; found = 1 }
END { print passed + 0, failed + 0, found + 0 }' "$log")
set -- $counts
passed=$1 failed=$2

# Without a count it crashed or hung. With no failed test and a bad status it leaked, or worse.
if [ "$3" = 0 ] || { [ "$failed" = 0 ] && [ "$status" != 0 ]; }; then
	failed=$((failed + 1))
fi
if [ "$failed" != 0 ]; then
	echo "--- $STAGE: $program (exit status $status)"
	cat "$log"
fi
echo "$passed $failed" >"$result"
