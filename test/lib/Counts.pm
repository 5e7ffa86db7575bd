package Counts;

# A prove formatter: one line per test file, as prove does without a terminal, and the totals appended as a line
# "passed failed skipped" to the file that COUNTS names. A test file that dies or breaks its plan without a failed test
# counts as one failure; one that skips everything, as one skip.

use strict;
use warnings;
use base 'TAP::Formatter::File';

sub summary
{
	my ($self, $aggregate, $interrupted) = @_;
	my $skipped = $aggregate->skipped;
	my $passed = $aggregate->passed - $skipped;
	my $failed = $aggregate->failed;
	for my $parser ($aggregate->parsers)
	{
		$skipped++ if $parser->skip_all;
		$failed++ if $parser->has_problems && !$parser->failed;
	}
	$failed++ if $interrupted;
	open my $counts, '>>', $ENV{COUNTS} or die "cannot write COUNTS=$ENV{COUNTS}: $!";
	print $counts "$passed $failed $skipped\n";
	close $counts;
	return $self->SUPER::summary($aggregate, $interrupted) if $failed;
	return;
}

1;
