# What becomes of a ticket: taken up, asked about, handed over, waited for, answered, confirmed or not.
package DemoLife;

use strict;
use warnings;
use utf8;
use Exporter qw(import);
use DemoRandom qw(chance pick weighted between spread);
use DemoText qw(phrase);
our @EXPORT_OK = qw(live);

my @log;

# Rows in the order of their instants; what happens after the week is not known yet.
sub log_until
{
	my $end = shift;
	return map { $log[ $_->[1] ] } sort { $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1] } grep { $_->[0] < $end }
		map { [$log[$_]{at}, $_] } 0 .. $#log;
}

use constant {MINUTE => 60, HOUR => 3600, DAY => 86400};
my %instant = (live_chat => 1, hotline => 1);
my %team_of = (technical_fault => 'technical_team', account_security => 'risk_control', business_inquiry => 'customer_service',
	complaint_suggestion => 'customer_service');
my %people = (customer_service => ['CS', 12], technical_team => ['TECH', 8], risk_control => ['RISK', 5], product => ['PROD', 3],
	operations => ['OPS', 3]);

# How quickly a ticket is taken up, as a share of the usual time, and how often it is left for the morning.
my %haste = (funds => [0.12, 0.02], blocked => [0.5, 0.25], usual => [1, 0.7]);

sub haste_of
{
	my $topic = shift;
	return 'funds' if $topic =~ /irregular_funds/;
	return $topic =~ /crash|lost_data|blocked|leaked|elsewhere|outage/ ? 'blocked' : 'usual';
}

sub member { my ($code, $count) = @{ $people{ $_[0] } }; return sprintf('%s-%02d', $code, between(1, $count)); }

sub supervisor { return $people{ $_[0] }[0] . '-supervisor'; }

# A ticket carries its own time: t->{now} is when its next event happens.
sub event
{
	my ($t, $event, %cells) = @_;
	push @log, {at => $t->{now}, ticket => $t->{name}, event => $event, %cells};
}

sub after { my ($t, $seconds) = @_; $t->{now} += $seconds < 1 ? 1 : $seconds; }

# What cannot wait is taken from the queue first; of the rest little is done at night before half past eight.
sub after_working
{
	my ($t, $seconds) = @_;
	after($t, $seconds * $haste{ $t->{haste} }[0]);
	my $of_day = ($t->{now} + 8 * HOUR) % DAY;
	return if $of_day > 8.5 * HOUR && $of_day < 22 * HOUR;
	after($t, ($of_day < 8.5 * HOUR ? 8.5 * HOUR : 32.5 * HOUR) - $of_day + spread(40 * MINUTE)) if chance($haste{ $t->{haste} }[1]);
}

sub by { my $t = shift; return (team => $t->{team}, agent => $t->{agent}); }

# A public message that names when the next news comes; kept is whether it will come in time.
sub promise
{
	my ($t, $use, $hours) = @_;
	my $when = $t->{now} + $hours * HOUR;
	$when += 15 * MINUTE - $when % (15 * MINUTE);
	event($t, 'reply', by($t), body => phrase($t, $use, when => $when), next_news_at => $when);
	$t->{promised} = $when;
}

# Waits for the next step of the work, telling the customer what was promised on the way, mostly in time.
sub work_for
{
	my ($t, $seconds) = @_;
	my $done = $t->{now} + $seconds;
	while (defined $t->{promised} && $t->{promised} < $done)
	{
		my $at = chance(0.85) ? $t->{promised} - between(2, 25) * MINUTE : $t->{promised} + spread(70 * MINUTE);
		$t->{now} = $at if $at > $t->{now};
		last if $t->{now} >= $done;
		promise($t, 'progress', pick(3, 4, 6));
	}
	$t->{now} = $done if $done > $t->{now};
}

# ---- taking up ----

sub take_up_instant
{
	my $t = shift;
	if ($t->{tier} eq 'vip')
	{
		after($t, between(3, 12));
		event($t, 'assigned', by($t), actor => 'dispatcher');
		after($t, chance(0.85) ? between(2, 6) : between(20, 60));
		event($t, 'accepted', by($t));
		after($t, chance(0.85) ? between(2, 10) : spread(90));
	}
	else
	{
		after($t, chance(0.97) ? between(1, 5) : between(65, 200));
		event($t, 'automatic_message', body => phrase($t, 'acknowledge'));
		after($t, chance(0.93) ? between(8, 45) : between(60, 240));
		event($t, 'assigned', by($t), actor => 'dispatcher');
		after($t, between(4, 40));
		event($t, 'accepted', by($t));
		after($t, spread(50));
	}
	event($t, 'reply', by($t), body => phrase($t, 'first_plain'));
}

sub take_up_asynchronous
{
	my $t = shift;
	if ($t->{channel} =~ /email|web_form|help_centre/)
	{
		after($t, between(2, 20));
		event($t, 'automatic_message', body => phrase($t, 'acknowledge'));
	}
	after_working($t, spread(35 * MINUTE, 0.8));
	event($t, 'assigned', by($t), actor => 'dispatcher');
	after_working($t, spread(8 * MINUTE));
	event($t, 'accepted', by($t));
	after_working($t, chance(0.03) ? spread(26 * HOUR, 0.1) : spread(40 * MINUTE, 0.8));
	if (chance(0.88)) { promise($t, 'first_named', pick(2, 3, 4, 6, 8, 24)); }
	else { event($t, 'reply', by($t), body => phrase($t, 'first_plain')); }
}

# ---- what work consists of ----

sub ask_customer
{
	my $t = shift;
	after($t, spread(6 * MINUTE));
	event($t, 'reply', by($t), body => phrase($t, 'ask'));
	delete $t->{promised};
	after($t, between(2, 20));
	event($t, 'waiting_customer', by($t), reason => '等待客户补充信息');
	after($t, chance(0.85) ? spread(70 * MINUTE, 1.0) : spread(16 * HOUR, 0.4));
	event($t, 'customer_message', body => phrase($t, 'information'));
}

sub wait_for_partner
{
	my $t = shift;
	my $until = $t->{now} + spread(9 * HOUR, 0.6);
	event($t, 'waiting_partner', by($t), reason => '支付通道方排查中');
	after($t, between(60, 600));
	event($t, 'note', by($t), body => '已与通道方约定下一节点', milestone => 'checkpoint_agreed',
		next_news_at => $until + (chance(0.7) ? HOUR : -HOUR));
	delete $t->{promised};
	while ($t->{now} + 6 * HOUR < $until)
	{
		after($t, chance(0.8) ? between(285, 350) * MINUTE : between(370, 500) * MINUTE);
		event($t, 'reply', by($t), body => phrase($t, 'partner_news')) if $t->{now} < $until;
	}
	$t->{now} = $until if $t->{now} < $until;
	event($t, 'note', by($t), body => '通道方回复：已恢复', milestone => 'partner_replied');
	after($t, between(1, 20) * MINUTE);
	event($t, 'resumed', by($t), reason => '合作方已回复');
}

# Another department helps; every fourth time a day goes by without a breakthrough.
sub hand_over
{
	my ($t, $team) = @_;
	my $is_stuck = chance(0.25);
	my $actor = $t->{agent};
	@$t{qw(team agent)} = ($team, member($team));
	event($t, 'transferred', by($t), actor => $actor, reason => phrase($t, 'transfer', team => $team));
	after_working($t, spread(45 * MINUTE));
	event($t, 'accepted', by($t));
	my $done = $t->{now} + ($is_stuck ? spread(34 * HOUR, 0.25) : spread(5 * HOUR, 0.6));
	# The department's entry, daily before ten, which is sometimes forgotten.
	for (my $ten = $t->{now} - ($t->{now} + 8 * HOUR) % DAY + 34 * HOUR; $ten < $done; $ten += DAY)
	{
		next unless chance(0.75) && $ten - 5 * HOUR > $t->{now};
		work_for($t, $ten - between(5, 55) * MINUTE - $t->{now});
		event($t, 'note', by($t), body => phrase($t, 'note_progress'), milestone => 'progress_entered');
	}
	work_for($t, $done - $t->{now}) if $done > $t->{now};
	event($t, 'note', by($t), body => phrase($t, 'note_cause'), milestone => 'cause_located');
	after($t, between(5, 90) * MINUTE);
	event($t, 'note', by($t), body => phrase($t, 'note_part_completed'), milestone => 'part_completed');
}

# ---- the work, by kind ----

sub work_technical_fault
{
	my $t = shift;
	ask_customer($t) if chance(0.4);
	work_for($t, spread(60 * MINUTE, 0.9));
	if (chance(0.16)) { hand_over($t, pick(qw(product operations))); }
	else { event($t, 'note', by($t), body => phrase($t, 'note_cause'), milestone => 'cause_located'); }
	event($t, 'note', by($t), body => phrase($t, 'note_solution'), milestone => 'solution_recorded') if chance(0.3);
	wait_for_partner($t) if chance(0.05);
	work_for($t, spread(2 * HOUR, 0.9));
}

sub work_outage
{
	my $t = shift;
	after($t, between(5, 40) * MINUTE);
	event($t, 'note', by($t), body => phrase($t, 'note_cause'), milestone => 'cause_located') if chance(0.8);
	wait_for_partner($t);
	after($t, between(5, 60) * MINUTE);
}

sub work_account_security
{
	my $t = shift;
	after($t, spread(9 * MINUTE, 0.6));
	event($t, 'note', by($t), body => phrase($t, 'note_interim'), milestone => 'interim_solution');
	ask_customer($t) if chance(0.45);
	work_for($t, spread(70 * MINUTE, 0.8));
	event($t, 'note', by($t), body => phrase($t, 'note_cause'), milestone => 'cause_located');
	return unless defined $t->{amount} && chance(0.6);
	event($t, 'waiting_approval', by($t), reason => "申请退款 $t->{amount} 元");
	after_working($t, chance(0.93) ? spread(5 * HOUR, 0.8) : 78 * HOUR);
	event($t, chance(0.92) ? 'approved' : 'rejected', team => $t->{team}, agent => supervisor($t->{team}), reason => '已核对流水');
	after($t, spread(20 * MINUTE));
}

sub work_business_inquiry
{
	my $t = shift;
	ask_customer($t) if chance(0.12);
	work_for($t, $instant{ $t->{channel} } ? spread(6 * MINUTE, 0.8) : spread(90 * MINUTE, 0.8));
}

sub work_complaint_suggestion
{
	my $t = shift;
	work_for($t, spread(5 * HOUR, 0.9));
	event($t, 'reply', by($t), body => phrase($t, 'direction'), milestone => 'direction_given') if chance(0.6);
	hand_over($t, 'product') if chance(0.06);
	work_for($t, spread(6 * HOUR, 1.0));
}

# ---- the end ----

sub reopen
{
	my $t = shift;
	after($t, spread(4 * HOUR, 1.0));
	event($t, 'customer_message', body => phrase($t, 'unsolved'));
	after($t, 1);
	event($t, 'reopened', reason => '客户反馈未解决');
	after_working($t, spread(40 * MINUTE));
	promise($t, 'first_named', pick(4, 8, 24));
	work_for($t, spread(5 * HOUR, 0.8));
	answer($t, 0.1);
}

sub answer
{
	my ($t, $reopens) = @_;
	my $kind = $t->{topic} =~ m{^(\w+)/} ? $1 : 'technical_fault';
	after_working($t, between(1, 6) * MINUTE);
	event($t, 'answered', by($t), body => phrase($t, "answer_$kind"));
	delete $t->{promised};
	return reopen($t) if chance($reopens);
	if ($kind eq 'complaint_suggestion' && chance(0.12))
	{
		after($t, spread(2 * HOUR));
		event($t, 'closed', by($t), reason => 'long_term_plan_explained');
	}
	elsif (chance(0.45))
	{
		after($t, spread(90 * MINUTE, 1.2));
		event($t, 'confirmed');
	}
}

# A text that says nothing, or twice the same: a person decides.
sub decide_by_hand
{
	my $t = shift;
	if (defined $t->{original})
	{
		after_working($t, spread(25 * MINUTE));
		event($t, 'duplicate', by($t), original => $t->{original}, reason => '同一客户同一问题');
		return 0;
	}
	if (chance(0.4))
	{
		after_working($t, spread(HOUR));
		event($t, 'invalid', by($t), reason => '无有效内容，多次询问未回复');
		return 0;
	}
	$t->{topic} = weighted({'business_inquiry/how_to_use' => 3, 'technical_fault/crash' => 2, 'complaint_suggestion/service_attitude' => 1});
	ask_customer($t);
	after($t, between(2, 30) * MINUTE);
	event($t, 'category', by($t), category => $t->{topic}, reason => '客户补充说明后更正');
	return 1;
}

sub live
{
	my $t = shift;
	my ($kind) = $t->{topic} =~ m{^(\w+)};
	$t->{now} = $t->{at};
	$t->{haste} = haste_of($t->{topic});
	$t->{team} = $team_of{$kind} // ($kind eq 'outage' ? 'technical_team' : 'customer_service');
	$t->{agent} = member($t->{team});
	event($t, 'opened', channel => $t->{channel}, customer => $t->{customer}, customer_tier => $t->{tier}, title => $t->{title},
		body => $t->{body}, amount => $t->{amount});
	if ($instant{ $t->{channel} }) { take_up_instant($t); }
	else { take_up_asynchronous($t); }
	return if (defined $t->{original} || $kind eq 'undecided') && !decide_by_hand($t);
	($kind) = $t->{topic} =~ m{^(\w+)};
	event($t, 'customer_message', body => phrase($t, 'chase')) if chance(0.08);
	if ($kind eq 'outage') { work_outage($t); }
	elsif ($kind eq 'mixed') { work_technical_fault($t); }
	else { __PACKAGE__->can("work_$kind")->($t); }
	answer($t, 0.08);
}

1;
