/* bench_streamer: the smallest server of streamed answers that can be told the truth about. One thread, epoll, no
 * parser: a request's head ends where an empty line does, its body is passed over, and every answer is the same: one
 * token at once and one more every gap, each an SSE event in a chunk and a send of its own, and a gap after the last
 * the end. So N tokens take N gaps. Each stream moves by itself, from when its request came, or all of them at the same
 * multiples of the gap. What it can say of itself is how late it was with each send: who is late cannot judge who
 * reads. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"

#include "deadlines.h"
#include "listener.h"
#include "samples.h"
#include "stream_text.h"
#include "streamer_options.h"
#include "wire.h"

#define READ_BYTES ((size_t)64 << 10)
#define LATE_MAX ((size_t)20 << 20) /* sends whose lateness is kept: over three minutes at 100,000/s */

#define RESPONSE_HEAD                                                                                                  \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"                            \
	"Transfer-Encoding: chunked\r\n\r\n"

/* What one send carries. */
struct piece {
	char bytes[PIECE_BYTES];
	size_t length;
};

struct connection {
	uint32_t generation; /* of the descriptor's number: whose deadline this is */
	uint8_t matched;     /* see wire_count_ends */
	bool is_streaming, waits_for_room;
	unsigned waiting;   /* requests that came while an answer was under way */
	int64_t began_ns;   /* when the answer's first piece was due */
	uint64_t due, next; /* pieces that were due so far, and that the kernel has whole */
	size_t at;          /* bytes of the next one that the kernel has */
};

struct streamer {
	struct streamer_options options;
	struct listener listener;
	struct connection *connections; /* by descriptor */
	struct deadlines deadlines;     /* of the next piece of each stream */
	struct piece first, token, end;
	struct samples late;
	uint64_t requests, streams, sent; /* begun, answered in full; tokens */
	uint64_t in_flight, peak;
	int64_t now_ns; /* when this turn began */
	char bytes[READ_BYTES];
};

static void
add_chunk(struct piece *piece, const char *event)
{
	size_t room = sizeof(piece->bytes) - piece->length;
	int n = snprintf(piece->bytes + piece->length, room, "%zx\r\n%s\r\n", strlen(event), event);

	CHECK(n > 0 && (size_t)n < room);
	piece->length += (size_t)n;
}

static void
make_pieces(struct streamer *s)
{
	unsigned long long tokens = s->options.tokens;
	char usage[PIECE_BYTES];

	s->first.length = sizeof(RESPONSE_HEAD) - 1;
	memcpy(s->first.bytes, RESPONSE_HEAD, s->first.length);
	add_chunk(&s->first, TOKEN);
	add_chunk(&s->token, TOKEN);
	add_chunk(&s->end, FINISH);
	snprintf(usage, sizeof(usage), USAGE, tokens, tokens + 1);
	add_chunk(&s->end, usage);
	add_chunk(&s->end, DONE);
	memcpy(s->end.bytes + s->end.length, "0\r\n\r\n", 5);
	s->end.length += 5;
}

static const struct piece *
piece_of(const struct streamer *s, uint64_t n)
{
	if (n == 0)
		return &s->first;
	return n < s->options.tokens ? &s->token : &s->end;
}

static int64_t
due_ns(const struct streamer *s, const struct connection *c, uint64_t n)
{
	return c->began_ns + (int64_t)n * s->options.gap_ns;
}

static void
wait_for_next(struct streamer *s, int fd)
{
	const struct connection *c = &s->connections[fd];

	deadlines_add(&s->deadlines,
		(struct deadline){.at_ns = due_ns(s, c, c->due), .fd = (uint32_t)fd, .generation = c->generation});
}

static void
begin_stream(struct streamer *s, int fd, int64_t at_ns)
{
	struct connection *c = &s->connections[fd];

	c->is_streaming = true;
	c->began_ns = streamer_begin_ns(&s->options, at_ns);
	c->due = c->next = 0;
	s->requests++;
	if (++s->in_flight > s->peak)
		s->peak = s->in_flight;
	wait_for_next(s, fd);
}

static void
end_stream(struct streamer *s, int fd, int64_t at_ns)
{
	struct connection *c = &s->connections[fd];

	c->is_streaming = false;
	s->in_flight--;
	s->streams++;
	if (c->waiting > 0) {
		c->waiting--;
		begin_stream(s, fd, at_ns);
	}
}

static void
close_connection(struct streamer *s, int fd)
{
	struct connection *c = &s->connections[fd];

	if (c->is_streaming)
		s->in_flight--;
	c->generation++;
	close(fd);
}

/* The kernel has all of the next piece. The time is that from before the send: the reader's kernel has it within. */
static void
count_sent(struct streamer *s, int fd, int64_t sent_ns)
{
	struct connection *c = &s->connections[fd];

	samples_add(&s->late, sent_ns - due_ns(s, c, c->next));
	c->at = 0;
	if (c->next++ < s->options.tokens)
		s->sent++;
	else
		end_stream(s, fd, sent_ns);
}

/* A peer that does not read what is due is not read from, and its tokens are as late as that makes them. False: the
 * connection is gone. */
static bool
send_due(struct streamer *s, int fd)
{
	struct connection *c = &s->connections[fd];

	while (c->next < c->due) {
		const struct piece *piece = piece_of(s, c->next);
		int64_t sent_ns = now_ns();
		ssize_t n = send(fd, piece->bytes + c->at, piece->length - c->at, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN) {
			close_connection(s, fd);
			return false;
		}
		if (n < 0)
			break;
		c->at += (size_t)n;
		if (c->at == piece->length)
			count_sent(s, fd, sent_ns);
	}
	bool waits = c->next < c->due;

	if (waits != c->waits_for_room)
		listener_watch(&s->listener, fd, EPOLL_CTL_MOD, waits ? EPOLLOUT : EPOLLIN);
	c->waits_for_room = waits;
	return true;
}

static void
move_streams(struct streamer *s)
{
	struct deadline due;

	while (deadlines_take(&s->deadlines, now_ns(), &due)) {
		struct connection *c = &s->connections[due.fd];

		if (c->generation != due.generation)
			continue;
		if (c->due++ < s->options.tokens)
			wait_for_next(s, (int)due.fd);
		send_due(s, (int)due.fd);
	}
}

static void
accept_connections(struct streamer *s)
{
	int fd;

	while ((fd = listener_accept(&s->listener)) >= 0)
		s->connections[fd] = (struct connection){.generation = s->connections[fd].generation};
}

static void
read_connection(struct streamer *s, int fd)
{
	struct connection *c = &s->connections[fd];
	ssize_t n = recv(fd, s->bytes, sizeof(s->bytes), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		close_connection(s, fd);
		return;
	}
	c->waiting += wire_count_ends(&c->matched, s->bytes, (size_t)n);
	if (!c->is_streaming && c->waiting > 0) {
		c->waiting--;
		begin_stream(s, fd, s->now_ns);
	}
}

static void
serve(struct streamer *s)
{
	struct epoll_event events[LISTENER_EVENTS_MAX];

	while (!listener_is_told_to_stop()) {
		int n = listener_wait(&s->listener, &s->deadlines, events);

		s->now_ns = now_ns();
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == s->listener.fd)
				accept_connections(s);
			else if (!(events[i].events & EPOLLOUT) || send_due(s, fd))
				if (events[i].events & ~(uint32_t)EPOLLOUT)
					read_connection(s, fd);
		}
		move_streams(s);
	}
}

static long long
cpu_us(void)
{
	struct rusage used;

	CHECK(getrusage(RUSAGE_SELF, &used) == 0);
	return (long long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec +
	       used.ru_stime.tv_usec;
}

static void
say(struct streamer *s)
{
	long long used_us = cpu_us();

	printf("{\"requests\":%llu,\"streams\":%llu,\"sent\":%llu,\"peak\":%llu,\"congestion\":\"%s\",\"cpu_us\":%lld",
		(unsigned long long)s->requests, (unsigned long long)s->streams, (unsigned long long)s->sent,
		(unsigned long long)s->peak, s->listener.congestion, used_us);
	samples_print(&s->late, "late");
	printf("}\n");
}

int
main(int argc, char **argv)
{
	static struct streamer s;

	if (!streamer_options_parse(&s.options, argc, argv))
		return 2;
	if (!listener_start(&s.listener,
		    &(struct listener_options){.port = s.options.port, .congestion = STREAMER_CONGESTION})) {
		fprintf(stderr, "bench_streamer: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	s.connections = must_calloc(s.listener.connections_max, sizeof(*s.connections));
	samples_init(&s.late, LATE_MAX);
	make_pieces(&s);
	serve(&s);
	say(&s);
	samples_fini(&s.late);
	deadlines_fini(&s.deadlines);
	free(s.connections);
	return 0;
}
