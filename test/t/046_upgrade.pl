# ALTER EXTENSION csflow UPDATE (design 2.6): a database that comes from an older version has the objects, definitions, rights
# and comments of a fresh one, its tables are left alone, and until then the older version's SQL works with the new library.
#
# Released versions are the scripts in sql/released; a planted older one shows that the test sees what an update forgets.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../lib";
use Picture;
use Planted;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init(extra => [ '--locale=C.UTF-8', '-E', 'UTF8' ]);
my $folder = planted_folder($node) or plan skip_all => 'this server finds extensions in its own folders only';
$node->start;
my ($script, $version) = own_script();

# The statement that creates a function, and its comment.
sub statement
{
	my ($name) = @_;
	my ($found) = $script =~ /^(CREATE FUNCTION csflow\.\Q$name\E\(.*?^COMMENT ON FUNCTION csflow\.\Q$name\E\(.*?';\n)/ms;
	return $found // die "no function $name in the script";
}

# -- An older version: lacks a function and a cast, has one function more, one with another body, label and comment, one
# open to everybody. The update makes good, in as many parts.
my $added = statement('customer_history');
my $changed = statement('state_category');
(my $old_changed = $changed) =~ s/IMMUTABLE STRICT PARALLEL SAFE/STABLE/;
$old_changed =~ s/WHEN 'answered' THEN 'solved'/WHEN 'answered' THEN 'open'/;
$old_changed =~ s/IS\n'Category/IS\n'The category/;
my ($cast) = $script =~ /^(CREATE CAST \(csflow\.tag AS .*?;\n|CREATE CAST \(csflow\.priority AS smallint\).*?;\n)/m;
my ($cast_comment) = $script =~ /^(COMMENT ON CAST \(csflow\.priority AS smallint\).*?';\n)/ms;
my $revoke = 'REVOKE EXECUTE ON PROCEDURE csflow.run_migration() FROM PUBLIC;';
my $more = "CREATE FUNCTION csflow.older_only() RETURNS integer LANGUAGE sql RETURN 1;\n";

(my $older = $script) =~ s/\Q$added\E//;
$older =~ s/\Q$changed\E/$old_changed/;
$older =~ s/\Q$cast\E//;
$older =~ s/\Q$cast_comment\E// if $cast_comment;
$older =~ s/\Q$revoke\E/$more/;
(my $replaced = $changed) =~ s/^CREATE FUNCTION/CREATE OR REPLACE FUNCTION/;
my @parts = ($added, $replaced, $cast . ($cast_comment // ''), "$revoke\n", "DROP FUNCTION csflow.older_only();\n");

my $guard = qq{\\echo Use "ALTER EXTENSION csflow UPDATE" to load this file. \\quit\n};
append_to_file("$folder/csflow--0.0.9.sql", $older);
append_to_file("$folder/csflow--0.0.9--$version.sql", join "\n", $guard, @parts);
# The same with each part forgotten in turn.
for my $forgotten (0 .. $#parts)
{
	append_to_file("$folder/csflow--0.0.$forgotten.sql", $older);
	append_to_file("$folder/csflow--0.0.$forgotten--$version.sql", join "\n", $guard, map { $_ == $forgotten ? '' : $parts[$_] } 0 .. $#parts);
}
# And one whose SQL names what the library no longer has.
(my $gone = $script) =~ s/'csf_next_ticket_no'/'csf_number_of_ticket'/;
append_to_file("$folder/csflow--0.0.8.sql", $gone);

my @released = map { m{/csflow--([^/]+)\.sql$} } glob "$FindBin::RealBin/../../sql/released/csflow--*.sql";
append_to_file("$folder/csflow--$_.sql", slurp_file("$FindBin::RealBin/../../sql/released/csflow--$_.sql")) for @released;

# -- What is compared with -------------------------------------------------------------------------------------------
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION csflow');
my $fresh = extension_picture($node, 'fresh');
cmp_ok(scalar(split /\n/, $fresh), '>', 500, 'the extension has objects');

my $work = q{
SET client_min_messages = warning;
INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (1, 'email', '登录后闪退，支付失败', '2025-03-03 09:00+08') RETURNING tag;
INSERT INTO csflow.message (desk_id, ticket_no, author_kind, body, at)
  SELECT desk_id, ticket_no, 'customer', '?', opened_at + interval '1 hour' FROM csflow.ticket ORDER BY ticket_no DESC LIMIT 1;
SELECT csflow.escalate_batch('2025-03-04 09:00+08') > 0;
SELECT count(*) > 0 FROM csflow.clock_status;
SELECT count(*) FROM csflow.verify_audit(1);
};

sub upgraded
{
	my ($from) = @_;
	(my $database = "from_$from") =~ tr/./_/;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION csflow VERSION '$from'; SET client_min_messages = warning; SELECT csflow.create_desk('support', 'internet')");
	is($node->safe_psql($database, $work), "故障-支付-A级\nt\nt\n0", "2.6: the SQL of $from works with this library");
	my $before = flow_picture($node, $database);
	$node->safe_psql($database, 'ALTER EXTENSION csflow UPDATE');
	my $after = flow_picture($node, $database);
	# Rights on functions are the extension's, compared below.
	delete $_->{'rights on the extension'} for $before, $after;
	is(different($after, $before), '', "2.6: the update from $from leaves the tables alone");
	is($node->safe_psql($database, $work), "故障-支付-A级\nt\nt\n0", "2.6: it works after the update from $from");
	return difference(extension_picture($node, $database), $fresh);
}

for my $from ('0.0.9', @released)
{
	is(upgraded($from), '', "2.6: updated from $from is as fresh");
}

# -- What an update forgets is seen ----------------------------------------------------------------------------------
my @seen = (qr/^- function csflow\.customer_history/, qr/function csflow\.state_category.*function csflow\.state_category/s, qr/^- cast /,
	qr/procedure csflow\.run_migration.*procedure csflow\.run_migration/s, qr/^\+ function csflow\.older_only/);
for my $forgotten (0 .. $#parts)
{
	my $database = "forgotten_$forgotten";
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION csflow VERSION '0.0.$forgotten'; ALTER EXTENSION csflow UPDATE");
	my $seen = difference(extension_picture($node, $database), $fresh);
	like($seen, $seen[$forgotten], "a part that is forgotten is seen: $forgotten");
	is(scalar(my @lines = $seen =~ /^[+-] /mg), $forgotten == 1 || $forgotten == 3 ? 2 : 1, 'and nothing else');
}

my ($out, $err);
$node->psql('postgres', "CREATE EXTENSION csflow VERSION '0.0.8'", stderr => \$err);
like($err, qr/could not find function "csf_number_of_ticket" in file/, 'SQL of a version whose C functions are gone is refused by name');

$node->stop;
done_testing();
