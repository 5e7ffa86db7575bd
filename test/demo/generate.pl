#!/usr/bin/perl
# Writes a week of a customer service desk as an event log in the layout of doc/demo.md: some 2,000 tickets in Chinese
# (simplified, traditional) and English over all channels of the playbook "internet", and what came of them.
#
#   generate.pl MONDAY [TICKETS [SEED]] >log.csv
#
# The same arguments give the same log. What people write is put together from the phrases beside this file; nobody in it
# exists. On Wednesday afternoon a payment channel fails.
use strict;
use warnings;
use utf8;
use File::Basename qw(dirname);
use lib dirname(__FILE__);
use DemoText qw(load_phrases phrase);
use DemoLife qw(live);
use DemoRandom qw(seed chance pick weighted between);
use Time::Local qw(timegm);

binmode STDOUT, ':encoding(UTF-8)';

my @columns = qw(at ticket event channel customer customer_tier team agent actor title body amount priority category
	milestone next_news_at original reason);
my ($monday, $tickets, $seed) = (@ARGV, 2000, 20260302)[0 .. 2];
($tickets, $seed) = ($ARGV[1] // 2000, $ARGV[2] // 20260302);
die "usage: generate.pl MONDAY [TICKETS [SEED]]\n" unless ($monday // '') =~ /^(\d{4})-(\d\d)-(\d\d)$/;
my $start = timegm(0, 0, 0, $3, $2 - 1, $1) - 8 * 3600;    # midnight in Shanghai
my $end = $start + 7 * 86400;

my %channels = (live_chat => 30, hotline => 15, in_app_feedback => 18, web_form => 10, social_message => 8, email => 10,
	left_message => 5, help_centre => 4);
my %languages = ('zh-Hans' => 58, 'zh-Hant' => 25, en => 17);
my %topics = (
	'technical_fault/crash' => 10, 'technical_fault/interface_error' => 7, 'technical_fault/lost_data' => 4,
	'technical_fault/core_function_blocked' => 13, 'account_security/leaked_password' => 4,
	'account_security/login_elsewhere' => 5, 'account_security/irregular_funds' => 5,
	'business_inquiry/how_to_use' => 14, 'business_inquiry/member_benefits' => 10,
	'business_inquiry/personal_settings' => 7, 'complaint_suggestion/service_attitude' => 6,
	'complaint_suggestion/process_experience' => 5, 'complaint_suggestion/product_suggestion' => 6,
	undecided => 3, mixed => 1,
);

# Second of the week at which somebody writes: few at night, most before and after lunch, half at the weekend.
sub arrival
{
	my %day = (0 => 21, 1 => 19, 2 => 18, 3 => 18, 4 => 18, 5 => 10, 6 => 9);
	my @hour = (8, 5, 4, 3, 3, 5, 10, 22, 45, 80, 95, 88, 62, 70, 84, 82, 76, 68, 58, 60, 66, 58, 40, 20);
	my %hour = map { $_ => $hour[$_] } 0 .. 23;
	return weighted(\%day) * 86400 + weighted(\%hour) * 3600 + between(0, 3599);
}

# A tenth of the customers are VIP; some write more than once.
my %tier;

sub customer
{
	my $number = chance(0.25) && %tier ? pick(sort keys %tier) : sprintf('u%06x', between(0x100000, 0xffffff));
	$tier{$number} //= chance(0.1) ? 'vip' : 'standard';
	return $number;
}

sub new_ticket
{
	my ($at, $topic) = @_;
	my $customer = customer();
	my $language = weighted(\%languages);
	my %ticket = (at => $at, topic => $topic, language => $language, channel => weighted(\%channels), customer => $customer,
		tier => $tier{$customer}, start => $start, end => $end);
	@ticket{qw(body core amount)} = DemoText::complaint(\%ticket);
	$ticket{title} = $ticket{core} if $ticket{channel} eq 'email' && length $ticket{core} <= 60;
	return \%ticket;
}

sub quoted
{
	my $cell = shift // '';
	return $cell unless $cell =~ /[",\r\n]/;
	$cell =~ s/"/""/g;
	return qq("$cell");
}

sub stamp
{
	my ($s, $mi, $h, $d, $mo, $y) = gmtime($_[0] + 8 * 3600);
	return sprintf('%04d-%02d-%02d %02d:%02d:%02d+08', $y + 1900, $mo + 1, $d, $h, $mi, $s);
}

sub write_log
{
	print join(',', @columns), "\n";
	foreach my $event (@_)
	{
		my %row = %$event;
		$row{at} = stamp($row{at});
		$row{next_news_at} = stamp($row{next_news_at}) if defined $row{next_news_at};
		print join(',', map { quoted($row{$_}) } @columns), "\n";
	}
}

seed($seed);
load_phrases(dirname(__FILE__));
my $outage = int($tickets * 0.05);
my @arrivals = map { [$start + arrival(), weighted(\%topics)] } 1 .. $tickets - $outage;
push @arrivals, map { [$start + 2 * 86400 + 14 * 3600 + between(1200, 12600), 'outage'] } 1 .. $outage;
my $serial = 0;
my @opened;
foreach my $arrival (sort { $a->[0] <=> $b->[0] || $a->[1] cmp $b->[1] } @arrivals)
{
	my $ticket = new_ticket(@$arrival);
	$ticket->{name} = sprintf('T%05d', ++$serial);
	DemoText::repeat($ticket, pick(@opened)) if @opened > 20 && chance(0.02);
	push @opened, $ticket unless $ticket->{original} || $ticket->{topic} eq 'undecided';
	shift @opened if @opened > 60;
	live($ticket);
}
write_log(DemoLife::log_until($end));
