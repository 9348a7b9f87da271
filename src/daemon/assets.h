#pragma once

#include <stdbool.h>

#include "httpd/httpd.h"

/* The dashboard's files, as they were put into the binary: src/daemon/page/, cmake/HtmlPage.cmake. They hold nothing
 * that anybody must not see, so that they are answered before it is known who asks; what they show comes from the API.
 */
struct assets;

struct assets *assets_new(void);

/* No sooner than every request answered with one of them is done: after the server is gone. */
void assets_free(struct assets *assets);

/* Answers a request for one of them, whatever stands behind a "?": 200, 304 where If-None-Match names its ETag, 405 to
 * what is neither GET nor HEAD. False: it is none of theirs, and is not answered. */
bool assets_answer(const struct assets *assets, struct httpd_request *request);

/* Whether If-None-Match names an ETag (RFC 9110 §13.1.2: weakly, as a list, or "*"). */
bool assets_is_current(const char *if_none_match, const char *etag);
