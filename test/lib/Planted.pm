# A folder of extension scripts of a server's own, so that a test can plant further versions of csflow beside the one that
# was built. The library is the one that was built.
package Planted;

use strict;
use warnings;
use Exporter 'import';
use File::Copy qw(copy);
use File::Path qw(make_path);
use PostgreSQL::Test::Utils;

our @EXPORT = qw(planted_folder own_script);

sub pg_config
{
	my $value = `pg_config $_[0]`;
	chomp $value;
	return $value;
}

# Where the server finds extensions otherwise: a staging folder (test/private.sh) or its own.
sub stage
{
	my $settings = $ENV{TEMP_CONFIG} ? slurp_file($ENV{TEMP_CONFIG}) : '';
	my $share = pg_config('--sharedir');
	return $settings =~ /^extension_destdir = '(.*)'/m || $settings =~ /^extension_control_path = '(.*?)\Q$share\E:/m ? $1 : '';
}

# Text of the extension script that was built, and its version.
sub own_script
{
	my $folder = stage() . pg_config('--sharedir') . '/extension';
	my ($version) = slurp_file("$folder/csflow.control") =~ /^default_version\s*=\s*'(.*)'/m;
	return (slurp_file("$folder/csflow--$version.sql"), $version);
}

# Makes the folder and tells the node of it, before it starts; undef where this server looks into its own folders only.
sub planted_folder
{
	my ($node) = @_;
	my ($share, $lib, $own, $from) = (pg_config('--sharedir'), pg_config('--pkglibdir'), $node->basedir . '/planted', stage());
	my $sample = slurp_file("$share/postgresql.conf.sample");
	my $setting = $sample =~ /extension_control_path/ ? "extension_control_path = '$own$share:\$system'"
	  : $sample =~ /extension_destdir/ ? "extension_destdir = '$own'" : return undef;
	make_path("$own$share/extension", "$own$lib");
	copy($_, "$own$share/extension") or die "$_: $!" for "$from$share/extension/csflow.control", glob "$from$share/extension/csflow--*.sql";
	symlink("$from$lib/csflow.so", "$own$lib/csflow.so") or die $!;
	$node->append_conf('postgresql.conf', "$setting\ndynamic_library_path = '$own$lib:\$libdir'");
	return "$own$share/extension";
}

1;
