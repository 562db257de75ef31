# need_criterion.sh CC...: makes sure that Criterion can be used, or says what to run and fails.
usable() {
	echo '#include <criterion/criterion.h>
	Test(a, b) {}' | "$@" -x c - -lcriterion -o /dev/null 2>/dev/null
}

usable "$@" && exit 0

if [ "$(id -u)" = 0 ]; then
	root=
elif sudo -n true 2>/dev/null; then
	root="sudo -n"
else
	root=none
fi

if command -v apt-get >/dev/null; then
	install="apt-get install -y libcriterion-dev"
	update="apt-get update"
elif command -v dnf >/dev/null; then
	install="dnf install -y criterion-devel"
	update=true
elif command -v pacman >/dev/null; then
	install="pacman -S --noconfirm criterion"
	update=true
else
	echo "the tests need Criterion: install it from https://github.com/Snaipe/Criterion, then run make check again"
	exit 1
fi

if [ "$root" != none ]; then
	echo "installing Criterion: $install"
	export DEBIAN_FRONTEND=noninteractive
	{ $root $install || { $root $update && $root $install; }; } >/dev/null 2>&1 </dev/null
	usable "$@" && exit 0
fi
echo "the tests need Criterion: run 'sudo $install', then make check again"
exit 1
