#pragma once

#include <nghttp2/nghttp2.h>

/* What an nghttp2 session allocates: half a dozen small pieces for each stream, which come and go with it. Those of a
 * few sizes are kept when they are freed, and used again, so that once as many streams were open as ever are at once,
 * a request allocates nothing. One per session, which it outlives. */

#define HTTP2_MEMORY_STEP ((size_t)64) /* bytes by which sizes are told apart … */
#define HTTP2_MEMORY_SIZES 16          /* … and how many are; larger pieces are the system's */

struct http2_piece;

struct http2_memory {
	nghttp2_mem mem; /* for nghttp2_session_client_new3 */
	struct http2_piece *kept[HTTP2_MEMORY_SIZES + 1];
};

void http2_memory_init(struct http2_memory *memory);
/* The session is deleted, and all its pieces were freed. */
void http2_memory_fini(struct http2_memory *memory);
