# Memory of one connection (issue "trust"): after as many calls of each function as time allows, and after as many changes of the
# configuration, each seen by the connection, its memory is what it was. Bounded by default; the full measure, an hour or more:
#
#   CSFLOW_CALLS=1000000 CSFLOW_SECONDS=30 CSFLOW_RELOADS=10000 TESTS=090_memory make check-server
#
# CSFLOW_CALLS and CSFLOW_SECONDS are the most calls of one function and the most time for them, CSFLOW_REPORT=FILE keeps a
# line for each, CSFLOW_ONLY=PATTERN leaves out the other functions. Functions that write, or refuse what they are given, are
# called each in a subtransaction that is rolled back.

use strict;
use warnings;
use Cwd qw(abs_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $calls = $ENV{CSFLOW_CALLS} // 20000;
my $seconds = $ENV{CSFLOW_SECONDS} // 0.1;
my $only = $ENV{CSFLOW_ONLY} // '.';
my $reloads = $ENV{CSFLOW_RELOADS} // 400;

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\nfsync = off\nmax_parallel_workers_per_gather = 0");
$node->start;
my $has_cron = $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'");
if ($has_cron)
{
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.use_background_workers = on");
	$node->restart;
}

my $lib = abs_path('test/lib');
my $prepared = $node->basedir . '/prepared.sql';
append_to_file($prepared, <<"END");
CREATE EXTENSION csflow;
\\i $lib/internet_desk.sql
\\i $lib/sane_arguments.sql
CREATE ROLE sane_reader; CREATE ROLE sane_agent; CREATE ROLE sane_supervisor; CREATE ROLE sane_administrator;
END
$node->command_ok([ 'psql', '-X', '-q', '-h', $node->host, '-p', $node->port, '-f', $prepared, 'postgres' ], 'a desk with tickets, and values of every type');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron') if $has_cron;

$node->safe_psql('postgres', <<'END');
SET search_path = public, csflow;
-- Each function with sane arguments: as columns of a row, so that no call is done once at planning time, and as text. The query with so many
-- rows calls it so many times.
CREATE VIEW argument AS
  SELECT p.oid, a.n, CASE WHEN a.type = 'cstring'::regtype THEN format('%L::cstring', (SELECT l.value FROM literal AS l WHERE l.type = p.prorettype ORDER BY l.n LIMIT 1))
    ELSE sane_value(p.oid, a.n::integer) END AS value
  FROM pg_proc AS p, unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, n) WHERE p.pronamespace = 'csflow'::regnamespace;
CREATE FUNCTION arguments(routine oid, passed integer DEFAULT 0, OUT value text, OUT as_columns text, OUT named text) LANGUAGE sql STABLE AS $$
  SELECT string_agg(a.value, ', ' ORDER BY a.n), string_agg(replace(format('%s AS c%s, ', a.value, a.n), '%', '%%'), '' ORDER BY a.n), string_agg('c' || a.n, ', ' ORDER BY a.n)
  FROM argument AS a WHERE a.oid = routine AND a.n > passed
$$;
CREATE TABLE routine AS
  SELECT p.oid::regprocedure::text AS name, p.prokind = 'f' AND p.provolatile <> 'v' OR p.prokind = 'a' AS is_pure, format('csflow.%I(%s)', p.proname, a.value) AS call,
    format(CASE WHEN p.prokind = 'a' THEN 'SELECT csflow.%I(%s) FROM (SELECT %s generate_series(1, %%s)) AS s'
        ELSE 'SELECT count(x) FROM (SELECT csflow.%I(%s) AS x FROM (SELECT %s generate_series(1, %%s)) AS s) AS q' END, p.proname, a.named, a.as_columns) AS query
  FROM pg_proc AS p CROSS JOIN arguments(p.oid) AS a
  WHERE p.pronamespace = 'csflow'::regnamespace AND p.prokind IN ('f', 'a') AND p.prorettype <> 'trigger'::regtype
    AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS a JOIN pg_type AS t ON t.oid = a WHERE t.typtype = 'p' AND t.oid <> 'cstring'::regtype);
-- Parts of an aggregate refuse to be called by themselves: each is the whole of an aggregate here, or what slides it along rows.
DO $$
DECLARE
  part record; sliding record;
BEGIN
  FOR part IN SELECT DISTINCT f.oid, a.aggtranstype::regtype AS state, pg_get_function_arguments(f.oid) AS types
    FROM pg_aggregate AS a JOIN pg_proc AS f ON f.oid IN (a.aggtransfn, a.aggcombinefn) WHERE f.pronamespace = 'csflow'::regnamespace AND f.proargtypes[0] = a.aggtranstype LOOP
    EXECUTE format('CREATE AGGREGATE public.whole_%s (%s) (SFUNC = %s, STYPE = %s)', part.oid, regexp_replace(part.types, '^[^,]*, ', ''),
      (SELECT format('csflow.%I', proname) FROM pg_proc WHERE oid = part.oid), part.state);
    UPDATE routine SET is_pure = true, query = format('SELECT count(x) FROM (SELECT public.whole_%s(%s) AS x FROM (SELECT %s generate_series(1, %%s)) AS s) AS q', part.oid, a.named, a.as_columns)
    FROM arguments(part.oid, 1) AS a WHERE name = part.oid::regprocedure::text;
  END LOOP;
  FOR sliding IN SELECT f.oid, a.aggfnoid AS whole FROM pg_aggregate AS a JOIN pg_proc AS f ON f.oid IN (a.aggmtransfn, a.aggminvtransfn) WHERE f.pronamespace = 'csflow'::regnamespace LOOP
    UPDATE routine SET is_pure = true, query = format('SELECT count(x) FROM (SELECT csflow.%I(%s) OVER (ROWS BETWEEN 20 PRECEDING AND CURRENT ROW) AS x FROM (SELECT %s generate_series(1, %%s)) AS s) AS q',
      (SELECT proname FROM pg_proc WHERE oid = sliding.whole), a.named, a.as_columns)
    FROM arguments(sliding.whole) AS a WHERE name = sliding.oid::regprocedure::text;
  END LOOP;
END $$;
UPDATE routine SET call = format('(%s)', format(query, 1)) WHERE query ~ 'public.whole_| OVER ';
-- Sorting asks for the function that compares.
INSERT INTO routine SELECT p.oid::regprocedure::text, true, format('(%s)', format(q.query, 1)), q.query
  FROM pg_proc AS p CROSS JOIN LATERAL (SELECT format('SELECT count((SELECT count(*) FROM (SELECT v FROM (VALUES (c1), (c1)) AS t (v) ORDER BY v OFFSET 0) AS q)) FROM (SELECT %L::csflow.%s AS c1, generate_series(1, %%s)) AS s',
    l.value, l.type_name) AS query FROM (SELECT value, replace(p.proname, '_sortsupport', '') AS type_name FROM literal WHERE type = to_regtype('csflow.' || replace(p.proname, '_sortsupport', '')) ORDER BY n LIMIT 1) AS l) AS q
  WHERE p.pronamespace = 'csflow'::regnamespace AND p.proname LIKE '%\_sortsupport';
-- The binary form is read by COPY only, of so many rows that COPY has written before; none is kept.
INSERT INTO routine SELECT p.oid::regprocedure::text, true, NULL, format('COPY (SELECT %L::%s FROM generate_series(1, %%1$s)) TO %%2$L (FORMAT binary)|COPY public.received_%s FROM %%2$L (FORMAT binary) WHERE false', replace(l.value, '%', '%%'), l.type, p.oid)
  FROM pg_proc AS p CROSS JOIN LATERAL (SELECT * FROM literal AS l WHERE l.type = p.prorettype ORDER BY l.n LIMIT 1) AS l WHERE p.pronamespace = 'csflow'::regnamespace AND p.proname LIKE '%\_recv';
SELECT format('CREATE TABLE public.received_%s (v %s)', p.oid, p.prorettype::regtype) FROM pg_proc AS p WHERE p.pronamespace = 'csflow'::regnamespace AND p.proname LIKE '%\_recv' \gexec
CREATE TABLE measured (name text, calls bigint, seconds double precision, way text, contexts bigint, resident bigint, peak bigint,
  refusal text, grew bigint[]); -- SQLSTATE of a call that is refused; what the contexts grew by in the calls, and in each of three more rounds of fewer

-- What the connection holds, in bytes: its memory contexts and, as the kernel counts it, its resident memory and the peak of that.
CREATE FUNCTION resident(which text) RETURNS bigint LANGUAGE sql VOLATILE AS
  $$SELECT 1024 * substring(pg_read_file('/proc/self/status') FROM which || ':\s+(\d+) kB')::bigint - CASE which WHEN 'VmRSS'
    THEN 1024 * coalesce(substring(pg_read_file('/proc/self/status') FROM 'RssShmem:\s+(\d+) kB')::bigint, 0) ELSE 0 END$$;

CREATE FUNCTION held_by_contexts() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';

-- So many calls: in one statement, or each by itself, undone.
CREATE PROCEDURE run_calls(way text, query text, call text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
  part text;
BEGIN
  IF way = 'statement' THEN
    EXECUTE format(query, n);
    RETURN;
  ELSIF way = 'copy' THEN
    FOR part IN SELECT * FROM regexp_split_to_table(format(query, n, current_setting('data_directory') || '/rows'), '\|') LOOP
      EXECUTE part;
    END LOOP;
    RETURN;
  END IF;
  FOR i IN 1 .. n LOOP
    BEGIN
      EXECUTE 'SELECT ' || call;
      RAISE EXCEPTION USING ERRCODE = 'ZZ000';
    EXCEPTION WHEN OTHERS OR assert_failure THEN NULL;
    END;
    IF i % 500 = 0 THEN
      COMMIT;
    END IF;
  END LOOP;
END $$;

-- The kernel lets whoever may write there begin the peak anew; elsewhere it only rises, and what is compared is the rise.
CREATE PROCEDURE reset_peak() LANGUAGE plpgsql AS $$
BEGIN
  COPY (SELECT 5) TO '/proc/self/clear_refs';
EXCEPTION WHEN OTHERS THEN NULL;
END $$;

-- A third of the calls as warm-up, then the rest, then three rounds of fewer. A part of what is said to be pure refuses its arguments:
-- that is measured, too.
CREATE PROCEDURE measure(wanted_calls bigint, wanted_seconds double precision) LANGUAGE plpgsql AS $$
DECLARE
  r record; way text; n bigint; per_call double precision; since timestamptz; held bigint[]; resident_before bigint; peak bigint; refusal text;
BEGIN
  -- The first twice: measuring has caches of its own.
  FOR r IN (SELECT * FROM public.routine ORDER BY name LIMIT 1) UNION ALL (SELECT * FROM public.routine ORDER BY name) LOOP
    DELETE FROM public.measured WHERE name = r.name;
    way := CASE WHEN r.call IS NULL THEN 'copy' WHEN r.is_pure THEN 'statement' ELSE 'each' END;
    IF way = 'statement' THEN
      BEGIN
        EXECUTE format(r.query, 2);
      EXCEPTION WHEN OTHERS THEN way := 'each';
      END;
    END IF;
    refusal := NULL;
    BEGIN
      IF r.call IS NOT NULL THEN
        EXECUTE 'SELECT ' || r.call;
      END IF;
      RAISE EXCEPTION USING ERRCODE = 'ZZ000';
    EXCEPTION WHEN OTHERS OR assert_failure THEN refusal := nullif(SQLSTATE, 'ZZ000');
    END;
    CALL public.run_calls(way, r.query, r.call, 1);
    COMMIT;
    per_call := NULL;
    -- What one call takes tells how many to take the time of; the shortest counts, others were interrupted.
    FOREACH n IN ARRAY '{1,10,200}'::bigint[] LOOP
      EXIT WHEN per_call * n > wanted_seconds;
      since := clock_timestamp();
      CALL public.run_calls(way, r.query, r.call, n);
      per_call := least(per_call, greatest(extract(epoch FROM clock_timestamp() - since) / n, 1e-7));
      COMMIT;
    END LOOP;
    n := greatest(least(wanted_calls, wanted_seconds / per_call)::bigint, 3);
    -- Six at least: the first five of a plan in PL/pgSQL are planned each by itself.
    CALL public.reset_peak();
    CALL public.run_calls(way, r.query, r.call, greatest(n / 3, 6));
    COMMIT;
    peak := public.resident('VmHWM');
    held := array_fill(0::bigint, '{5}');
    held[1] := public.held_by_contexts();
    resident_before := public.resident('VmRSS');
    CALL public.reset_peak();
    since := clock_timestamp();
    CALL public.run_calls(way, r.query, r.call, n);
    COMMIT;
    held[2] := public.held_by_contexts();
    INSERT INTO public.measured SELECT r.name, n, extract(epoch FROM clock_timestamp() - since), way, held[2] - held[1],
      public.resident('VmRSS') - resident_before, public.resident('VmHWM') - peak, refusal;
    COMMIT;
    FOR round IN 3 .. 5 LOOP
      CALL public.run_calls(way, r.query, r.call, greatest(n / 12, 2));
      COMMIT;
      held[round] := public.held_by_contexts();
    END LOOP;
    UPDATE public.measured SET grew = ARRAY[held[2] - held[1], held[3] - held[2], held[4] - held[3], held[5] - held[4]] WHERE name = r.name;
    COMMIT;
  END LOOP;
END $$;

-- Changes of rules, targets, steps and calendars, after each of which a ticket asks for what is in force.
CREATE PROCEDURE reload(n integer) LANGUAGE plpgsql AS $$
DECLARE
  desk bigint := csflow.desk_id('reloaded'); seen text;
BEGIN
  FOR i IN 1 .. n LOOP
    UPDATE csflow.keyword_rule SET category_id = 2 - i % 2 WHERE desk_id = desk;
    IF i % 4 = 0 THEN
      UPDATE csflow.target SET duration = make_interval(hours => 1 + i % 5) WHERE desk_id = desk;
    ELSIF i % 4 = 1 THEN
      UPDATE csflow.step SET at_share_pct = 50 + i % 40 WHERE desk_id = desk;
    ELSIF i % 4 = 2 THEN
      UPDATE csflow.working_calendar SET base = format('Asia/Shanghai; mon-fri 09:%s-18:00', lpad((i % 60)::text, 2, '0'))::csflow.calendar
      WHERE desk_id = desk AND code = 'office';
    END IF;
    COMMIT;
    BEGIN
      INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (desk, 'email', '闪退', '2025-03-03 09:00+08') RETURNING kind INTO seen;
      IF seen IS DISTINCT FROM (CASE i % 2 WHEN 1 THEN 'fault' ELSE 'inquiry' END) THEN
        RAISE EXCEPTION 'round %: % is not what the rule says', i, seen USING ERRCODE = 'ZZ001';
      END IF;
      RAISE EXCEPTION USING ERRCODE = 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
    END;
    COMMIT;
  END LOOP;
END $$;
SELECT csflow.create_desk('reloaded', NULL);
INSERT INTO csflow.category (desk_id, category_id, code, caption_zh, caption_en) SELECT csflow.desk_id('reloaded'), v.* FROM (VALUES (1, 'fault', '故障', 'fault'), (2, 'inquiry', '咨询', 'inquiry')) AS v;
INSERT INTO csflow.keyword_rule (desk_id, any_of, category_id) VALUES (csflow.desk_id('reloaded'), '{闪退}', 1);
INSERT INTO csflow.working_calendar (desk_id, code, base) VALUES (csflow.desk_id('reloaded'), 'office', 'Asia/Shanghai; mon-fri 09:00-18:00');
INSERT INTO csflow.target (desk_id, target_id, clock, duration, calendar, starts_on) VALUES (csflow.desk_id('reloaded'), 1, 'resolve', '1 hour', 'office', '{opened}');
INSERT INTO csflow.step (desk_id, target_id, position, at_share_pct, level, action, recipients) VALUES (csflow.desk_id('reloaded'), 1, 1, 50, 'warning', 'notify', '{team}');
END

$node->safe_psql('postgres', "DELETE FROM routine WHERE name !~ \$\$$only\$\$");

# A context may be given another block, and malloc() another heap page; what is lost with each call is far more.
$node->safe_psql('postgres', "SET search_path = public, csflow; SET client_min_messages = error; SET log_min_messages = fatal; CALL measure($calls, $seconds)");
is($node->safe_psql('postgres', 'SELECT count(*) FROM routine EXCEPT SELECT count(*) FROM measured'), '', 'every function was measured');
is($node->safe_psql('postgres', "SELECT name, refusal FROM measured WHERE refusal LIKE '42%' AND refusal <> '42501'"), '', 'each was called, none for want of a type or function');
my $shown = $node->safe_psql('postgres', q{SELECT format('%s calls of %s functions; fewer than %s of %s; %s refused what they were given', sum(calls), count(*), max(calls), count(*) FILTER (WHERE calls < (SELECT max(calls) FROM measured)), count(refusal)) FROM measured});
diag($shown);
# A table that is made and undone leaves PostgreSQL's own catalog caches what it was asked about it, whoever makes it.
my $tables = q{CASE WHEN name ~ '^(create_partitions?|housekeeping_batch)\\(' THEN 60000 ELSE 0 END};
is($node->safe_psql('postgres', "SELECT name, calls, contexts FROM measured WHERE contexts > 262144 + calls / 20 + calls * $tables"), '',
	'no memory context grows with the calls of a function');
# What is lost with each call, be it a byte, shows in every round; a cache that has been filled does not. Roles and tables that were
# undone are remembered as above, 144 bytes for each role.
is($node->safe_psql('postgres', "SELECT name, grew FROM measured WHERE 0 < ALL (grew) AND $tables = 0 AND name NOT LIKE 'setup_roles(%'"), '',
	'nor does any grow in round after round, be it by a byte');
is($node->safe_psql('postgres', "SELECT name, calls, resident FROM measured WHERE resident > 4000000 + calls * (1 + $tables)"), '', 'nor does resident memory');
is($node->safe_psql('postgres', "SELECT name, calls, peak FROM measured WHERE way = 'statement' AND peak > 4000000 + calls"), '',
	'nor its peak within a statement, against a third of the calls');
if (defined $ENV{CSFLOW_REPORT})
{
	append_to_file($ENV{CSFLOW_REPORT}, $node->safe_psql('postgres', 'SELECT name, calls, round(seconds::numeric, 1), way, contexts, resident, peak, grew, refusal FROM measured ORDER BY name') . "\n");
}

# Procedures commit as they go, which only the client may have them do.
my $rounds = $calls < 50 ? $calls : 50;
$node->safe_psql('postgres', <<"END");
SET search_path = public, csflow;
SET client_min_messages = error;
CREATE TABLE held (name text, round integer, bytes bigint, PRIMARY KEY (name, round));
SELECT s.statement FROM pg_proc AS p CROSS JOIN generate_series(0, 4) AS round CROSS JOIN generate_series(1, $rounds + 1) AS n CROSS JOIN arguments(p.oid) AS a
  CROSS JOIN LATERAL (VALUES (CASE WHEN n <= $rounds THEN format('CALL csflow.%I(%s)', p.proname, a.value) ELSE format('INSERT INTO held VALUES (%L, %s, held_by_contexts())', p.oid::regprocedure, round) END)) AS s (statement)
  WHERE p.pronamespace = 'csflow'::regnamespace AND p.prokind = 'p' ORDER BY p.oid, round, n \\gexec
END
is($node->safe_psql('postgres', q{SET search_path = public, csflow; SELECT name, array_agg(bytes ORDER BY round) FROM held GROUP BY name
	HAVING (SELECT bool_and(l.bytes > h.bytes) FROM held AS h JOIN held AS l ON l.name = h.name AND l.round = h.round + 1 WHERE h.name = min(held.name))}), '',
	'nor do procedures leave anything, round after round');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT name) FROM held}), $node->safe_psql('postgres', q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'csflow'::regnamespace AND prokind = 'p'}), 'and each was called');

my @bytes = split /\|/, $node->safe_psql('postgres', qq{
SET client_min_messages = error;
CALL reload(@{[ int($reloads / 4) + 10 ]});
CREATE TEMP TABLE before AS SELECT sum(used_bytes) AS contexts, public.resident('VmRSS') AS resident FROM pg_backend_memory_contexts;
CALL reload(1);
DELETE FROM before;
INSERT INTO before SELECT sum(used_bytes), public.resident('VmRSS') FROM pg_backend_memory_contexts;
CALL reload($reloads);
SELECT sum(used_bytes) - (SELECT contexts FROM before), public.resident('VmRSS') - (SELECT resident FROM before) FROM pg_backend_memory_contexts});
diag("$reloads changes of the configuration: $bytes[0] bytes in contexts, $bytes[1] bytes resident");
cmp_ok($bytes[0], '<=', 65536, 'changes of the configuration leave no context behind');
cmp_ok($bytes[1], '<=', 2000000, 'and no resident memory');

$node->stop;
done_testing();
