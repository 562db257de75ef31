# headers.sh: every header compiles by itself, under each of $COMPILERS. Ends in a line "passed failed".
passed=0 failed=0
for header in $(find runtime -name '*.h' | sort); do
	for cc in $COMPILERS; do
		if said=$(echo "#include \"${header#runtime/}\"" |
			$cc -std=c17 -Wall -Wextra -Wshadow -Werror -Iruntime -fsyntax-only -x c - 2>&1); then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "--- $header does not compile alone ($cc)"
			echo "$said"
		fi
	done
done
echo "$passed $failed"
