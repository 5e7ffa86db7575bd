# Pairs of texts and the same pairs written differently, as rows for COPY: pair, variant, first or second text (1, 2), text.
#
#   perl test/lib/variants.pl PAIRS SEED
#
# The texts are put together from the internet playbook's own keywords and the phrases of the demo. Half of the second
# texts repeat the first with a small change, the others are about something else. Variants: plain; traditional, by ICU's
# transliterator (uconv), which knows nothing of our table; wide (full width); upper; all three at once. The texts are
# alike whatever the machine: the random numbers are DemoRandom's own.
use strict;
use warnings;
use utf8;
use FindBin qw($Bin);
use lib "$Bin/../demo";
use File::Temp qw(tempfile);
use JSON::PP;
use DemoRandom qw(chance pick between);
use DemoText qw(load_phrases phrase);

my ($pairs, $seed) = @ARGV;
binmode STDOUT, ':encoding(UTF-8)';
DemoRandom::seed($seed);
load_phrases("$Bin/../demo");

open my $in, '<:raw', "$Bin/../../sql/playbook/internet.json" or die "internet.json: $!\n";
my $playbook = JSON::PP->new->utf8->decode(do { local $/; <$in> });
my (@topics, @keywords);
for my $kind (@{ $playbook->{categories} })
{
	for my $second (@{ $kind->{children} })
	{
		push @topics, "$kind->{code}/$second->{code}";
		push @keywords, map { @$_ } map { $second->{keywords}{$_} } sort keys %{ $second->{keywords} };
	}
}
push @keywords, map { @{ $_->{any_of} // [] } } @{ $playbook->{rules} };
push @keywords, map { @{ $_->{words} } } @{ $playbook->{lexicon} };

sub text
{
	my $ticket = { language => chance(0.75) ? 'zh-Hans' : 'en' };
	my @parts = phrase($ticket, pick(@topics));
	push @parts, pick(@keywords) for 1 .. between(0, 3);
	push @parts, phrase($ticket, 'mood') if chance(0.3);
	return join(pick(' ', '，', '。', ', '), @parts);
}

sub wide { my $text = shift; $text =~ tr/\x{21}-\x{7E} /\x{FF01}-\x{FF5E}\x{3000}/; return $text; }

my @texts;
for (1 .. $pairs)
{
	my $first = text();
	push @texts, $first, chance(0.5) ? $first . pick('！', '，谢谢', ' please', '？', '，' . pick(@keywords)) : text();
}

my ($file, $name) = tempfile(UNLINK => 1);
binmode $file, ':encoding(UTF-8)';
print {$file} "$_\n" for @texts;
close $file;
open my $icu, '-|:encoding(UTF-8)', 'uconv', '-f', 'UTF-8', '-t', 'UTF-8', '-x', 'Simplified-Traditional', $name
  or die "uconv: $!\n";
chomp(my @traditional = <$icu>);
close $icu or die "uconv failed\n";
die "uconv gave " . @traditional . " lines for " . @texts . "\n" unless @traditional == @texts;

for my $i (0 .. $#texts)
{
	my %variant = (plain => $texts[$i], traditional => $traditional[$i], wide => wide($texts[$i]), upper => uc $texts[$i],
		all => wide(uc $traditional[$i]));
	for my $kind (sort keys %variant)
	{
		(my $text = $variant{$kind}) =~ s/\\/\\\\/g;
		print join("\t", int($i / 2), $kind, $i % 2 + 1, $text), "\n";
	}
}
