#pragma once

#include <stddef.h>

#include "base/error.h"

#define LISTEN_URL_MAX 256

/* A non-blocking listening socket with receive stamps on, or -1 with err set. url gets what a client would be told:
 * with port 0, the port that the kernel chose. A unix socket is mode 0600; a stale one that nobody serves is replaced.
 */
int listen_open(const char *address, char url[LISTEN_URL_MAX], struct error *err);

/* Removes the file of a unix socket; nothing for TCP. */
void listen_unlink(const char *address);
