# Hostile binary values (issue "trust", item 6): what the types' send functions give, with bytes changed, cut, repeated and
# inserted, goes in by COPY BINARY. Each is refused as malformed, or is a value that prints, reads back, is sent as itself, and
# with which every function and aggregate of the type answers or refuses, never with an error of the server's own doing.
# Another seed, or more: CSFLOW_SEED=7 CSFLOW_VALUES=20000 TESTS=091_binary make check-server

use strict;
use warnings;
use Cwd qw(abs_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{CSFLOW_SEED} // 20261122;
my $wanted = $ENV{CSFLOW_VALUES} // 250;
srand($seed);
diag("seed $seed, $wanted values of each type");

my $node = PostgreSQL::Test::Cluster->new('binary');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$node->start;
my $lib = abs_path('test/lib');
my $prepared = $node->basedir . '/prepared.sql';
append_to_file($prepared, "CREATE EXTENSION csflow;\n\\i $lib/internet_desk.sql\n\\i $lib/sane_arguments.sql\n");
$node->command_ok([ 'psql', '-X', '-q', '-h', $node->host, '-p', $node->port, '-f', $prepared, 'postgres' ], 'a desk, and sane arguments');
$node->safe_psql('postgres', <<'END');
SET search_path = public, csflow;
-- Calls with each value of a table: the functions of the type, its aggregates and those that slide along rows.
CREATE FUNCTION use_values(made regtype, kept regclass) RETURNS TABLE (call text, state text, times bigint) LANGUAGE plpgsql AS $$
DECLARE
  call record; one record; code text;
BEGIN
  CREATE TEMP TABLE said (call text, state text);
  FOR call IN
    SELECT p.oid::regprocedure::text AS name, p.prokind, format('csflow.%I(%s)', p.proname, (SELECT string_agg(CASE WHEN p.proargtypes[n - 1] = made THEN 'v' ELSE sane_value(p.oid, n) END, ', ' ORDER BY n) FROM generate_series(1, p.pronargs::integer) AS n)) AS text
    FROM pg_proc AS p WHERE p.pronamespace = 'csflow'::regnamespace AND p.prokind IN ('f', 'a') AND p.proargtypes::oid[] @> ARRAY[made::oid]
      AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS a JOIN pg_type AS t ON t.oid = a WHERE t.typtype = 'p')
  LOOP
    FOR one IN EXECUTE format('SELECT format(%L, v::text) AS statement FROM %s AS k (v)', CASE call.prokind WHEN 'f' THEN format('SELECT %s FROM (SELECT %%L::%s AS v) AS s', replace(call.text, '%', '%%'), made)
        ELSE format('SELECT %s, %s FROM (SELECT * FROM %s UNION ALL SELECT %%L) AS s (v)', replace(call.text, '%', '%%'), replace(call.text, '%', '%%'), kept) END, kept) LOOP
      BEGIN
        EXECUTE one.statement;
        code := '00000';
      EXCEPTION WHEN OTHERS THEN
        code := SQLSTATE;
      END;
      INSERT INTO said VALUES (call.name, code);
      EXIT WHEN call.prokind = 'a';
    END LOOP;
    IF call.prokind = 'a' THEN
      BEGIN
        EXECUTE format('SELECT count(x) FROM (SELECT %s OVER (ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS x FROM %s AS s (v)) AS q', call.text, kept);
        code := '00000';
      EXCEPTION WHEN OTHERS THEN
        code := SQLSTATE;
      END;
      INSERT INTO said VALUES (call.name || ' along rows', code);
    END IF;
  END LOOP;
  RETURN QUERY SELECT s.call, s.state, count(*) FROM said AS s GROUP BY s.call, s.state;
  DROP TABLE said;
END $$;
END

my %literals = (
	priority => [ 'E', 'C' ],
	tag => [ '故障-支付-E级', '咨询-账户-C级' ],
	ticket_no => [ '202310001', '2023109999999999' ],
	calendar => [ 'Asia/Shanghai; mon-fri 09:00-18:00; 2026-10-01..2026-10-07 off; 2026-10-10 as mon; until 2026-12-31' ]);
my %aggregates = (
	duration_sketch => 'SELECT csflow.duration_sketch(n * n * interval \'7 minutes\') FROM generate_series(1, 60) n',
	health => q{SELECT 'tickets=1 transfer_total=1 transferred=0 transfers=0 reopen_total=1 reopened=0 reopens=0 first_contact_total=1 first_contact=1'::csflow.health},
	csat => 'SELECT csflow.csat(n % 5 + 1) FROM generate_series(1, 60) n', nps => 'SELECT csflow.nps(n % 11) FROM generate_series(1, 60) n',
	ces => 'SELECT csflow.ces(n % 7 + 1) FROM generate_series(1, 60) n', attainment_counts => 'SELECT csflow.attainment(\'c\' || n % 5, n % 3 = 0) FROM generate_series(1, 60) n',
	top_k => 'SELECT csflow.top_k(n % 40 || \'值\', 8) FROM generate_series(1, 200) n');

# Types with a binary form of their own.
my @types = split /\n/, $node->safe_psql('postgres', q{SELECT typname FROM pg_type AS t JOIN pg_proc AS p ON p.oid = t.typreceive
  WHERE t.typnamespace = 'csflow'::regnamespace AND t.typtype = 'b' AND p.pronamespace = t.typnamespace ORDER BY 1});
cmp_ok(scalar(@types), '>=', 8, "types with a binary form: @types");

sub seeds
{
	my ($type) = @_;
	my $values = $literals{$type} ? join(' UNION ALL ', map { "SELECT '$_'::csflow.$type" } @{ $literals{$type} }) : $aggregates{$type};
	return () unless defined $values;
	my ($out, $err);
	$node->psql('postgres', qq{SELECT encode(s.bytes, 'hex') FROM (SELECT csflow.${type}_send(v) AS bytes FROM ($values) AS s (v)) AS s}, stdout => \$out, stderr => \$err);
	return map { pack('H*', $_) } split /\n/, $out;
}

sub mutated
{
	my ($bytes) = @_;
	for (0 .. int(rand(3)))
	{
		my $length = length($bytes);
		my $at = int(rand($length + 1));
		my $way = int(rand(7));
		if ($way == 0 && $length > 0) { substr($bytes, $at % $length, 1) = chr(int(rand(256))) }
		elsif ($way == 1 && $length > 0) { substr($bytes, $at % $length, 1) = (map { chr } 0, 1, 0x7f, 0x80, 0xff)[ int(rand(5)) ] }
		elsif ($way == 2) { $bytes = substr($bytes, 0, $at) }
		elsif ($way == 3) { substr($bytes, $at, 0) = substr($bytes, int(rand($length + 1)), int(rand(20))) }
		elsif ($way == 4 && $length >= 4) { substr($bytes, $at % ($length - 3), 4) = pack('N', (0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000000)[ int(rand(6)) ]) }
		elsif ($way == 5 && $length >= 8) { substr($bytes, $at % ($length - 7), 8) = pack('NN', (0, 0x7fffffff, 0x80000000, 0xffffffff)[ int(rand(4)) ], (0, 0xffffffff)[ int(rand(2)) ]) }
		else { $bytes .= join '', map { chr(int(rand(256))) } 1 .. int(rand(40)) }
	}
	return $bytes;
}

for my $type (@types)
{
	my @from = seeds($type);
	ok(@from > 0, "$type: a value to begin with");
	my $folder = $node->basedir . "/$type";
	mkdir $folder;
	my $script = "SET client_min_messages = error;\n\\set VERBOSITY sqlstate\nCREATE TABLE public.of_$type (v csflow.$type);\n";
	for my $n (0 .. $wanted - 1)
	{
		my $bytes = $n < @from ? $from[$n] : mutated($from[ int(rand(@from)) ]);
		open my $file, '>:raw', "$folder/$n" or die $!;
		print $file "PGCOPY\n\377\r\n\0", pack('NN', 0, 0), pack('n', 1), pack('N', length($bytes)), $bytes, pack('n', 65535);
		close $file;
		$script .= "COPY public.of_$type FROM '$folder/$n' BINARY;\n";
	}
	$script .= "SELECT count(*) FILTER (WHERE v::text::csflow.${type}::text IS DISTINCT FROM v::text OR csflow.${type}_send(v::text::csflow.$type) IS DISTINCT FROM csflow.${type}_send(v)), count(*) FROM public.of_$type;\n";
	my ($out, $err);
	$node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 0);
	my ($lost, $taken) = split /\|/, $out;
	my %codes;
	$codes{$_}++ for $err =~ /ERROR:\s+(\w+)/g;
	is($lost, '0', "$type: what is taken reads back as itself");
	my @bad = grep { !/^(22P0[234]|22021|08P01|22003|22007|22008|22023|54000)$/ } keys %codes;
	is("@bad", '', "$type: what is refused is refused as malformed");
	my $used = $node->safe_psql('postgres', "SET search_path = public, csflow; SELECT * FROM use_values('csflow.$type', 'public.of_$type')");
	my ($calls, $answered) = (0, 0);
	for (split /\n/, $used) { my @f = split /\|/; $calls += $f[2]; $answered += $f[2] if $f[1] eq '00000' }
	is(join("\n", grep { /\|(?!00000|0A000|22003|22008|22023|SF0)\w{5}\|/ } split /\n/, $used), '', "$type: with what is taken every function answers or refuses");
	diag("$type: $calls calls with what was taken, $answered answered");
	diag("$type: @{[ $taken // 0 ]} taken, refused: " . join(' ', map { "$_ $codes{$_}" } sort keys %codes));
}

$node->stop;
done_testing();
