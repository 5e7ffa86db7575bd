# What people write, put together from the phrases: greeting, matter, circumstances, mood.
package DemoText;

use strict;
use warnings;
use utf8;
use Exporter qw(import);
use DemoRandom qw(chance pick between spread);
our @EXPORT_OK = qw(load_phrases phrase);

my %phrases;    # language, use: sentences

my %words = (
	'zh-Hans' => {
		product => [qw(App 小程序 网页版 客户端 平板版)], since => [qw(今天早上 昨天 昨晚 前天 上周 中午)],
		device => [qw(安卓手机 平板 折叠屏手机 旧手机 笔记本)], city => [qw(上海 成都 杭州 西安 沈阳 厦门 长沙)],
		team => {product => '产品', operations => '运营', technical_team => '技术团队', customer_service => '客服', risk_control => '风控'},
	},
	'zh-Hant' => {
		product => [qw(App 小程式 網頁版 用戶端 平板版)], since => [qw(今天早上 昨天 昨晚 前天 上週 中午)],
		device => [qw(安卓手機 平板 摺疊手機 舊手機 筆電)], city => [qw(台北 高雄 台中 香港 新竹)],
	},
	en => {
		product => ['app', 'web page', 'mobile app', 'tablet app'],
		since => ['since this morning', 'since yesterday', 'since last night', 'since the update', 'since Monday'],
		day => ['yesterday', 'this morning', 'last night', 'an hour ago'],
		device => ['Android phone', 'tablet', 'foldable phone', 'old phone', 'laptop'],
		city => ['Shanghai', 'Singapore', 'Hong Kong', 'Chengdu'],
	},
);

sub load_phrases
{
	my $folder = shift;
	foreach my $language (keys %words)
	{
		my $use;
		open(my $file, '<:encoding(UTF-8)', "$folder/phrases.$language.txt") or die "phrases.$language.txt: $!\n";
		while (my $line = <$file>)
		{
			chomp $line;
			next if $line =~ /^(#|$)/;
			if ($line =~ /^\[(.+)\]$/) { $use = $1; }
			else { push @{ $phrases{$language}{$use} }, $line; }
		}
		close $file;
	}
}

sub local_time
{
	my ($language, $at) = @_;
	my (undef, $minute, $hour, $day, $month) = gmtime($at + 8 * 3600);
	my @months = qw(January February March April May June July August September October November December);
	return sprintf('%d:%02d on %d %s', $hour, $minute, $day, $months[$month]) if $language eq 'en';
	return sprintf('%d月%d日%d:%02d', $month + 1, $day, $hour, $minute);
}

sub value_of
{
	my ($name, $language, $ticket, $more) = @_;
	my $words = $words{$language}{$name};
	return $words->{ $more->{team} } if $name eq 'team';
	return pick(@$words) if defined $words;
	return local_time($language, $more->{when}) if $name eq 'when';
	return $ticket->{amount} //= amount() if $name eq 'amount';
	return between(2, 5) if $name eq 'n';
	return between(2, 12) if $name eq 'days';
	return pick(5, 10, 15, 20, 30, 40) if $name eq 'minutes';
	return sprintf('%d%09d', between(21, 89), between(0, 999_999_999)) if $name eq 'order';
	return pick(qw(E1042 E2207 50013 40029 E503 10086)) if $name eq 'code';
	return sprintf('%d.%d.%d', between(7, 9), between(0, 9), between(0, 4)) if $name eq 'version';
	return sprintf('%d:%02d', between(0, 23), between(0, 59)) if $name eq 'time';
	die "a phrase has {$name}\n";
}

# Mostly small change, now and then a lot.
sub amount { return chance(0.2) ? sprintf('%.2f', spread(8000, 0.9) / 100) : pick(spread(60, 0.9), spread(900, 1.0)); }

sub phrase
{
	my ($ticket, $use, %more) = @_;
	# Notes between colleagues are in the language of the house.
	my $language = exists $phrases{ $ticket->{language} }{$use} ? $ticket->{language} : 'zh-Hans';
	my $text = pick(@{ $phrases{$language}{$use} });
	$text =~ s/\{(\w+)\}/value_of($1, $language, $ticket, \%more)/ge;
	return $text;
}

# What opens a ticket: the whole text, its matter alone, and the amount at stake if one is named.
sub complaint
{
	my $ticket = shift;
	my $core = phrase($ticket, $ticket->{topic});
	my @parts = ($core);
	if ($ticket->{topic} ne 'undecided')
	{
		unshift @parts, phrase($ticket, 'greeting') if chance(0.35);
		push @parts, phrase($ticket, 'context') if chance(0.4);
		push @parts, phrase($ticket, 'mood') if chance(0.35);
	}
	return (join($ticket->{language} eq 'en' ? ' ' : '', @parts), $core, $ticket->{amount});
}

# The same customer writes about the same matter once more.
sub repeat
{
	my ($ticket, $original) = @_;
	$ticket->{$_} = $original->{$_} foreach qw(customer tier language topic core amount);
	$ticket->{body} = $original->{core} . ($ticket->{language} eq 'en' ? ' ' : '') . phrase($ticket, 'chase');
	delete $ticket->{title};
	$ticket->{original} = $original->{name};
}

1;
