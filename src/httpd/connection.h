#pragma once

#include <uv.h>

#include "httpd/listen.h"
#include "httpd/parser.h"
#include "httpd/reply.h"
#include "httpd/tls_wire.h"
#include "base/stamp.h"

/* What server.c and connection.c share; nobody else includes it. */

#define CONNECTION_MAGIC 0x434f4e4eu
#define READ_BYTES ((size_t)64 << 10)
#define DATE_LINE_BYTES 48

/* What a connection is waiting for, and so which deadline runs. Each has its list, in order of deadline since all
 * connections in it are given the same time. */
enum wait {
	WAIT_HANDLER, /* no deadline: answering is the handler's business */
	WAIT_FIRST,   /* for its first request: as WAIT_IDLE in all but who makes room */
	WAIT_IDLE,
	WAIT_HEAD,
	WAIT_BODY,
	WAIT_WRITE,
	WAIT_LINGER,
	WAIT_KINDS,
};

enum connection_state {
	CONNECTION_OPEN,      /* reads requests */
	CONNECTION_ENDING,    /* reads no more of them; ends after the last answer */
	CONNECTION_LINGERING, /* all said and shut down for writing; discards until the peer closes */
	CONNECTION_CLOSED,
};

struct connection {
	unsigned magic;
	enum connection_state state;
	struct httpd *server;
	uint64_t id;
	int fd;
	uv_poll_t poll;
	int events; /* what poll is armed for */
	struct tls_wire tls;
	struct parser parser;
	struct buf rest;         /* bytes read but not parsed, while `pipelined` requests are unanswered */
	int64_t rest_arrival_ns; /* their stamp */
	struct list requests;    /* in order of arrival; answers leave from the front */
	size_t request_count;
	size_t lingered_bytes;
	unsigned busy; /* parsing or writing further up the stack: what is answered meanwhile is written there */
	bool has_peer_ended, is_write_blocked;
	enum wait wait;
	unsigned serial, wait_serial; /* requests handed over: in all, and when this wait began */
	int64_t deadline_ns;
	struct list node; /* in the server's list of its wait */
};

struct httpd {
	uv_loop_t *loop;
	struct httpd_config config;
	char *listen;
	char url[LISTEN_URL_MAX + 8]; /* with an s more than listen.c wrote, over TLS */
	int fd;
	uv_poll_t listener;
	uv_timer_t tick;
	bool is_listener_paused, is_stopping;
	int64_t stop_deadline_ns;
	void (*on_stopped)(void *user);
	void *stopped_user;
	int handles_open;
	struct list waiting[WAIT_KINDS];
	struct list free_connections;
	struct request_pool requests;
	struct stamp stamp;
	struct httpd_counts counts;
	char date[DATE_LINE_BYTES];
	char *input;  /* READ_BYTES, shared by all reads */
	char *record; /* TLS_RECORD_BYTES, shared by all writes over TLS; NULL: in the clear */
};

void httpd_connection_new(struct httpd *server, int fd);
void httpd_connection_go(struct connection *c, enum connection_state to);
void httpd_connection_wait(struct connection *c, enum wait wait);
void httpd_connection_reset(struct connection *c);
void httpd_connection_request_done(struct connection *c, struct request *r, enum httpd_end end);

/* After anything happened, outermost only: writes what may leave, takes up what was put aside, ends if all is said, and
 * waits for the right thing. */
void httpd_connection_settle(struct connection *c);

/* output.c: all answers that may leave now; the interim 100 that a peer may wait for. */
void httpd_connection_write(struct connection *c);
void httpd_connection_encourage(struct connection *c);

void httpd_connection_on_deadline(struct connection *c);
void httpd_connection_close(struct connection *c);

/* The server stops: closes now if idle, else after the last answer. */
void httpd_connection_stop(struct connection *c);

/* connection.c tells server.c that the handle is closed; it may stop waiting for it. */
void server_on_connection_closed(struct httpd *server, struct connection *c);
