#!/bin/sh
# Makes sure that what building and testing csflow needs is there, and prints the path of the pg_config to use as its only
# line on standard output. What is missing is installed by package name (Debian, Ubuntu), one line each saying why; when
# nothing is missing nothing happens.
#
#   PG_CONFIG=$(test/setup.sh)            server, headers, pg_cron, pgTAP, compiler, Perl modules
#   PG_CONFIG=$(test/setup.sh checks)     and, where the distribution has them, clang, libFuzzer, clang-format, clang-tidy, cppcheck,
#                                         valgrind, sqlsmith, shellcheck
#
# PG_CONFIG given from outside decides which PostgreSQL; otherwise the newest installed one (15 or newer) that has all
# pieces, else the newest that can be completed. Installing a server package never creates a cluster here.
set -eu

oldest=15
root=/usr/lib/postgresql
share=/usr/share/postgresql
createcluster=/etc/postgresql-common/createcluster.d
no_cluster=$createcluster/zz-csflow-no-main-cluster.conf

say() { echo "setup: $*" >&2; }
fail() {
	say "$1"
	shift
	for line; do echo "       $line" >&2; done
	exit 69
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Lines "package reason" of what is missing -------------------------------------------------------------------------

server_pieces() { # MAJOR
	[ -x "$root/$1/bin/postgres" ] || echo "postgresql-$1 the server"
	[ -e "$root/$1/lib/pgxs/src/makefiles/pgxs.mk" ] || echo "postgresql-server-dev-$1 headers and PGXS to build the extension"
	[ -e "$share/$1/extension/pg_cron.control" ] || echo "postgresql-$1-cron pg_cron, which runs the scheduled jobs"
	[ -e "$share/$1/extension/pgtap.control" ] || echo "postgresql-$1-pgtap pgTAP, the tests written in SQL"
}

common_pieces() {
	command -v gcc >/dev/null || echo "gcc the C compiler"
	[ -e /usr/include/stdlib.h ] || echo "libc6-dev headers of the C library"
	command -v make >/dev/null || echo "make builds the extension"
	command -v prove >/dev/null || echo "perl runs the test programs"
	perl -MIPC::Run -e 1 2>/dev/null || echo "libipc-run-perl PostgreSQL's own test modules need it"
	command -v uconv >/dev/null || echo "icu-devtools the test of script, width and case turns texts into traditional characters with it"
}

check_pieces() {
	command -v clang >/dev/null || echo "clang the second compiler, and fuzzing"
	set -- /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a
	[ -e "$1" ] || echo "libclang-rt-dev the fuzzing run-time"
	command -v clang-format-14 >/dev/null || echo "clang-format-14 checks the layout of the C sources"
	command -v sqlsmith >/dev/null || echo "sqlsmith makes up statements"
	command -v valgrind >/dev/null || echo "valgrind watches the memory of a server"
	command -v clang-tidy-14 >/dev/null || echo "clang-tidy-14 static analysis of the C sources"
	command -v cppcheck >/dev/null || echo "cppcheck static analysis of the C sources"
	command -v shellcheck >/dev/null || echo "shellcheck checks the shell scripts"
}

# Which PostgreSQL --------------------------------------------------------------------------------------------------

majors() { # of the names on standard input, the supported ones, newest first
	sed -n 's/.*[^0-9]\([0-9][0-9]*\)$/\1/p' | sort -rnu | while read -r major; do
		[ "$major" -lt "$oldest" ] || echo "$major"
	done
}

installed_majors() {
	for postgres in "$root"/*/bin/postgres; do
		[ ! -x "$postgres" ] || echo "${postgres%/bin/postgres}"
	done | majors
}

obtainable() { # MAJOR: apt knows every missing piece
	for package in $(server_pieces "$1" | cut -d ' ' -f 1); do
		known_to_apt "$package" || return 1
	done
}

known_to_apt() { apt-cache show "$1" >/dev/null 2>&1; }

choose_major() { # sets major
	for major in $(installed_majors); do
		[ -n "$(server_pieces "$major")" ] || return 0
	done
	refresh_package_lists
	for major in $(installed_majors) $(apt-cache pkgnames postgresql-server-dev- | majors); do
		! obtainable "$major" || return 0
	done
	fail "no PostgreSQL $oldest or newer with pg_cron and pgTAP in this machine's package sources." \
		"The PostgreSQL project's own packages have them:" \
		"  apt-get install -y postgresql-common && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh"
}

check_given() { # a PG_CONFIG from outside, complete or of a packaged server that can be completed
	bindir=$("$PG_CONFIG" --bindir) || fail "PG_CONFIG=$PG_CONFIG cannot be run."
	major=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	[ "$major" -ge "$oldest" ] || fail "PG_CONFIG=$PG_CONFIG is PostgreSQL $major: csflow needs $oldest or newer."
	if [ "$bindir" != "$root/$major/bin" ]; then
		extensions=$("$PG_CONFIG" --sharedir)/extension
		for piece in "$bindir/postgres" "$("$PG_CONFIG" --pgxs)" "$extensions/pg_cron.control" "$extensions/pgtap.control"; do
			[ -e "$piece" ] || fail "PG_CONFIG=$PG_CONFIG is not of a Debian package and lacks $piece: install that first."
		done
		major=
	fi
}

# Installing --------------------------------------------------------------------------------------------------------

refreshed=
refresh_package_lists() {
	[ -z "$refreshed" ] || return 0
	refreshed=yes
	command -v apt-get >/dev/null || fail "packages are missing and this is neither Debian nor Ubuntu (no apt-get)." \
		"Install PostgreSQL $oldest or newer with its headers, pg_cron, pgTAP, gcc, make and Perl's IPC::Run," \
		"then name it: make test PG_CONFIG=/path/to/pg_config"
	may_install
	say "apt-get update: packages are missing, reading the package lists"
	as_root apt-get update -qq >&2 || say "apt-get update failed; trying with the lists at hand"
}

may_install() {
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; } && return 0
	fail "packages are missing and installing them needs root or sudo; neither works here." \
		"As root: apt-get install -y postgresql-common and for the PostgreSQL in use postgresql-N," \
		"postgresql-server-dev-N, postgresql-N-cron, postgresql-N-pgtap, gcc, libc6-dev, libipc-run-perl, icu-devtools"
}

apt_install() { # its talk is shown only when it fails
	log=$(mktemp)
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq \
		install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null || {
		tail -n 30 "$log" >&2
		rm -f "$log"
		fail "apt-get install $* failed."
	}
	rm -f "$log"
}

# A server package creates a cluster named main when it is first installed, unless told otherwise before.
without_main_cluster() {
	[ -e /usr/share/postgresql-common ] || apt_install postgresql-common
	trap 'as_root rm -f "$no_cluster"; as_root rmdir --ignore-fail-on-non-empty "$createcluster"' EXIT
	trap 'exit 1' HUP INT TERM
	as_root mkdir -p "$createcluster"
	echo "create_main_cluster = false" | as_root tee "$no_cluster" >/dev/null
}

install_missing() { # lines "package reason"
	refresh_package_lists
	echo "$1" | while read -r package reason; do
		[ -z "$package" ] || say "installing $package: $reason"
	done
	case $1 in
	*"the server"*) without_main_cluster ;;
	esac
	# shellcheck disable=SC2046
	apt_install $(echo "$1" | cut -d ' ' -f 1)
}

wanted=${1-}
major=
if [ -n "${PG_CONFIG-}" ]; then
	check_given
else
	choose_major
	PG_CONFIG=$root/$major/bin/pg_config
fi
missing=$([ -z "$major" ] || server_pieces "$major"; common_pieces)
if [ "$wanted" = checks ] && [ -n "$(check_pieces)" ]; then
	refresh_package_lists
	missing=$(echo "$missing"; check_pieces | while read -r package reason; do
		! known_to_apt "$package" || echo "$package $reason"
	done)
fi
[ -z "$missing" ] || install_missing "$missing"
echo "$PG_CONFIG"
