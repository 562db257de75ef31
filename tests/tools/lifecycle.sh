# lifecycle.sh: every life that a task can have, plain, under ASan and UBSan, and under TSan. $MAKE and $CC as
# in the Makefile. Shares what `make check` has built. Ends with one line of figures.
make=${MAKE:-make}
cc=${CC:-gcc}

# way NAME FOLDER SETTING...: builds the programs that way, and runs them.
way() {
	name=$1
	out=$2
	shift 2
	"$make" -s --no-print-directory QUIET=1 RUNNER=runner OUT="$out" "$@" \
		"$out/tests/lifecycle/test_lifecycle" "$out/tests/lifecycle/test_lifecycle_threads" || exit 1
	for program in test_lifecycle test_lifecycle_threads; do
		# Some sanitizers cannot start where the kernel places mappings too randomly.
		fixed=
		setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"
		$fixed "$out/tests/lifecycle/$program" >"$out/lifecycle.log" 2>&1 || {
			cat "$out/lifecycle.log"
			echo "lifecycle: $name failed"
			exit 1
		}
		sed -n "s/^lifecycle: /  $name: /p" "$out/lifecycle.log" | tee -a "$all"
	done
}

all=$(mktemp)
trap 'rm -f "$all"' EXIT
way plain build CC="$cc"
way "ASan and UBSan" build/check/asan CC="$cc" SAN=address,undefined DEBUG=1 WERROR=1
way TSan build/check/tsan CC="$cc" SAN=thread WERROR=1
awk -F: '{ sub(/ combinations.*/, "", $2); n += $2 }
END { printf "lifecycle: %d lives in %d settings: every frame ended once, and as it had to\n", n, NR }' "$all"
