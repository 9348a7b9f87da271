#pragma once

#include <stdint.h>
#include <uv.h>

#include "daemon/holder.h"

/* A file as an answer, in pieces that are read by the thread pool, as fast as whoever asked takes them. Takes the
 * descriptor and the request over. headers: whole lines; Content-Type among them. */
void download_begin(uv_loop_t *loop, struct httpd_request *request, int fd, const char *headers);
