# The offline pack's server where there is no Python: the same in Perl, with nothing but its core modules.
use strict;
use warnings;
use IO::Socket::INET;

binmode STDOUT, ':raw';
$| = 1;
my %types = map { split / /, $_, 2 } split /\n/, <<'TYPES';
@TYPES@
TYPES
my $running = <<'TEXT';
@RUNNING@
TEXT
my $no_port = <<'TEXT';
@NO_PORT@
TEXT

sub read_file {
    my ($path) = @_;
    open my $file, '<:raw', $path or return undef;
    local $/;
    my $content = <$file>;
    return $content;
}

# Whether this very pack is served there already.
sub is_same {
    my ($port) = @_;
    my $peer = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 3) or return 0;
    print $peer "GET /editions.json HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
    my $answer = eval {
        local $SIG{ALRM} = sub { die };
        alarm 3;
        local $/;
        my $all = <$peer>;
        alarm 0;
        $all;
    };
    alarm 0;
    my (undef, $content) = split /\r\n\r\n/, $answer // '', 2;
    return defined $content && $content eq (read_file('editions.json') // '');
}

sub show {
    my ($port) = @_;
    my $address = "http://127.0.0.1:$port/@START@";
    (my $said = $running) =~ s/\{address\}/$address/g;
    print $said;
    my $opener = $ENV{COURSE_OPEN} or return;
    my $child = fork;
    if (defined $child && !$child) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec $opener, $address or exit 1;
    }
}

sub refuse {
    my ($client, $status) = @_;
    print $client "HTTP/1.1 $status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

sub answer {
    my ($client) = @_;
    $SIG{ALRM} = sub { exit };
    alarm 60; # a browser may open a connection and say nothing
    my ($method, $target) = split / /, <$client> // '';
    while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
    alarm 0;
    return refuse($client, '400 Bad Request') unless defined $target && $target =~ m{^/};
    return refuse($client, '405 Method Not Allowed') unless $method eq 'GET' || $method eq 'HEAD';
    $target =~ s/[?#].*//s;
    $target =~ s/\s+$//;
    (my $path = $target) =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    my @steps = grep { length } split m{/}, $path;
    return refuse($client, '404 Not Found') if grep { $_ eq '..' || $_ eq '.' || /[\0\\]/ } @steps;
    my $file = join '/', '.', @steps;
    if (-d $file) {
        if ($path !~ m{/$}) {
            print $client "HTTP/1.1 301 Moved Permanently\r\nLocation: $target/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return;
        }
        $file .= '/index.html';
    }
    elsif ($path =~ m{/$}) { return refuse($client, '404 Not Found') }
    open my $content, '<:raw', $file or return refuse($client, '404 Not Found');
    return refuse($client, '404 Not Found') unless -f $content;
    my ($end) = lc($file) =~ /(\.[^.\/]+)$/;
    my $type = $types{$end // ''} // 'application/octet-stream';
    my $size = -s $content;
    print $client "HTTP/1.1 200 OK\r\nContent-Type: $type\r\nContent-Length: $size\r\n"
        . "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
    return if $method eq 'HEAD';
    while (read $content, my $block, 65536) { print $client $block or last }
}

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
for my $port (@FIRST@ .. @LAST@) {
    if (is_same($port)) { show($port); exit 0 }
    my $server = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1, Proto => 'tcp'
    ) or next;
    show($port);
    while (1) {
        my $client = $server->accept or next;
        my $child = fork;
        if (defined $child && !$child) {
            close $server;
            binmode $client;
            answer($client);
            close $client;
            exit 0;
        }
        close $client;
    }
}
print $no_port;
exit 1;
