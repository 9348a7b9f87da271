#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a Set-Cookie field says, as a user agent reads it (RFC 6265 §5.2). Everything points into the field. */

struct cookie_text {
	const char *at;
	size_t length;
};

#define COOKIE_NEVER INT64_MAX /* it lasts as long as its session */

struct cookie {
	struct cookie_text name, value;
	struct cookie_text path;   /* length 0: that of the request decides */
	struct cookie_text domain; /* without a dot before it; length 0: the host that sent it */
	bool is_secure;
	bool has_max_age;
	int64_t max_age_s;
	int64_t expires_s; /* since 1970; COOKIE_NEVER: it does not say. max_age_s goes before it */
};

/* False: it sets nothing: there is no name, or a control character that no user agent takes. */
bool cookie_parse(struct cookie *cookie, const char *field, size_t length);

/* §5.1.1, whatever form of a date a server writes; false: it is none. */
bool cookie_parse_date(const char *text, size_t length, int64_t *seconds);
