#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "proto/http1_compose.h"
#include "proto/http2.h"

/* RFC 9113 §8.2.2: fields that speak of the connection, of which HTTP/2 speaks in frames. */
static bool
check_field(const struct plan_request *request, const struct plan_pair *field, struct error *err)
{
	static const char *const of_connection[] = {
		"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"};

	for (size_t i = 0; i < ARRAY_LEN(of_connection); i++)
		if (strcasecmp(field->name, of_connection[i]) == 0)
			return error_set(err,
				"request '%s': HTTP/2 has no header '%s', which speaks of the connection; leave it "
				"out, or write http: 1",
				request->name, field->name);
	if (strcasecmp(field->name, "TE") == 0 && strcasecmp(field->value, "trailers") != 0)
		return error_set(err, "request '%s': with HTTP/2 the header 'TE' may only say trailers, not '%s'",
			request->name, field->value);
	return true;
}

static void
lower(char *from, char *to)
{
	for (; from < to; from++)
		if (*from >= 'A' && *from <= 'Z')
			*from |= 0x20;
}

/* Names of fields are in lower case there (RFC 9113 §8.2.1). */
static void
lower_names(char *head)
{
	char *line = strchr(head, '\n');

	for (; line != NULL && line[1] != '\r'; line = strchr(line + 1, '\n'))
		if (line[1] != '$')
			lower(line + 1, strchr(line + 1, ':'));
}

bool
http2_compose(const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err)
{
	const struct plan_pair *fields = request->headers.items;

	/* Beside them: four pseudo-fields, User-Agent, Content-Length and Cookie. */
	if (request->headers.n > HTTP2_FIELDS_MAX - 8)
		return error_set(err, "request '%s': %zu headers are more than HTTP/2 takes here, %d", request->name,
			request->headers.n, HTTP2_FIELDS_MAX - 8);
	for (size_t i = 0; i < request->headers.n; i++)
		if (!check_field(request, &fields[i], err))
			return false;
	if (!http1_compose(plan, request, into, err))
		return false;
	lower_names(into->bytes);
	return true;
}

static nghttp2_nv
field_of(const char *name, size_t name_length, const char *value, size_t value_length)
{
	return (nghttp2_nv){
		.name = (uint8_t *)name,
		.value = (uint8_t *)value,
		.namelen = name_length,
		.valuelen = value_length,
		/* They stay until the exchange is over. */
		.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE,
	};
}

#define FIELD(name, value, length) field_of(name, sizeof(name) - 1, value, length)

enum { AT_METHOD, AT_SCHEME, AT_AUTHORITY, AT_PATH, AT_FIRST };

static const char *
split_request_line(const char *bytes, const char *end, nghttp2_nv *fields)
{
	const char *line_end = memchr(bytes, '\r', (size_t)(end - bytes));
	const char *path = memchr(bytes, ' ', (size_t)(end - bytes));

	CHECK(line_end != NULL && path != NULL);
	const char *path_end = memrchr(path, ' ', (size_t)(line_end - path));

	fields[AT_METHOD] = FIELD(":method", bytes, (size_t)(path - bytes));
	path++;
	CHECK(path_end >= path);
	fields[AT_PATH] = FIELD(":path", path, (size_t)(path_end - path));
	return line_end + 2;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Of one line, without its end. */
static nghttp2_nv
split_line(const char *line, const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line)), *value = colon + 1;

	CHECK(colon != NULL);
	size_t name_length = (size_t)(colon - line);

	while (value < end && is_blank(*value))
		value++;
	while (value < end && is_blank(end[-1]))
		end--;
	if (line[0] == 'C' && name_length == 6) /* the one line that is filled in as a whole: see PROTOCOL_COOKIES */
		line = "cookie";
	return field_of(line, name_length, value, (size_t)(end - value));
}

size_t
http2_split(const char *bytes, size_t length, const char *scheme, nghttp2_nv *fields, size_t *body_at)
{
	const char *end = bytes + length, *line = split_request_line(bytes, end, fields);
	size_t n = AT_FIRST;

	fields[AT_SCHEME] = FIELD(":scheme", scheme, strlen(scheme));
	while (*line != '\r') {
		const char *line_end = memchr(line, '\r', (size_t)(end - line));

		CHECK(line_end != NULL && n < HTTP2_FIELDS_MAX);
		fields[n] = split_line(line, line_end);
		if (fields[n].namelen == 4 && memcmp(fields[n].name, "host", 4) == 0)
			fields[AT_AUTHORITY] = FIELD(":authority", (const char *)fields[n].value, fields[n].valuelen);
		else
			n++;
		line = line_end + 2;
	}
	*body_at = (size_t)(line + 2 - bytes);
	return n;
}
