/* bench_streamer_h2: bench_streamer's answers over HTTP/2 in the clear, many on one connection, as a gateway in front
 * of engines sends them. What is due on a connection at one moment goes out by one send, each token in a DATA frame of
 * its own. What it says of itself is the same, by when each frame's send began. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

#include "deadlines.h"
#include "frames.h"
#include "listener.h"
#include "samples.h"
#include "stream_text.h"
#include "streamer_options.h"

#define READ_BYTES ((size_t)64 << 10)
#define STREAMS_MAX 10000                  /* at once, on all connections */
#define LATE_MAX ((size_t)20 << 20)        /* sends whose lateness is kept: over three minutes at 100,000/s */
#define DUE_MAX 4096                       /* frames of one send */
#define ROOM_BYTES ((size_t)DUE_MAX * 512) /* of which most are a token's */
#define CONNECTIONS_MAX 1024
#define OUT_BYTES (READ_BYTES * FRAMES_OUT_PER_BYTE + FRAMES_OUT_FIRST + ROOM_BYTES)

struct stream {
	uint32_t generation; /* whose deadline this is */
	int fd;
	uint32_t of_connection; /* that one's generation */
	uint8_t id[4];
	int64_t began_ns; /* when its first token was due */
	uint64_t next;    /* piece */
};

struct connection {
	uint32_t generation;
	bool is_dirty; /* something is to be sent */
	struct frames frames;
	size_t length, due_n;
	int64_t due_ns[DUE_MAX];
	uint8_t out[OUT_BYTES];
};

struct streamer {
	struct streamer_options options;
	struct listener listener;
	struct connection *connections[CONNECTIONS_MAX]; /* by descriptor; kept for who has it next */
	struct stream streams[STREAMS_MAX];
	uint32_t free[STREAMS_MAX], free_n;
	int dirty[CONNECTIONS_MAX];
	size_t dirty_n;
	struct deadlines deadlines; /* of the next piece of each stream */
	char end[PIECE_BYTES];
	struct samples late;
	uint64_t requests, ended, sent; /* begun, answered in full; tokens */
	uint64_t in_flight, peak;
	int64_t now_ns; /* when this turn began */
	int reading;    /* the connection whose frames are read */
	uint8_t bytes[READ_BYTES];
};

static struct streamer s;

static void
mark(int fd)
{
	if (s.connections[fd]->is_dirty)
		return;
	s.connections[fd]->is_dirty = true;
	s.dirty[s.dirty_n++] = fd;
}

static void
add_frame(struct stream *stream, enum frame_type type, uint8_t flags, const void *payload, size_t length)
{
	struct connection *c = s.connections[stream->fd];
	struct frames_answer answer = {.out = c->out, .length = c->length};

	CHECK(c->length + FRAMES_HEAD_BYTES + length <= OUT_BYTES);
	frames_add(&answer, type, flags, stream->id, payload, length);
	c->length = answer.length;
	mark(stream->fd);
}

static void
wait_for_next(uint32_t index)
{
	const struct stream *stream = &s.streams[index];
	int64_t at_ns = stream->began_ns + (int64_t)stream->next * s.options.gap_ns;

	deadlines_add(&s.deadlines, (struct deadline){.at_ns = at_ns, .fd = index, .generation = stream->generation});
}

static void
begin_stream(struct frames_answer *answer, const uint8_t id[4])
{
	(void)answer;
	CHECK(s.free_n > 0); /* whoever asks for more has its own bench */
	uint32_t index = s.free[--s.free_n];
	struct stream *stream = &s.streams[index];

	stream->fd = s.reading;
	stream->of_connection = s.connections[s.reading]->generation;
	memcpy(stream->id, id, sizeof(stream->id));
	stream->began_ns = streamer_begin_ns(&s.options, s.now_ns);
	stream->next = 0;
	s.requests++;
	if (++s.in_flight > s.peak)
		s.peak = s.in_flight;
	wait_for_next(index);
}

static void
end_stream(uint32_t index)
{
	s.streams[index].generation++;
	s.free[s.free_n++] = index;
	s.in_flight--;
}

static void
close_connection(int fd)
{
	s.connections[fd]->generation++;
	s.connections[fd]->length = s.connections[fd]->due_n = 0;
	close(fd);
}

static void
add_piece(uint32_t index)
{
	/* :status 200 and content-type are in HPACK's static table (RFC 7541, appendix A: 8 and 31). */
	static const uint8_t head[] = "\x88\x0f\x10\x11text/event-stream";
	struct stream *stream = &s.streams[index];

	if (stream->next == 0)
		add_frame(stream, FRAME_HEADERS, FRAME_END_HEADERS, head, sizeof(head) - 1);
	if (stream->next < s.options.tokens) {
		add_frame(stream, FRAME_DATA, 0, TOKEN, sizeof(TOKEN) - 1);
		stream->next++;
		s.sent++;
		wait_for_next(index);
		return;
	}
	add_frame(stream, FRAME_DATA, FRAME_END_STREAM, s.end, strlen(s.end));
	s.ended++;
	end_stream(index);
}

/* A peer that does not take what it asked for, which a socket's buffer holds many times over, is let go: it will say
 * so. */
static void
send_all(void)
{
	for (size_t i = 0; i < s.dirty_n; i++) {
		struct connection *c = s.connections[s.dirty[i]];
		int64_t sent_ns = now_ns();

		c->is_dirty = false;
		for (size_t n = 0; n < c->due_n; n++)
			samples_add(&s.late, sent_ns - c->due_ns[n]);
		if (c->length > 0 && send(s.dirty[i], c->out, c->length, MSG_NOSIGNAL) != (ssize_t)c->length)
			close_connection(s.dirty[i]);
		c->length = c->due_n = 0;
	}
	s.dirty_n = 0;
}

static void
move_streams(void)
{
	struct deadline due;

	while (deadlines_take(&s.deadlines, now_ns(), &due)) {
		const struct stream *stream = &s.streams[due.fd];

		if (stream->generation != due.generation)
			continue;
		struct connection *c = s.connections[stream->fd];

		if (c->generation != stream->of_connection) {
			end_stream(due.fd);
			continue;
		}
		if (c->due_n == DUE_MAX)
			send_all();
		c->due_ns[c->due_n++] = due.at_ns;
		add_piece(due.fd);
	}
	send_all();
}

static void
accept_connections(void)
{
	int fd;

	while ((fd = listener_accept(&s.listener)) >= 0) {
		CHECK(fd < CONNECTIONS_MAX);
		if (s.connections[fd] == NULL)
			s.connections[fd] = must_calloc(1, sizeof(*s.connections[fd]));
		s.connections[fd]->frames = (struct frames){0};
	}
}

static void
read_connection(int fd)
{
	struct connection *c = s.connections[fd];
	ssize_t n = recv(fd, s.bytes, sizeof(s.bytes), 0);
	struct frames_answer answer = {.out = c->out, .length = c->length, .on_request = begin_stream};

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		close_connection(fd);
		return;
	}
	s.reading = fd;
	frames_read(&c->frames, &answer, s.bytes, (size_t)n);
	c->length = answer.length;
	mark(fd);
}

static void
serve(void)
{
	struct epoll_event events[LISTENER_EVENTS_MAX];

	while (!listener_is_told_to_stop()) {
		int n = listener_wait(&s.listener, &s.deadlines, events);

		s.now_ns = now_ns();
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == s.listener.fd)
				accept_connections();
			else
				read_connection(events[i].data.fd);
		move_streams();
	}
}

static void
say(void)
{
	printf("{\"requests\":%llu,\"streams\":%llu,\"sent\":%llu,\"peak\":%llu,\"congestion\":\"%s\"",
		(unsigned long long)s.requests, (unsigned long long)s.ended, (unsigned long long)s.sent,
		(unsigned long long)s.peak, s.listener.congestion);
	samples_print(&s.late, "late");
	printf("}\n");
}

int
main(int argc, char **argv)
{
	if (!streamer_options_parse(&s.options, argc, argv))
		return 2;
	if (!listener_start(&s.listener,
		    &(struct listener_options){.port = s.options.port, .congestion = STREAMER_CONGESTION})) {
		fprintf(stderr, "bench_streamer_h2: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	unsigned long long tokens = s.options.tokens;

	snprintf(s.end, sizeof(s.end), FINISH USAGE DONE, tokens, tokens + 1);
	for (uint32_t i = 0; i < STREAMS_MAX; i++)
		s.free[s.free_n++] = i;
	samples_init(&s.late, LATE_MAX);
	serve();
	say();
	samples_fini(&s.late);
	deadlines_fini(&s.deadlines);
	for (size_t fd = 0; fd < CONNECTIONS_MAX; fd++)
		free(s.connections[fd]);
	return 0;
}
