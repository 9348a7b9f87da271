#include "proto/proxy_status.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"

/* Of the types of errors in RFC 9209 §2.3. */
static const char *const own_errors[] = {
	"proxy_internal_response",
	"proxy_internal_error",
	"proxy_configuration_error",
	"proxy_loop_detected",
	"connection_limit_reached",
	"http_request_denied",
	"destination_ip_prohibited",
};

static bool
is_own(const char *error, size_t length)
{
	for (size_t i = 0; i < ARRAY_LEN(own_errors); i++)
		if (strlen(own_errors[i]) == length && strncasecmp(own_errors[i], error, length) == 0)
			return true;
	return false;
}

/* Behind a string's closing quote (RFC 8941 §3.3.3), or at the end. */
static const char *
skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : end;
}

static const char *
skip_spaces(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* What stands up to the next of the signs that end it. */
static size_t
length_of_word(const char *at, const char *end)
{
	const char *to = at;

	while (to < end && strchr(" \t;,=\"", *to) == NULL)
		to++;
	return (size_t)(to - at);
}

/* A parameter begins, behind its ';'. */
static bool
is_own_error(const char *at, const char *end)
{
	static const char error[] = "error";
	size_t length = length_of_word(at, end);

	if (length != strlen(error) || strncasecmp(at, error, length) != 0 || at + length == end || at[length] != '=')
		return false;
	at += length + 1;
	return is_own(at, length_of_word(at, end));
}

bool
proxy_status_is_own(const char *value, size_t length)
{
	const char *at = value, *end = value + length;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
		} else if (*at++ == ';') {
			at = skip_spaces(at, end);
			if (is_own_error(at, end))
				return true;
		}
	}
	return false;
}
