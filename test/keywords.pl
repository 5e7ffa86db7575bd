# Holds the shipped playbooks against the tables of keywords they were made from: every word of a table stands under its
# category. Prints what is missing.
#
#   perl test/keywords.pl DOCUMENT PLAYBOOK.json...
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use JSON::PP;

my ($document, @files) = @ARGV;
my %playbook;

for my $file (@files)
{
	open my $in, '<:raw', $file or die "$file: $!\n";
	my ($name) = $file =~ m{([a-z]+)\.json$};
	$playbook{$name} = JSON::PP->new->utf8->decode(do { local $/; <$in> });
}

sub words_of    # a category's own words
{
	my ($category) = @_;
	my $keywords = $category->{keywords} // {};
	return map { $_ => 1 } map { ref $_ eq 'ARRAY' ? @$_ : $_ } ref $keywords eq 'HASH' ? values %$keywords : @$keywords;
}

sub category_named
{
	my ($book, $kind, $second) = @_;
	for my $first (@{ $book->{categories} })
	{
		next unless $first->{zh} eq $kind;
		for my $child (@{ $first->{children} // [] })
		{
			return ($first, $child) if $child->{zh} eq $second;
		}
	}
	return;
}

my $checked = 0;
my ($name, $book);
open my $text, '<', $document or die "$document: $!\n";
while (my $line = <$text>)
{
	if ($line =~ /^## 2\.\d+ `(\w+)`/)
	{
		($name, $book) = ($1, $playbook{$1});
		next;
	}
	elsif ($line =~ /^#/)
	{
		undef $book;
	}
	next unless $book and $line =~ /^\| *([^|]+?) *\| *([^|]+?) *\| *([^|]+?) *\|$/;
	my ($kind, $second, $cell) = ($1, $2, $3);
	next unless $cell =~ /、|[+~]/ and $second =~ /^(\p{Han}+)/;
	$second = $1;
	my ($first, $child) = category_named($book, $kind, $second);
	if (!$child)
	{
		print "$name: no category $kind/$second\n";
		next;
	}
	my ($own, $generic) = split /~/, $cell;
	my %here = words_of($child);
	# What is said of the kind as a whole may stand with the kind.
	my %whole = (%here, words_of($first), map { words_of($_) } @{ $first->{children} });
	for my $word (grep { length } map { s/^\s+|\s+$//gr } split /[、+]/, $own)
	{
		$checked++;
		print "$name: $kind/$second lacks $word\n" unless $here{$word};
	}
	for my $word (grep { length } map { s/^\s+|\s+$//gr } split /[、+]/, $generic // '')
	{
		print "$name: $kind lacks $word\n" unless $whole{$word};
	}
}
print "$document has no tables of keywords\n" unless $checked;
