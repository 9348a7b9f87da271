#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether a header field Proxy-Status (RFC 9209) says that whoever wrote it failed itself: by an error of its own, a
 * limit of its own or a rule of its own. That it could not reach whom it asked, or did not like the answer, is none. */
bool proxy_status_is_own(const char *value, size_t length);
