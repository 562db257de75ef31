# mutants.sh: planted bugs, each of which some scenario must find. Run by explore.mk, which says in the
# environment how to compile and link: EXPLORE_OUT, EXPLORE_PLAYED, EXPLORE_LINK, EXPLORE_ENGINE.
#
#	M=part of a mutant's name, or nothing: all of them
#	SEEN=1: play all scenarios, and say which of them find it
#
# The sources stay as they are. A changed copy of one file lies in a folder of its own, and what depends
# on it is compiled again. A line for each mutant; the last says how many were killed.
out=$EXPLORE_OUT/mutants
killed=0 alive=0
mkdir -p "$out"

mutants() {
	awk -v part="$M" '
	/^== / { name = $2 }
	/^in / { file = $2 }
	/^killed by / && index(name, part) { print name, file, $3, FILENAME }' tests/explore/mutants/*.txt
}

# Which objects of the runtime a scenario needs: the linker knows.
needed() { # SCENARIO'S OBJECT
	$EXPLORE_LINK -Wl,-Map="$out/map" -o "$out/needed" "$1" $EXPLORE_ENGINE "$EXPLORE_OUT/libplayed.a"
	sed -n 's/^.*libplayed\.a(\([a-z_]*\)\.o).*/\1/p' "$out/map" | sort -u
}

# compile OBJECT: again, if it depends on the changed file.
compile() {
	base=${1#"$EXPLORE_OUT/obj/"}
	source=${base%.o}.c
	grep -qE "(^| )$file( |:|\$)" "${1%.o}.d" || { echo "$1" && return; }
	[ "$source" = "$file" ] && source=$folder/${file#runtime/}
	mkdir -p "$folder/obj/$(dirname "$base")"
	$EXPLORE_CC -I"$folder" $EXPLORE_PLAYED -c "$source" -o "$folder/obj/$base" || exit 1
	echo "$folder/obj/$base"
}

# build SCENARIO'S OBJECT...: the explorer with the changed file.
build() {
	objects=
	for object; do
		again=$(compile "$object") || return 1
		objects="$objects $again"
		needed=$(needed "$object")
	done
	for member in $needed; do
		again=$(compile "$(echo "$EXPLORE_OUT"/obj/runtime/*/"$member.o")") || return 1
		objects="$objects $again"
	done
	$EXPLORE_LINK -o "$folder/explore" $objects $EXPLORE_ENGINE "$EXPLORE_OUT/libplayed.a"
}

scenario_object() {
	echo "$EXPLORE_OUT/obj/$(grep -lE "SCENARIO\($1," tests/explore/scenarios/*.c | sed 's/c$/o/')"
}

say() {
	printf '  %-9s %-44s %s\n' "$@"
}

play() { # SCENARIO
	timeout -k 5 300 "$folder/explore" --bound=3 --seconds=60 "$1" >"$folder/said" 2>&1
	kind=$(sed -n "s/^--- $1: \([a-z ]*\): .*/\1/p" "$folder/said" | head -n 1)
	[ -n "$kind" ]
}

# What a scenario finds without a mutant proves nothing about the mutant.
sound() { # SCENARIO
	grep -qx "$1" "$out/sound" && return
	timeout -k 5 60 "$EXPLORE_OUT/explore" --bound=2 --seconds=3 --random=500 "$1" >"$out/said" 2>&1 &&
		echo "$1" >>"$out/sound"
}

mutants >"$out/list"
: >"$out/sound"
while read -r name file scenario table; do
	folder=$out/$name
	rm -rf "$folder"
	if ! sound "$scenario"; then
		say BROKEN "$name" "$scenario finds something without it"
		alive=$((alive + 1))
		continue
	fi
	mkdir -p "$folder/$(dirname "${file#runtime/}")"
	if ! awk -v name="$name" -f tests/explore/mutants/mutate.awk "$table" "$file" \
		>"$folder/${file#runtime/}" || ! build "$(scenario_object "$scenario")"; then
		say BROKEN "$name"
		alive=$((alive + 1))
	elif play "$scenario"; then
		say killed "$name" "by $scenario: $kind"
		killed=$((killed + 1))
	else
		say ALIVE "$name" "not found by $scenario"
		tail -n 3 "$folder/said"
		alive=$((alive + 1))
	fi
	rm -rf "$folder/obj" "$folder/explore"
done <"$out/list"
echo "$killed mutants killed, $alive not"
[ "$alive" = 0 ] && [ "$killed" != 0 ]
