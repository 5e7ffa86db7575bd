#!/bin/bash
# Runs a command against a private, throwaway PostgreSQL server that has csflow, pg_cron and pgTAP at hand.
#
#   test/private.sh COMMAND [ARG...]
#
# Installs what is missing (test/setup.sh), copies the tree to a folder of its own, builds there, installs csflow to a
# staging folder that only this server looks into, starts the server on a unix socket in that folder, and runs COMMAND in
# the copy with PGHOST, PGUSER, PGDATABASE, PG_CONFIG and PATH set. Existing clusters, ports and the system-wide
# installation are not touched. As root everything from the build on runs as user postgres.
#
# Environment:
#   PG_CONFIG       which PostgreSQL (default: see test/setup.sh)
#   PRIVATE_CONF    further lines for postgresql.conf
#   KEEP=1          leave the server up and say how to reach and stop it
#   CHECKED_BY=sanitizers   csflow is built with gcc's address and undefined-behaviour sanitizers; a finding ends the server
#   CHECKED_BY=valgrind     the server runs under Valgrind's memcheck; findings go to valgrind.*.log beside server.log
#
# When COMMAND fails, results/ (with server.log), regression.diffs and tmp_check/log are copied back to the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
tree=$PWD
unset MAKEFLAGS MAKELEVEL

say() { echo "private server: $*" >&2; }

as_owner() { # nobody may start a server as root
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
	else
		"$@"
	fi
}

copy_tree() { # and the data beside it that some tests read
	mkdir "$work/csflow"
	tar -C "$tree" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		--exclude='./sql/csflow--*.sql' --exclude=./results --exclude=./tmp_check --exclude=./test/bin -cf - . | tar -C "$work/csflow" -xf -
	if [ -d "$tree/../shared/data" ]; then
		mkdir "$work/shared"
		cp -r "$tree/../shared/data" "$work/shared/"
	fi
	chmod -R u+w "$work"
	[ "$(id -u)" != 0 ] || chown -R postgres "$work"
}

# Overflow of signed integers is looked for too, though the server's flags define it.
build() {
	local log=$work/build.log make=(make -s -C "$work/csflow" "with_llvm=no" "PG_CONFIG=$PG_CONFIG")
	case ${CHECKED_BY-} in
	sanitizers) make+=("COPT=-O1 -g -fno-omit-frame-pointer -fno-wrapv -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all") ;;
	valgrind) make+=("COPT=-O1 -g -fno-omit-frame-pointer") ;;
	esac
	if ! { as_owner "${make[@]}" -j"$(nproc)" all && as_owner "${make[@]}" DESTDIR="$work/stage" install; } >"$log" 2>&1; then
		cat "$log" >&2
		say "the build failed"
		exit 1
	fi
}

# Debian's PostgreSQL 15 to 17 look for extensions under extension_destdir too; since 18 every server has
# extension_control_path. Another server needs csflow in its own folders.
staging_conf() {
	local libdir sharedir
	libdir=$("$PG_CONFIG" --pkglibdir) sharedir=$("$PG_CONFIG" --sharedir)
	if grep -q extension_control_path "$sharedir/postgresql.conf.sample"; then
		echo "extension_control_path = '$work/stage$sharedir:\$system'"
		echo "dynamic_library_path = '$work/stage$libdir:\$libdir'"
	elif grep -q extension_destdir "$sharedir/postgresql.conf.sample"; then
		echo "extension_destdir = '$work/stage'"
		echo "dynamic_library_path = '$work/stage$libdir:\$libdir'"
	elif ! cmp -s "$work/stage$libdir/csflow.so" "$libdir/csflow.so"; then
		say "this server finds extensions in its own folders only: run make install PG_CONFIG=$PG_CONFIG first"
		return 1
	fi
}

start_server() {
	as_owner initdb -D "$PGDATA" -A trust -N -E UTF8 --locale=C.UTF-8 -U "$PGUSER" >/dev/null
	{
		cat <<-CONF
			listen_addresses = ''
			unix_socket_directories = '$work'
			shared_preload_libraries = 'pg_cron'
			cron.use_background_workers = on
			max_worker_processes = 20
			fsync = off
			full_page_writes = off
			jit = off
		CONF
		cat "$work/staging.conf"
		printf '%s\n' "${PRIVATE_CONF-}"
	} >>"$PGDATA/postgresql.conf"
	local start=(pg_ctl -D "$PGDATA" -w -s -t 300 -l "$work/server.log") checks
	case ${CHECKED_BY-} in
	sanitizers)
		# PostgreSQL itself is not built so: it frees nothing at its end, and switches stacks of its own accord.
		checks=abort_on_error=1:detect_leaks=0:detect_stack_use_after_return=0:print_stacktrace=1:handle_segv=0:handle_abort=0
		gcc -shared -fPIC -fno-builtin -o "$work/untranslated.so" "$work/csflow/test/lib/untranslated.c"
		start=(env "LD_PRELOAD=$(gcc -print-file-name=libasan.so) $work/untranslated.so" "ASAN_OPTIONS=$checks" "UBSAN_OPTIONS=$checks" "${start[@]}")
		;;
	valgrind)
		printf '#!/bin/sh\nexec valgrind --quiet --log-file=%s/valgrind.%%p.log --suppressions=%s/csflow/test/valgrind.supp %s \\\n\t%s/postgres "$@"\n' \
			"$work" "$work" "--leak-check=no --undef-value-errors=yes --num-callers=40 --vgdb=no" "$("$PG_CONFIG" --bindir)" >"$work/postgres"
		chmod +x "$work/postgres"
		start+=(-p "$work/postgres")
		;;
	esac
	as_owner "${start[@]}" start || {
		tail -n 20 "$work/server.log" >&2
		say "the server did not start"
		exit 1
	}
}

bring_back() { # what shows a failure
	local item
	mkdir -p "$work/csflow/results"
	cp "$work"/*.log "$work/csflow/results/"
	for item in results regression.diffs tmp_check/log; do
		[ -e "$work/csflow/$item" ] || continue
		rm -rf "${tree:?}/$item"
		mkdir -p "$(dirname "$tree/$item")"
		cp -r "$work/csflow/$item" "$tree/$item"
	done
}

finish() {
	local status=$?
	trap - EXIT HUP INT TERM
	[ $status = 0 ] || [ ! -e "$work/server.log" ] || bring_back
	if [ "${KEEP-}" = 1 ] && [ -e "$PGDATA/postmaster.pid" ]; then
		say "still up:  psql -h $work -U $PGUSER $PGDATABASE"
		say "stop it:   kill -INT $(head -n 1 "$PGDATA/postmaster.pid"); rm -r $work"
	else
		[ ! -e "$PGDATA/postmaster.pid" ] || as_owner pg_ctl -D "$PGDATA" -w -s -m immediate stop || true
		rm -rf "$work"
	fi
	exit $status
}

PG_CONFIG=$("$tree/test/setup.sh")
work=$(mktemp -d "${TMPDIR:-/tmp}/csflow.XXXXXX")
export PG_CONFIG HOME=$work LANG=C.UTF-8 LC_ALL=C.UTF-8 PGCLIENTENCODING=UTF8
export PGDATA=$work/data PGHOST=$work PGUSER=postgres PGDATABASE=postgres TEMP_CONFIG=$work/staging.conf
unset PGPORT PGHOSTADDR PGSERVICE PGPASSWORD PGOPTIONS PGTZ
PATH=$("$PG_CONFIG" --bindir):$PATH
trap finish EXIT
trap 'exit 130' HUP INT TERM

cd "$work"
copy_tree
say "building in $work"
build
staging_conf >"$work/staging.conf"
start_server
say "$(psql -XAtqc "SELECT 'PostgreSQL ' || current_setting('server_version')"), unix socket only, fsync off"
cd "$work/csflow"
as_owner "$@"
