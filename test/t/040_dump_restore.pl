# pg_dump and restore of a desk with running clocks (design 2.6): into another database and into another cluster, by a
# superuser and by the tables' owner who is none; what was restored is dumped and restored again. Equal rows, sequences,
# partitions, triggers, rights, policies; the next sweep fires what it would have fired; new tickets go on with the next
# number. The commands are those of doc/operations.md.

use strict;
use warnings;
use FindBin;
use IPC::Run;
use lib "$FindBin::RealBin/../lib";
use Picture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub new_node
{
	my $node = PostgreSQL::Test::Cluster->new(shift);
	$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE clerk LOGIN;');
	return $node;
}

my $node = new_node('origin');
my $other = new_node('other');
my $rights = q{
CREATE EXTENSION csflow;
GRANT CREATE, USAGE ON SCHEMA csflow TO keeper;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO keeper;
GRANT USAGE ON SCHEMA csflow TO clerk;
};
my $as_keeper = 'SET SESSION AUTHORIZATION keeper;';

$node->safe_psql('postgres', 'CREATE DATABASE origin');
$node->safe_psql('origin', $rights);
unlike($node->safe_psql('origin', "$as_keeper\n" . running_desk()), qr/^[a-z_]+$/m, 'every table has rows');
$node->safe_psql('origin', "$as_keeper GRANT SELECT, INSERT ON csflow.ticket TO clerk;");
$node->safe_psql('origin', q{SET client_min_messages = warning; SELECT csflow.setup_roles('desk'); GRANT desk_agent TO clerk});
cmp_ok($node->safe_psql('origin', 'SELECT count(*) FROM csflow.clock WHERE run_since IS NOT NULL AND next_at IS NOT NULL'), '>', 50, 'clocks run');
cmp_ok($node->safe_psql('origin', 'SELECT count(*) FROM csflow.clock WHERE paused_at IS NOT NULL'), '>', 5, 'others are paused');
cmp_ok($node->safe_psql('origin', q{SELECT count(*) FROM csflow.event WHERE kind = 'step_fired'}), '>', 10, 'steps have fired');
cmp_ok($node->safe_psql('origin', q{SELECT count(*) FROM csflow.clock JOIN csflow.task USING (desk_id, ticket_no) WHERE clock = 'task' AND subject_id = task_no AND stopped_at IS NULL}),
	'>', 10, 'tasks are under way');

my $origin = flow_picture($node, 'origin');
cmp_ok(scalar(split /\n/, $origin->{policies}), '>', 20, 'there are policies');

sub same
{
	my ($at, $database, $what) = @_;
	is(different(flow_picture($at, $database), $origin), '', "$what: equal tables, rows, sequences, partitions, triggers, rights, policies");
}

sub restore
{
	my ($at, $database, $role, @command) = @_;
	my ($out, $err);
	local $ENV{PGUSER} = $role if $role;
	IPC::Run::run([ @command, '-h', $at->host, '-p', $at->port, '-d', $database ], '<', '/dev/null', '>', \$out, '2>', \$err);
	my %message = map { $_ => 1 } map { /(?:ERROR|error|WARNING|warning):\s+(.*)/ ? $1 : () } grep { !/^Command was|^pg_restore: warning: errors ignored/ } split /\n/, $err;
	return join "\n", sort keys %message;
}

# -- Restores --------------------------------------------------------------------------------------------------------
my $plain = $node->basedir . '/desk.sql';
my $archive = $node->basedir . '/desk.dump';
$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-f', $plain, 'origin' ], 'pg_dump');
$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fc', '-f', $archive, 'origin' ], 'pg_dump -Fc');
{
	local $ENV{PGUSER} = 'keeper';
	$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fc', '-f', "$archive.keeper", 'origin' ], 'pg_dump by the owner');
}

# Roles belong to the cluster, not to the database.
my $roles = $node->basedir . '/roles.sql';
$node->command_ok([ 'pg_dumpall', '-h', $node->host, '-p', $node->port, '--roles-only', '-f', $roles ], 'pg_dumpall --roles-only');
like(restore($other, 'postgres', undef, 'psql', '-X', '-q', '-f', $roles), qr/^(role "\w+" already exists\n?)+$/, 'roles that are there already are told');

$node->safe_psql('postgres', 'CREATE DATABASE by_superuser');
is(restore($node, 'by_superuser', undef, 'psql', '-X', '-q', '-f', $plain), '', 'a superuser restores without a message');
same($node, 'by_superuser', 'by a superuser');

$other->safe_psql('postgres', 'CREATE DATABASE elsewhere');
is(restore($other, 'elsewhere', undef, 'pg_restore', '-j', '2', $archive), '', 'into another cluster, in parallel, too');
same($other, 'elsewhere', 'in another cluster');

my $second = $node->basedir . '/second.dump';
$other->command_ok([ 'pg_dump', '-h', $other->host, '-p', $other->port, '-Fc', '-f', $second, 'elsewhere' ], 'what was restored is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE again');
is(restore($node, 'again', undef, 'pg_restore', $second), '', 'and restored without a message');
same($node, 'again', 'restored twice');

# The owner is no superuser: one has made the extension before. The schema stands with it, and its comment and the
# extension's are not the owner's to write.
$other->safe_psql('postgres', 'CREATE DATABASE by_owner OWNER keeper');
my $expected_messages = join("\n", map { "could not execute query: ERROR:  $_" }
		'must be owner of extension csflow', 'must be owner of schema csflow', 'schema "csflow" already exists');
$other->safe_psql('by_owner', $rights);
my $rights_again = q{SET client_min_messages = warning; SELECT csflow.setup_roles('desk')};
is(restore($other, 'by_owner', 'keeper', 'pg_restore', "$archive.keeper"), $expected_messages, 'the owner restores with three messages and no other');
$other->safe_psql('by_owner', $rights_again);
same($other, 'by_owner', 'by the owner');

{
	local $ENV{PGUSER} = 'keeper';
	$other->command_ok([ 'pg_dump', '-h', $other->host, '-p', $other->port, '-Fc', '-f', "$second.keeper", 'by_owner' ], 'the owner dumps what the owner restored');
}
$other->safe_psql('postgres', 'CREATE DATABASE owner_again OWNER keeper');
$other->safe_psql('owner_again', $rights);
is(restore($other, 'owner_again', 'keeper', 'pg_restore', "$second.keeper"), $expected_messages, 'and restores it with the same messages');
$other->safe_psql('owner_again', $rights_again);
same($other, 'owner_again', 'by the owner, twice');

# -- Afterwards ------------------------------------------------------------------------------------------------------
my $expected = flow_future($node, 'origin', 'keeper');
like($expected, qr/step_fired|breach|notify/, 'the next sweep has something to fire');
is(difference(flow_future(@$_, 'keeper'), $expected), '', "$_->[1]: the next sweep and new tickets as they would have been")
  for [ $node, 'by_superuser' ], [ $other, 'elsewhere' ], [ $node, 'again' ], [ $other, 'by_owner' ], [ $other, 'owner_again' ];

$node->stop;
$other->stop;
done_testing();
