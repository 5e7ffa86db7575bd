# Chance that is the same on every machine: a generator of our own, for that of Perl may differ.
package DemoRandom;

use strict;
use warnings;
use Exporter qw(import);
our @EXPORT_OK = qw(seed chance pick weighted between spread);

my $state = 1;

sub seed { $state = shift() & 0xffffffff || 1; }

# Xorshift, 32 bits.
sub draw
{
	$state ^= ($state << 13) & 0xffffffff;
	$state ^= $state >> 17;
	$state ^= ($state << 5) & 0xffffffff;
	return $state / 4294967296;
}

sub chance { return draw() < shift; }

sub pick { return $_[int(draw() * @_)]; }

sub between { my ($low, $high) = @_; return $low + int(draw() * ($high - $low + 1)); }

sub weighted
{
	my $weights = shift;
	my $sum = 0;
	my @keys = sort keys %$weights;
	$sum += $weights->{$_} foreach @keys;
	my $rest = draw() * $sum;
	foreach my $key (@keys)
	{
		$rest -= $weights->{$key};
		return $key if $rest < 0;
	}
	return $keys[-1];
}

# A length of time around a median, seldom much longer: seconds, as work takes it (log-normal).
sub spread
{
	my ($median, $sigma) = @_;
	my $normal = -6;
	$normal += draw() for 1 .. 12;
	return int($median * exp($normal * ($sigma // 0.7))) + 1;
}

1;
