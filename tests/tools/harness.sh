# harness.sh: what runs the tests notices when one goes wrong. Each case is one test of tests/harness/bad.c
# and what run.sh must count for it. Ends in a line "passed failed".
passed=0 failed=0
mkdir -p "$OUT"

flags="-std=c17 -O1 -g -Iruntime -Itests tests/harness/bad.c"
$CC $flags -fsanitize=address,undefined -fno-sanitize-recover=all tests/t_runner.c -o "$OUT/asan" &&
	$CC $flags -DT_CRITERION tests/t_criterion.c -lcriterion -o "$OUT/criterion" ||
	{ echo "0 1" && exit; }

counts() { # STAGE TEST EXPECTED [TEXT]: "passed failed"; what must be in what is shown, or: nothing is
	T=$2 STAGE=$1 T_LIMIT=2 sh tests/tools/run.sh "$OUT/$1" "$OUT/result" >"$OUT/shown" 2>&1
	if [ "$(cat "$OUT/result")" != "$3" ]; then
		verdict=no
	elif [ -n "$4" ]; then
		grep -qF -- "$4" "$OUT/shown" && verdict=yes || verdict=no
	else
		[ -s "$OUT/shown" ] && verdict=no || verdict=yes
	fi
	if [ $verdict = yes ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "--- $1 $2: expected $3 and '$4', was $(cat "$OUT/result") and:"
		cat "$OUT/shown"
	fi
}

counts asan good/passes "1 0"
counts asan good/aborts_as_it_should "1 0"
counts asan bad/fails "0 1" "1 + 1 is 2, expected 3"
counts asan bad/crashes "0 1" "ended in test bad/crashes"
counts asan bad/aborts "0 1" "ended in test bad/aborts"
counts asan bad/exits "0 1" "exit status 0"
counts asan bad/hangs "0 1" "ended in test bad/hangs"
counts asan bad/leaks "1 1" "LeakSanitizer"
counts asan bad/overflows "0 1" "signed integer overflow"
counts asan bad/reads_what_was_freed "0 1" "heap-use-after-free"
counts asan bad/does_not_abort "0 1" "did not abort"
counts criterion good/passes "1 0"
counts criterion good/aborts_as_it_should "1 0"
counts criterion bad/fails "0 1" "1 + 1 is 2, expected 3"
counts criterion bad/crashes "0 1" "bad::crashes"
counts criterion bad/aborts "0 1" "bad::aborts"
counts criterion bad/does_not_abort "0 1" "bad::does_not_abort"
echo "$passed $failed"
