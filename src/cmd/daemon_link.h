#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/tls.h"

/* A connection to a daemon: its unix socket, TCP, or TLS over it, whose certificate must hold. Every call waits. */
struct daemon_link {
	int fd;
	char host[256];              /* as the Host header says it */
	char name[256];              /* the same without the port */
	struct tls_context *context; /* NULL: in the clear */
	struct tls tls;
	char piece[16384]; /* that came last */
	bool is_cut;       /* it ended, and not as it should have: what was read may not be all */
};

/* server: "unix:PATH", "http://HOST:PORT" or "https://HOST:PORT". ca_file: PEM, who may sign the daemon's certificate;
 * NULL: whom the system trusts. False with err set, and nothing to be closed. */
bool daemon_link_open(struct daemon_link *link, const char *server, const char *ca_file, struct error *err);
void daemon_link_close(struct daemon_link *link);

bool daemon_link_send(struct daemon_link *link, const char *bytes, size_t length, struct error *err);
/* More of what comes; false: that was all. */
bool daemon_link_read(struct daemon_link *link, struct buf *into);
