# What a database looks like to csflow, as text that can be compared: the flow's tables and their rows, the extension's
# objects. Two pictures are the same when nothing of either differs.
package Picture;

use strict;
use warnings;
use Exporter 'import';
use File::Basename qw(dirname);

our @EXPORT = qw(running_desk flow_picture extension_picture flow_future different difference);

# The script of a desk in the middle of its work, with rows in every table: its last word names those that have none.
sub running_desk
{
	my $script = '';
	for my $name (qw(running_desk every_table))
	{
		open my $file, '<', dirname(__FILE__) . "/$name.sql" or die "$name.sql: $!";
		local $/;
		$script .= <$file>;
	}
	return "$script\nSELECT pg_temp.empty_tables();\n";
}

# What belongs to the flow, not to the extension.
my $relations = q{c.relnamespace = 'csflow'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend AS x
  WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')};
my %flow = (
	'tables, views, sequences and indexes' => qq{SELECT c.oid::regclass::text, relkind, relispartition, pg_get_userbyid(relowner), relacl, reloptions,
		relrowsecurity, relforcerowsecurity, relreplident,
		pg_get_expr(relpartbound, c.oid), obj_description(c.oid, 'pg_class'), CASE WHEN relkind = 'v' THEN replace(pg_get_viewdef(c.oid), '::text AS text', '::text') END,
		CASE WHEN relkind = 'i' THEN pg_get_indexdef(c.oid) END FROM pg_class AS c WHERE $relations AND relkind <> 't' ORDER BY 1},
	'columns' => qq{SELECT a.attrelid::regclass::text, attname, atttypid::regtype, attnotnull, attacl, pg_get_expr(adbin, adrelid), col_description(c.oid, attnum)
		FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		WHERE $relations AND attnum > 0 AND NOT attisdropped AND relkind NOT IN ('i', 'I', 't') ORDER BY 1, attnum},
	# Constraints that say NOT NULL came with 18: columns have it above.
	'constraints' => qq{SELECT conrelid::regclass::text, conname, pg_get_constraintdef(k.oid) FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = conrelid
		WHERE $relations AND contype <> 'n' ORDER BY 1, 2},
	'triggers' => qq{SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid
		WHERE $relations AND NOT tgisinternal ORDER BY 1, 2},
	'policies' => qq{SELECT polrelid::regclass::text, polname, polcmd, polpermissive, ARRAY(SELECT pg_get_userbyid(r) FROM unnest(polroles) AS r ORDER BY 1),
		pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy JOIN pg_class AS c ON c.oid = polrelid WHERE $relations ORDER BY 1, 2},
	# Restored from its own text, a nameless column of a UNION's second arm is printed with the name it has by default.
	'functions that are the flow\'s' => q{SELECT replace(pg_get_functiondef(p.oid), '::text AS text', '::text'), proacl, pg_get_userbyid(proowner), obj_description(p.oid, 'pg_proc') FROM pg_proc AS p
		WHERE pronamespace = 'csflow'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend AS x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype = 'e')
		ORDER BY 1},
	# Who may do what; who granted it, and whether they may pass it on, differs when somebody else restores.
	'rights on the extension' => q{SELECT DISTINCT p.oid::regprocedure::text, grantee::regrole, privilege_type FROM pg_proc AS p, aclexplode(proacl)
		WHERE pronamespace = 'csflow'::regnamespace ORDER BY 1, 2, 3},
	'rights on the schema' => q{SELECT DISTINCT grantee::regrole, privilege_type FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'csflow' ORDER BY 1, 2},
);

# Rights given on columns as well; a row of every table, a state of every sequence.
sub flow_picture
{
	my ($node, $database) = @_;
	my %picture = map { $_ => $node->safe_psql($database, $flow{$_}) } keys %flow;
	my @tables = split /\n/, $node->safe_psql($database, "SELECT relkind, relname FROM pg_class AS c WHERE $relations AND relkind IN ('r', 'S') ORDER BY 2");
	my $script = "SET TimeZone = 'Asia/Shanghai';\n";
	for my $line (@tables)
	{
		my ($kind, $name) = split /\|/, $line;
		$script .= "\\echo =$name\n" . ($kind eq 'S' ? "SELECT last_value, is_called FROM csflow.$name;\n" : "SELECT t::text FROM csflow.$name AS t ORDER BY 1;\n");
	}
	my $name;
	for my $line (split /\n/, $node->safe_psql($database, $script))
	{
		if ($line =~ /^=(\w+)$/) { $name = $1; $picture{"rows of $name"} = ''; }
		else { $picture{"rows of $name"} .= "$line\n"; }
	}
	return \%picture;
}

# One line for each object of the extension: what it is, its definition, rights and comment. Names, no numbers that differ
# between databases.
my $extension = q{
WITH member AS (
  SELECT d.classid, d.objid, i.type || ' ' || i.identity AS name, obj_description(d.objid, d.classid::regclass::name) AS comment
  FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS i
  WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'csflow')
SELECT m.name || ' ' || replace(jsonb_build_object('comment', m.comment, 'definition', coalesce(
  (SELECT jsonb_build_array(CASE WHEN p.prokind = 'a' THEN to_jsonb(a) - 'aggtranstype' - 'aggmtranstype' - 'aggsortop' || jsonb_build_object('state', aggtranstype::regtype, 'moving', aggmtranstype::regtype,
        'sort', aggsortop::regoperator) ELSE to_jsonb(pg_get_functiondef(p.oid)) END,
      proisstrict, provolatile, proparallel, proleakproof, prosecdef, procost, prorows, prosupport, proconfig, pg_get_function_result(p.oid),
      ARRAY(SELECT a::text FROM unnest(proacl) AS a ORDER BY 1), pg_get_userbyid(proowner))
   FROM pg_proc AS p LEFT JOIN pg_aggregate AS a ON a.aggfnoid = p.oid WHERE p.oid = m.objid AND m.classid = 'pg_proc'::regclass),
  (SELECT jsonb_build_array(typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typsubscript, typelem::regtype, typinput, typoutput, typreceive, typsend, typmodin,
      typmodout, typanalyze, typalign, typstorage, typnotnull, typbasetype::regtype, typdefault, typcollation, typacl,
      ARRAY(SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0 ORDER BY attnum))
   FROM pg_type WHERE oid = m.objid AND m.classid = 'pg_type'::regclass),
  (SELECT jsonb_build_array(oprcode, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprcanmerge, oprcanhash, oprresult::regtype)
   FROM pg_operator WHERE oid = m.objid AND m.classid = 'pg_operator'::regclass),
  (SELECT jsonb_build_array(amname, opfname, opcintype::regtype, opcdefault, opckeytype::regtype)
   FROM pg_opclass JOIN pg_opfamily AS f ON f.oid = opcfamily JOIN pg_am AS a ON a.oid = opcmethod WHERE pg_opclass.oid = m.objid AND m.classid = 'pg_opclass'::regclass),
  (SELECT jsonb_build_array(ARRAY(SELECT concat_ws(' ', amoplefttype::regtype, amoprighttype::regtype, amopstrategy, amoppurpose, amopopr::regoperator) FROM pg_amop WHERE amopfamily = f.oid ORDER BY 1),
      ARRAY(SELECT concat_ws(' ', amproclefttype::regtype, amprocrighttype::regtype, amprocnum, amproc) FROM pg_amproc WHERE amprocfamily = f.oid ORDER BY 1))
   FROM pg_opfamily AS f WHERE f.oid = m.objid AND m.classid = 'pg_opfamily'::regclass),
  (SELECT jsonb_build_array(castfunc::regprocedure, castcontext, castmethod) FROM pg_cast WHERE oid = m.objid AND m.classid = 'pg_cast'::regclass),
  (SELECT jsonb_build_array(nspacl) FROM pg_namespace WHERE oid = m.objid AND m.classid = 'pg_namespace'::regclass)))::text, chr(10), ' ')
FROM member AS m ORDER BY m.name COLLATE "C"};

sub extension_picture
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, $extension);
}

# What happens next to test/lib/running_desk.sql: the sweeps of a later instant, then new tickets, their clocks and the rules
# behind them.
sub flow_future
{
	my ($node, $database, $owner) = @_;
	return $node->safe_psql($database, qq{SET SESSION AUTHORIZATION $owner;
SET TimeZone = 'Asia/Shanghai';
SELECT csflow.escalate_batch('2025-03-04 12:00', 10000), csflow.auto_close_batch('2025-03-10 12:00', 10000);
SELECT e.ticket_no, e.clock, e.run, e.step_position, e.due_at, e.at, e.new_value FROM csflow.event AS e WHERE e.kind = 'step_fired' ORDER BY 1, e.seq;
SELECT ticket_no, clock, run, due_at, next_at, spent_microseconds, outcome FROM csflow.clock ORDER BY 1, 2, 3;
SELECT ticket_no, topic, recipient_kind, recipient FROM csflow.outbox ORDER BY outbox_id;
INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (csflow.desk_id('support'), 'email', '登录后闪退', '2025-03-05 10:00')
  RETURNING ticket_no, kind, domain, priority, tag, team_id, state, rules_version;
SELECT clock, due_at, next_at FROM csflow.clock AS c JOIN csflow.ticket AS t USING (desk_id) WHERE t.ticket_no = c.ticket_no
  AND t.opened_at = '2025-03-05 10:00' ORDER BY 1;
UPDATE csflow.keyword_rule SET is_active = false WHERE desk_id = csflow.desk_id('support');
INSERT INTO csflow.ticket (desk_id, channel, body, opened_at) VALUES (csflow.desk_id('support'), 'email', '登录后闪退', '2025-03-05 11:00')
  RETURNING ticket_no, kind, needs_review;
SELECT csflow.create_partitions();
});
}

# The lines of two texts that are not in both.
sub difference
{
	my ($got, $expected) = @_;
	my %count;
	$count{$_}++ for split /\n/, $got;
	$count{$_}-- for split /\n/, $expected;
	return join '', map { ($count{$_} > 0 ? '+ ' : '- ') . "$_\n" } sort grep { $count{$_} } keys %count;
}

# The lines of two pictures of a flow that are not in both, with what they are of; empty when they are the same.
sub different
{
	my ($got, $expected) = @_;
	my %name = map { $_ => 1 } keys %$got, keys %$expected;
	return join '', map { my $lines = difference($got->{$_} // '', $expected->{$_} // ''); $lines eq '' ? exists $got->{$_} && exists $expected->{$_} ? '' : "$_: only one has it\n" : "$_:\n$lines" } sort keys %name;
}

1;
