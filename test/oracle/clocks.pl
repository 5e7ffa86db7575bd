#!/usr/bin/perl
# The clocks of tickets once more, from their events and the rows of configuration alone: what playbooks.md 1.0 says of
# starting, stopping, pausing, re-arming, replacing, voiding and reopening. Business time is computed here, too.
#
#   test/oracle/clocks.pl <input >runs
#
# Input: lines of fields divided by "|", as the view replay.input of clocks.sql writes them; instants and spans are
# microseconds. Output: one run a line, for COPY ... FROM, in the columns of replay.run. Desks under test must not use the
# conditions category_id, channel and complexity, and their calendars are those of Asia/Shanghai, which has no daylight
# saving time, in 2025.
use strict;
use warnings;

my $SECOND = 1_000_000;
my $DAY = 86_400 * $SECOND;
my $ZONE = 8 * 3600 * $SECOND;
my $FIRST_DAY = 20_089; # 2025-01-01, in days since 1970; a Wednesday
my $LAST_DAY = $FIRST_DAY + 364;
my @WEEKDAYS = qw(mon tue wed thu fri sat sun);

# ---- calendars ----

my %calendars;

sub day_number
{
	my ($year, $month, $day) = shift =~ /^(\d+)-(\d+)-(\d+)$/ or die "no date: @_";
	my @before = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334);

	die "not in 2025" if $year != 2025;
	return $FIRST_DAY + $before[ $month - 1 ] + $day - 1;
}

sub shifts
{
	return map { /^(\d+):(\d+)-(\d+):(\d+)$/ or die "no shift: $_"; [ ($1 * 60 + $2) * 60 * $SECOND, ($3 * 60 + $4) * 60 * $SECOND ] } split /,/, shift;
}

# Open stretches in order, with the open time before each.
sub calendar
{
	my $text = shift;
	my ($zone, @clauses) = split /;\s*/, $text;
	my (%week, %date, @from, @to, @before, @working);
	my $total = 0;

	die "zone $zone" if $zone ne 'Asia/Shanghai';
	for my $clause (@clauses)
	{
		my ($when, $what) = $clause =~ /^(\S+) (\S+)$/ or die "clause $clause";
		my @shifts = $what eq 'off' ? () : shifts($what);

		if ($when eq 'daily') { $week{$_} = \@shifts for 0 .. 6 }
		elsif ($when =~ /^\d/) { $date{ day_number($when) } = \@shifts }
		else
		{
			my ($first, $last) = map { my $name = $_; grep { $WEEKDAYS[$_] eq $name } 0 .. 6 } split /-/, $when;
			$week{$_} = \@shifts for $first .. $last // $first;
		}
	}
	for my $day ($FIRST_DAY .. $LAST_DAY)
	{
		my @shifts = @{ $date{$day} // $week{ ($day + 3) % 7 } // [] };

		push @working, $day if @shifts;
		for my $shift (@shifts)
		{
			push @from, $day * $DAY + $shift->[0] - $ZONE;
			push @to, $day * $DAY + $shift->[1] - $ZONE;
			push @before, $total;
			$total += $shift->[1] - $shift->[0];
		}
	}
	return { from => \@from, to => \@to, before => \@before, working => \@working, always => $total == 365 * $DAY };
}

# Index of the last entry that is not greater (or, if strictly, is less) than a value; -1 if none.
sub last_not_after
{
	my ($list, $value, $strictly) = @_;
	my ($low, $high) = (-1, $#$list);

	while ($low < $high)
	{
		my $middle = ($low + $high + 1) >> 1;
		if ($strictly ? $list->[$middle] < $value : $list->[$middle] <= $value) { $low = $middle }
		else { $high = $middle - 1 }
	}
	return $low;
}

# Open time from the first day on.
sub open_until
{
	my ($calendar, $at) = @_;
	my $i;

	return $at if $calendar->{always};
	$i = last_not_after($calendar->{from}, $at);
	die "before 2025" if $i < 0;
	return $calendar->{before}[$i] + ($at < $calendar->{to}[$i] ? $at : $calendar->{to}[$i]) - $calendar->{from}[$i];
}

sub between { return open_until($_[0], $_[2]) - open_until($_[0], $_[1]) }

# The first instant by which so much open time has passed.
sub add
{
	my ($calendar, $at, $days, $span) = @_;
	my ($wanted, $i);

	if ($days > 0)
	{
		my $today = int(($at + $ZONE) / $DAY);
		my $n = last_not_after($calendar->{working}, $today) + $days;

		$at += ($calendar->{working}[$n] - $today) * $DAY;
	}
	return $at + $span if $calendar->{always} || $span == 0;
	$wanted = open_until($calendar, $at) + $span;
	$i = last_not_after($calendar->{before}, $wanted, 1);
	return $calendar->{from}[$i] + $wanted - $calendar->{before}[$i];
}

# The next instant after another with this local time of day, on a later local day than a third (undef: whichever).
sub next_daily
{
	my ($time_of_day, $later_day_than, $after) = @_;
	my $day = defined $later_day_than ? int(($later_day_than + $ZONE) / $DAY) + 1 : 0;
	my $at = $day * $DAY + $time_of_day - $ZONE;

	if (defined $after && $at <= $after)
	{
		$at = int(($after + $ZONE) / $DAY) * $DAY + $time_of_day - $ZONE;
		$at += $DAY if $at <= $after;
	}
	return $at;
}

# ---- configuration ----

my (%bit, %is_built_in, %kind_of, @clocks, %clock_index, $horizon);

# Signals are bits; those that no target names have none.
sub bits
{
	my $all = 0;

	$all |= $bit{$_} // 0 for @_;
	return $all;
}

sub named_bits
{
	for my $name (@_)
	{
		next if exists $bit{$name};
		die "too many signals" if keys %bit > 63;
		$bit{$name} = 1 << keys %bit;
	}
	return bits(@_);
}

named_bits(qw(opened condition_met assigned accepted answered closed reopened customer_message person_message));
my $REOPENED = bits('reopened');

sub is_shared
{
	return shift =~ /^(?:(?:enter|leave)_.*|opened|condition_met|assigned|accepted|answered|closed|reopened|customer_message)$/;
}

sub read_target
{
	my %t;
	@t{qw(id clock kind priority instant tier handling_tier exempt mode span days due_from daily_at starts stops rearms pauses
		on_reopen subject outlives window lasts limit closes calendar unknown)} = @_;
	my @stops = split /,/, $t{stops};

	die "target of $t{clock} has a condition that is not replayed" if $t{unknown};
	$t{conditions} = grep { $_ ne '' } @t{qw(kind priority instant tier handling_tier)};
	$t{names} = { map { $_ => 1 } split /,/, $t{starts} };
	$t{goals} = { map { $_ => 1 } @stops };
	$t{$_} = named_bits(split /,/, $t{$_}) for qw(starts stops rearms);
	$t{pauses} = { map { $_ => 1 } split /,/, $t{pauses} };
	$t{relevant} = $t{stops} | $t{rearms};
	$t{repeats} = $t{mode} eq 'every' || $t{mode} eq 'daily_at';
	# What was said and done before a run began: milestones stay reached, the rest counts from its start on.
	$t{lasting} = $t{mode} eq 'once' && $t{lasts} eq 't' ? bits(grep { !$is_built_in{$_} } @stops) : 0;
	$t{done} = bits(grep { !/^(?:enter|leave)_|^(?:opened|condition_met|answered|closed|reopened)$/ } @stops);
	$_ = $_ eq 't' for @t{qw(exempt outlives window closes)};
	$t{calendar} = $calendars{ $t{calendar} } //= calendar($t{calendar});
	$clock_index{ $t{clock} } //= push(@clocks, { name => $t{clock}, subject => $t{subject}, targets => [] }) - 1;
	push @{ $clocks[ $clock_index{ $t{clock} } ]{targets} }, \%t;
}

# Of each clock the target with the most conditions that all hold.
my %winners;

sub winners
{
	my @facts = @_;

	return $winners{ join '|', @facts } //= [
		map {
			my $best;
			for my $t (@{ $_->{targets} })
			{
				my @wanted = @$t{qw(kind priority instant tier handling_tier)};
				next if grep { $wanted[$_] ne '' && $wanted[$_] ne $facts[$_] } 0 .. $#wanted;
				$best = $t if !$best || $t->{conditions} > $best->{conditions};
			}
			$best && !$best->{exempt} ? $best : undef
		} @clocks ];
}

# ---- one run ----

my %turns = (waiting_customer => 'customer', waiting_partner => 'partner', answered => 'nobody', closed => 'nobody');
sub turn { return $turns{ $_[0] } // 'own' }

# Business time so far to whomever's turn it was; from now on to another.
sub turned
{
	my ($r, $at, $turn) = @_;

	$r->{ $r->{turn} } += between($r->{target}{calendar}, $r->{counted}, $at) if $at > $r->{counted};
	$r->{counted} = $at;
	$r->{turn} = $turn;
}

sub spent
{
	my ($r, $at) = @_;

	return $r->{spent} if !defined $r->{run_since} || $at <= $r->{run_since};
	return $r->{spent} + between($r->{target}{calendar}, $r->{run_since}, $at);
}

sub late { return defined $_[0]{due} && $_[1] > $_[0]{due} }

sub measure
{
	my ($r, $named, $previous_due) = @_;
	my $t = $r->{target};
	my $by_duration = $t->{due_from} eq 'duration' && $t->{mode} ne 'daily_at';

	$r->{due} =
		$t->{due_from} eq 'none' ? undef
	  : $t->{due_from} eq 'named' ? $named
	  : $t->{mode} eq 'daily_at' ? next_daily($t->{daily_at}, $r->{started}, $previous_due)
	  : add($t->{calendar}, $r->{started}, $t->{days}, $t->{span});
	$r->{length} =
		!defined $r->{due} ? undef
	  : $by_duration && $t->{days} == 0 ? $t->{span}
	  : between($t->{calendar}, $r->{started}, $r->{due});
	$r->{length} = 0 if defined $r->{length} && $r->{length} < 0;
}

sub begin
{
	my ($t, $priority, $at, $named, $previous_due, $missed, $turn) = @_;
	my $r = { target => $t, priority => $priority, started => $at, spent => 0, run_since => $at, paused => 0, missed => $missed,
		turn => $turn, counted => $at, own => 0, customer => 0, partner => 0, nobody => 0 };

	measure($r, $named, $previous_due);
	return $r;
}

sub end_run
{
	my ($r, $at, $outcome) = @_;

	turned($r, $at, undef);
	$r->{counted} = undef;
	$r->{spent} = spent($r, $at);
	$r->{paused} += $at - $r->{paused_at} if defined $r->{paused_at};
	$r->{paused_at} = $r->{run_since} = undef;
	$r->{stopped} = $at;
	$r->{outcome} = $outcome;
}

sub verdict
{
	my ($r, $at) = @_;

	return 'measured' if !defined $r->{length} || $r->{target}{closes};
	return late($r, $at) ? 'lapsed' : 'measured' if $r->{target}{window};
	return late($r, $at) ? 'breached' : 'met';
}

sub resume
{
	my ($r, $at) = @_;

	$r->{run_since} = $at;
	$r->{paused} += $at - $r->{paused_at} if defined $r->{paused_at};
	$r->{paused_at} = undef;
	return if !defined $r->{length};
	if ($r->{length} > $r->{spent}) { $r->{due} = add($r->{target}{calendar}, $at, 0, $r->{length} - $r->{spent}) }
	else { $r->{due} //= $at }
}

sub retarget
{
	my ($r, $t, $priority, $at, $named) = @_;
	my $used = spent($r, $at);
	my ($due, $length, $was_running) = ($r->{due}, $r->{length}, defined $r->{run_since});

	turned($r, $at, $r->{turn});
	$r->{target} = $t;
	$r->{priority} = $priority;
	measure($r, $named // $due, undef);
	# What was missed before stays missed.
	($r->{length}, $r->{due}) = ($length, $due) if !defined $r->{length} && defined $due && $due < $at;
	$r->{spent} = $used;
	$r->{run_since} = $was_running ? $at : undef;
	if (defined $r->{length} && $r->{length} <= $used) { $r->{due} = defined $due && $due < $at ? $due : $at }
	elsif (!$was_running) { $r->{due} = undef }
	elsif (defined $r->{length} && $t->{due_from} eq 'duration' && $t->{mode} ne 'daily_at')
	{
		$r->{due} = add($t->{calendar}, $at, 0, $r->{length} - $used);
	}
}

# As the ticket's state has it: standing still or not, and whose turn it is.
sub place
{
	my ($r, $t, $state, $at) = @_;
	my $turn = turn($state);

	turned($r, $at, $turn) if $r->{turn} ne $turn;
	if ($t->{pauses}{$state} && defined $r->{run_since})
	{
		$r->{spent} = spent($r, $at);
		$r->{due} = undef if !late($r, $at);
		$r->{run_since} = undef;
		$r->{paused_at} = $at;
	}
	elsif (!$t->{pauses}{$state} && !defined $r->{run_since}) { resume($r, $at) }
}

# ---- the runs of one clock for one subject ----

# What ends by itself has done so as often as it fell due before an instant: a window once, what repeats up to its limit.
sub catch_up
{
	my ($runs, $at) = @_;
	my $r = $runs->[-1];
	my $t = $r->{target};

	while (!defined $r->{stopped} && defined $r->{run_since} && late($r, $at)
		&& ($t->{window} || $t->{repeats} && $r->{missed} + 1 < $t->{limit}))
	{
		my ($due, $turn) = @$r{qw(due turn)};

		end_run($r, $due, $t->{window} ? 'lapsed' : 'breached');
		last if $t->{window};
		push @$runs, $r = begin($t, $r->{priority}, $due, undef, $due, $r->{missed} + 1, $turn);
	}
	return $r;
}

sub move_run
{
	my ($runs, $won, $g, $signals, $is_cancelled) = @_;
	my ($r, $at) = ($runs->[-1], $g->{at});
	my $is_over = $is_cancelled || ($g->{state} eq 'closed' && $won && !$won->{outlives});

	$r = catch_up($runs, $at)
	  if !$won || $is_over || $won != $r->{target} || $signals & $won->{relevant} || $won->{pauses}{ $g->{state} } || turn($g->{state}) ne $r->{turn};
	return if defined $r->{stopped};
	return end_run($r, $at, 'void') if !$won;
	retarget($r, $won, $g->{priority}, $at, $g->{named}) if $won != $r->{target};
	if ($signals & $won->{stops}) { end_run($r, $at, verdict($r, $at)) }
	elsif ($is_over) { end_run($r, $at, late($r, $at) ? verdict($r, $at) : 'void') }
	elsif ($signals & $won->{rearms}
		&& ($won->{mode} ne 'daily_at' || !defined $r->{due} || $r->{due} <= next_daily($won->{daily_at}, undef, $at)))
	{
		my $due = $r->{due};
		# Another start puts another promise in its place; anything else keeps the promise.
		my $is_replaced = defined $r->{length} && !$won->{closes} && !late($r, $at) && !($signals & $won->{rearms} & ~$won->{starts});

		end_run($r, $at, $is_replaced ? 'void' : verdict($r, $at));
		push @$runs, begin($won, $g->{priority}, $at, $g->{named}, $due, 0, turn($g->{state}));
	}
}

# The ticket stands where a clock would wait for it to come.
sub stands_at_goal
{
	my ($t, $state) = @_;
	my $goals = $t->{goals};

	return 1 if $goals->{"enter_$state"};
	return 1 if $goals->{accepted} && $state ne 'new' && $state ne 'assigned';
	return ($state eq 'answered' || $state eq 'closed') && $goals->{$state};
}

# A run that begins goes through what happened before.
sub live_through
{
	my ($r, $changes, $n, $start) = @_;
	my ($t, $at) = ($r->{target}, $changes->[$n]{at});

	for my $p (@$changes[ 0 .. $n - 1 ])
	{
		my $then = $p->{at} < $start ? $start : $p->{at};
		my $counts = $p->{at} < $start || $start == $at ? $t->{lasting} : $t->{done};

		return end_run($r, $then, verdict($r, $then)) if $p->{signals} & $counts;
		place($r, $t, $p->{state}, $then) if $start < $at;
	}
}

sub start_run
{
	my ($runs, $won, $won_before, $ticket, $changes, $n, $signals, $is_about) = @_;
	my ($r, $g) = ($runs->[-1], $changes->[$n]);
	my $is_reopened = $signals & $REOPENED;
	my ($given, $restarts, $by_signal, $start);

	if ($is_reopened && $r && $r->{outcome} ne 'void' && $won->{on_reopen} eq 'resume')
	{
		$r->{due} = undef if $r->{outcome} ne 'breached';
		$r->{stopped} = $r->{outcome} = undef;
		$r->{counted} = $g->{at};
		$r->{turn} = turn($g->{state});
		retarget($r, $won, $g->{priority}, $g->{at}, $g->{named}) if $won != $r->{target};
		return resume($r, $g->{at});
	}
	$given = $signals & ~bits('opened');
	$given &= ~bits('assigned') if $given & bits('accepted');
	$restarts = $is_reopened && $r && $won->{on_reopen} eq 'restart';
	$by_signal = $restarts || ($given & $won->{starts} && ($won->{mode} ne 'once' || !$r || $r->{outcome} eq 'void'));
	if ($by_signal) { $start = $g->{at} }
	elsif ($is_about || !($won->{names}{opened} || $won->{names}{condition_met}) || $g->{state} eq 'answered' || $g->{state} eq 'closed') { return }
	elsif (!$r && $is_reopened) { $start = $g->{at} }
	elsif ($won_before || ($r && $r->{outcome} ne 'void')) { return }
	else { $start = $won->{names}{condition_met} ? $g->{at} : $ticket->{opened} }
	return if !$restarts && ($by_signal || !($signals & $won->{stops})) && stands_at_goal($won, $g->{state});
	push @$runs, $r = begin($won, $g->{priority}, $start, $g->{named}, undef, 0, $start == $g->{at} ? turn($g->{state}) : 'own');
	live_through($r, $changes, $n, $start) if !$is_about && !$restarts;
	end_run($r, $g->{at}, verdict($r, $g->{at})) if !defined $r->{stopped} && !$by_signal && $signals & $won->{stops};
}

my $SHARED; # what the ticket as a whole tells every subject's clock

sub replay_clock
{
	my ($ticket, $changes, $index, $subject) = @_;
	my $kind = $clocks[$index]{subject};
	my @runs;
	my ($won, $state, $run_number) = (undef, '', 0);

	for my $n (0 .. $#$changes)
	{
		my $g = $changes->[$n];
		my ($won_before, $state_before) = ($won, $state);
		my $signals = $g->{signals};
		my $is_cancelled = 0;
		my $is_over;

		$won = $g->{winners}[$index];
		$state = $g->{state};
		if ($subject)
		{
			my $is_about = defined $g->{$kind} && $g->{$kind} == $subject;
			$signals &= $SHARED if !$is_about;
			$is_cancelled = $is_about && $g->{cancelled};
		}
		if (@runs && !defined $runs[-1]{stopped})
		{
			# Nothing that concerns it.
			next if $won && $won == $runs[-1]{target} && $state eq $state_before && !$is_cancelled && !($signals & $won->{relevant});
			move_run(\@runs, $won, $g, $signals, $is_cancelled);
		}
		next if !$won;
		start_run(\@runs, $won, $won_before, $ticket, $changes, $n, $signals, $subject)
		  if (!@runs || defined $runs[-1]{stopped}) && !$is_cancelled && ($state ne 'closed' || $won->{outlives});
		place($runs[-1], $won, $state, $g->{at}) if @runs && !defined $runs[-1]{stopped};
	}
	catch_up(\@runs, $horizon) if @runs;
	for my $r (@runs)
	{
		print join("\t", map { $_ // '\N' } $ticket->{no}, $clocks[$index]{name}, ++$run_number, $r->{target}{id},
			@$r{qw(priority started length spent run_since due paused_at paused stopped outcome)}, $subject,
			@$r{qw(missed turn counted own customer partner)}), "\n";
	}
}

# ---- what happened to a ticket ----

my %MESSAGES = map { $_ => 1 } qw(customer_message automatic_message reply note task_created task_changed task_done task_cancelled);

# What one event signals.
sub signals_of
{
	my ($e, $dates) = @_;
	my $kind = $e->{kind};
	my @senior = $e->{old_value} eq 'senior' ? 'senior_message' : ();

	if ($kind eq 'opened')
	{
		my $then = $e->{new_state};
		return ('opened', "enter_$then", $then eq 'in_progress' ? 'accepted' : $then eq 'answered' ? 'answered' : ());
	}
	return ('customer_message', $e->{new_value}) if $kind eq 'customer_message';
	if ($kind eq 'note')
	{
		return $e->{new_value} if $e->{actor} eq 'system';
		return ('internal_note', @senior, $e->{new_value}, $e->{due} ne '' ? 'time_named' : ());
	}
	if ($kind =~ /^task_(created|changed)$/)
	{
		my $is_new = !exists $dates->{ $e->{new_value} } || $dates->{ $e->{new_value} } ne $e->{due};

		$dates->{ $e->{new_value} } = $e->{due};
		return $is_new ? 'task_created' : ();
	}
	return $kind if $kind eq 'task_done';
	return ('public_message', @senior, $e->{new_value}, $e->{due} ne '' ? 'news_named' : (), $kind eq 'reply' ? 'person_message' : ())
	  if $kind eq 'reply' || $kind eq 'automatic_message';
	return ((grep { $_ eq $kind } qw(transferred assigned answered closed reopened accepted reviewer_named)),
		$e->{new_state} ne '' ? "enter_$e->{new_state}" : (), $e->{old_state} ne '' ? "leave_$e->{old_state}" : ());
}

# Facts that events change, by kind of event; of each the value before its first change was the ticket's at the opening.
my %FACTS = (priority_changed => 'priority', category_changed => 'category', customer_tier_changed => 'tier', handling_tier_changed => 'handling_tier');

# The events of one UPDATE are one change; a message or a task stands by itself.
sub replay_ticket
{
	my ($ticket, $events) = @_;
	my (@changes, %dates, %seen, %subjects);
	my %now = map { $_ => $ticket->{$_} } qw(category tier handling_tier);

	$now{priority} = $events->[0]{new_value};
	for my $e (@$events)
	{
		my $fact = $FACTS{ $e->{kind} };
		$now{$fact} = $e->{old_value} if $fact && !$seen{$fact}++;
	}
	$now{state} = '';
	for my $e (@$events)
	{
		my $fact = $FACTS{ $e->{kind} };
		my $g = $changes[-1];

		push @changes, $g = { at => $e->{at}, signals => 0 }
		  if $e->{same_act} ne 'true';
		$g->{signals} |= bits(signals_of($e, \%dates));
		$g->{named} = $e->{due} if $e->{due} ne '';
		$now{state} = $e->{new_state} if $e->{new_state} ne '';
		$now{$fact} = $e->{new_value} if $fact;
		$g->{team} = $e->{kind} eq 'transferred' ? $e->{new_value} : $e->{team} if $e->{kind} eq 'transferred' || $e->{team} ne '';
		$g->{task} = $e->{new_value} if $e->{kind} =~ /^task_/;
		$g->{cancelled} = 1 if $e->{kind} eq 'task_cancelled';
		@$g{qw(state priority)} = @now{qw(state priority)};
		$g->{winners} = $now{state} eq 'duplicate' || $now{state} eq 'invalid' ? []
		  : winners($kind_of{ $now{category} } // '', $now{priority}, $ticket->{instant}, $now{tier}, $now{handling_tier});
	}
	for my $g (@changes)
	{
		# What a person writes to a customer who has been answered is an answer again.
		$g->{signals} |= bits('answered') if $g->{signals} & bits('person_message') && $g->{state} eq 'answered';
		for my $kind (qw(team task))
		{
			$subjects{$kind}{ $g->{$kind} } = 1 if defined $g->{$kind} && $g->{$kind} ne '';
		}
	}
	for my $index (0 .. $#clocks)
	{
		my $kind = $clocks[$index]{subject};
		replay_clock($ticket, \@changes, $index, $_) for $kind eq 'ticket' ? 0 : sort { $a <=> $b } keys %{ $subjects{$kind} // {} };
	}
}

my ($ticket, @events);

while (<STDIN>)
{
	chomp;
	my ($sort, @fields) = split /\|/, $_, -1;

	if ($sort eq 'horizon') { $horizon = $fields[0] }
	elsif ($sort eq 'signal') { $is_built_in{ $fields[0] } = 1 }
	elsif ($sort eq 'category') { $kind_of{ $fields[0] } = $fields[1] }
	elsif ($sort eq 'target') { read_target(@fields) }
	elsif ($sort eq 'ticket')
	{
		$SHARED //= bits(grep { is_shared($_) } keys %bit);
		replay_ticket($ticket, \@events) if $ticket;
		@events = ();
		$ticket = {};
		@$ticket{qw(no instant tier handling_tier category opened)} = @fields;
	}
	else
	{
		my %e;
		@e{qw(at kind actor due old_state new_state old_value new_value team same_act)} = @fields;
		push @events, \%e;
	}
}
replay_ticket($ticket, \@events) if $ticket;
