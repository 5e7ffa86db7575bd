# pg_upgrade of a desk in the middle of its work from an older PostgreSQL (design 2.6): equal rows and sequences, objects as in
# a fresh database of the new server, pg_cron's jobs as they were, and the next sweep fires what it would have fired.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../lib";
use Picture;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($older_config, $stage) = @ENV{qw(OLDER_PG_CONFIG OLDER_STAGE)};
plan skip_all => 'no older PostgreSQL is named by OLDER_PG_CONFIG and OLDER_STAGE' unless $older_config;
chomp(my $bindir = `$older_config --bindir`);
chomp(my $libdir = `$older_config --pkglibdir`);
(my $root = $bindir) =~ s{/bin$}{};
my $cron = "shared_preload_libraries = 'pg_cron'\ncron.use_background_workers = on\nmax_worker_processes = 20\nlc_messages = 'C'";

my $old = PostgreSQL::Test::Cluster->new('old', install_path => $root);
$old->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$old->append_conf('postgresql.conf', "$cron\nextension_destdir = '$stage'\ndynamic_library_path = '$stage$libdir:\$libdir'");
$old->start;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
$new->append_conf('postgresql.conf', $cron);

my $setup = q{CREATE EXTENSION csflow; CREATE EXTENSION IF NOT EXISTS pg_cron;
GRANT CREATE, USAGE ON SCHEMA csflow TO keeper; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA csflow TO keeper; GRANT USAGE ON SCHEMA cron TO keeper;};
my $roles = q{SET client_min_messages = warning; SELECT csflow.setup_roles('desk')};
my $desk = "SET SESSION AUTHORIZATION keeper;\nSET client_min_messages = warning;\n" . running_desk();
# Jobs that do not run: the rows are to be compared.
my $jobs = q{BEGIN; SET LOCAL SESSION AUTHORIZATION keeper; SELECT count(*) FROM csflow.schedule_jobs(); SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT cron.alter_job(jobid, active => false) FROM cron.job; COMMIT;};
$old->safe_psql('postgres', 'CREATE ROLE keeper LOGIN');
$old->safe_psql('postgres', $_) for $setup, $desk, $roles, $jobs;

my $before = flow_picture($old, 'postgres');
my $cron_jobs = 'SELECT jobid, jobname, schedule, command, username, active FROM cron.job ORDER BY 1';
my $jobs_before = $old->safe_psql('postgres', $cron_jobs);
cmp_ok(scalar(split /\n/, $jobs_before), '>', 5, 'jobs are scheduled');
note($old->safe_psql('postgres', 'SELECT version()'));
$old->stop;

my @command = ('pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', dirname_of_postgres(), '-s', $new->host, '-p', $old->port, '-P', $new->port);
sub dirname_of_postgres { chomp(my $dir = `pg_config --bindir`); return $dir; }
chdir($new->basedir) or die $!;
command_ok([ @command, '--check' ], 'pg_upgrade --check');
command_ok(\@command, 'pg_upgrade');
$new->start;
note($new->safe_psql('postgres', 'SELECT version()'));

# Definitions are printed differently by another major: rows and sequences are compared with those of the old server, ...
my $after = flow_picture($new, 'postgres');
my %rows_before = map { $_ => $before->{$_} } grep { /^rows of/ } keys %$before;
my %rows_after = map { $_ => $after->{$_} } grep { /^rows of/ } keys %$after;
is(different(\%rows_after, \%rows_before), '', 'equal rows and sequences');
# ... the rest with a desk made anew on the new one.
$new->safe_psql('postgres', 'CREATE DATABASE fresh');
(my $setup_without_cron = $setup) =~ s/CREATE EXTENSION IF NOT EXISTS pg_cron;|GRANT USAGE ON SCHEMA cron TO keeper;//g;
$new->safe_psql('fresh', $_) for $setup_without_cron, $desk, $roles;
my $fresh = flow_picture($new, 'fresh');
delete @{$_}{ grep { /^rows of/ } keys %$_ } for $after, $fresh;
is(different($after, $fresh), '', 'tables, columns, constraints, triggers, policies, views, rights as in a fresh flow');
is(difference(extension_picture($new, 'postgres'), extension_picture($new, 'fresh')), '', 'the extension as a fresh one');

is($new->safe_psql('postgres', $cron_jobs), $jobs_before, 'pg_cron has the jobs it had');
is($new->safe_psql('postgres', q{SET SESSION AUTHORIZATION keeper; SELECT bool_and(present) FROM csflow.job}), 't', 'csflow.job finds them');
is($new->safe_psql('postgres', q{SELECT count(*) FROM csflow.desk AS d, csflow.verify_audit(d.desk_id)}), '0', 'H1: the record verifies');

# The files were copied: the old cluster still is what it was.
rename($old->data_dir . '/global/pg_control.old', $old->data_dir . '/global/pg_control');
$old->start;
my $expected = flow_future($old, 'postgres', 'keeper');
like($expected, qr/step_fired|breach|notify/, 'the next sweep has something to fire');
is(difference(flow_future($new, 'postgres', 'keeper'), $expected), '', 'the next sweep and new tickets as they would have been');
$old->stop;
$new->stop;
done_testing();
