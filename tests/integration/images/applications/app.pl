#!/usr/bin/perl
# A web service with one bad habit, named by its argument. Nothing but what every Debian holds.
use strict;
use warnings;
use IO::Socket::INET;

my $habit = $ARGV[0] // 'none';
my $waiting = 1;
$SIG{TERM} = $habit eq 'ignores-sigterm' ? 'IGNORE' : sub { exit 0 };

if ($habit eq 'crashes') { print STDERR "no configuration found\n"; exit 3 }
if ($habit eq 'needs-root') { open(my $file, '>', '/var/lib/app.state') or die "/var/lib/app.state: $!\n" }
if ($habit eq 'writes-anywhere') { open(my $file, '>', '/var/tmp/state') or die "/var/tmp/state: $!\n" }
if ($habit eq 'keeps-state') { open(my $file, '>', '/var/lib/app/state') or die "/var/lib/app/state: $!\n" }
if ($habit eq 'never-listens') { sleep 1 while 1 }

my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 16, ReuseAddr => 1)
    or die "port 8080: $!\n";
while (1) {
    my $client = $socket->accept or next;
    while (my $line = <$client>) { last if $line eq "\r\n" }
    if ($habit eq 'leaves-zombies' && !fork) { exit 0 }
    if ($habit eq 'leaves-orphans' && !fork) { exit 0 if fork; select(undef, undef, undef, 0.2); exit 0 }
    wait if $habit eq 'leaves-orphans';
    my $status = $habit eq 'answers-503' ? '503 Service Unavailable' : '200 OK';
    print $client "HTTP/1.0 $status\r\nContent-Length: 3\r\n\r\nok\n";
    close $client;
}
