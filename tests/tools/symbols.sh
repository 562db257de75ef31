# symbols.sh: what $LIB exports is declared in a header under runtime/. Each symbol is a test.
# Ends in a line "passed failed".
passed=0 failed=0
words=$OUT/declared
find runtime -name '*.h' -exec cat {} + | grep -oE '[A-Za-z_][A-Za-z0-9_]*' | sort -u >"$words"
for symbol in $(nm -g --defined-only "$LIB" | awk 'NF == 3 { print $3 }' | sort -u); do
	if grep -qxF "$symbol" "$words"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "--- exported, but in no header: $symbol"
	fi
done
echo "$passed $failed"
