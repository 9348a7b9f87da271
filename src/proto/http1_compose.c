#include "proto/http1_compose.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "brunt_version.h"

#include "plan/flow.h"

/* RFC 9110 §5.6.2 */
static bool
is_token(const char *s)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	if (s[0] == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
			    strchr(others, *s) != NULL))
			return false;
	return true;
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool
check_method(const struct plan_request *request, struct error *err)
{
	if (!is_token(request->method))
		return error_set(err, "request '%s': '%s' is not a method; write GET, POST or another word of letters",
			request->name, request->method);
	if (strcmp(request->method, "CONNECT") == 0)
		return error_set(
			err, "request '%s': CONNECT opens a tunnel, which brunt cannot measure", request->name);
	return true;
}

/* What a slot holds is checked when it becomes a template, and may contain spaces. */
static const char *
skip_slot(const char *s)
{
	if (strncmp(s, "$${", 3) == 0)
		return s + 3; /* "${" as it stands: what follows goes on the wire */
	const char *end = strncmp(s, "${", 2) == 0 ? strchr(s, '}') : NULL;

	return end != NULL ? end + 1 : s;
}

static bool
check_path(const struct plan_request *request, struct error *err)
{
	const char *path = request->path;

	if (path[0] != '/' && strcmp(path, "*") != 0)
		return error_set(err, "request '%s': the path '%s' does not begin with '/'", request->name, path);
	for (const char *s = path; *s != '\0';) {
		const char *after = skip_slot(s);

		if (after != s) {
			s = after;
			continue;
		}
		if (*s == ' ' || is_control(*s))
			return error_set(err, "request '%s': the path '%s' contains a %s; write it as %%%02X",
				request->name, path, *s == ' ' ? "space" : "control character", (unsigned char)*s);
		s++;
	}
	return true;
}

static bool
check_header(const struct plan_request *request, const struct plan_pair *header, struct error *err)
{
	if (!is_token(header->name))
		return error_set(err,
			"request '%s': '%s' is not a header name; it takes letters, digits and !#$%%&'*+-.^_`|~",
			request->name, header->name);
	for (const char *s = header->value; *s != '\0'; s++)
		if (is_control(*s) && *s != '\t')
			return error_set(err, "request '%s': the value of header '%s' contains %s", request->name,
				header->name, *s == '\r' || *s == '\n' ? "a line break" : "a control character");
	return true;
}

static bool
has_header(const struct plan_request *request, const char *name)
{
	const struct plan_pair *headers = request->headers.items;

	for (size_t i = 0; i < request->headers.n; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return true;
	return false;
}

/* What the user says of it goes before what brunt would say. */
static void
add_default(const struct plan_request *request, const char *name, const char *value, struct buf *into)
{
	if (!has_header(request, name))
		buf_printf(into, "%s: %s\r\n", name, value);
}

/* RFC 9110 §8.6: a length also where a body would be expected but there is none. */
static void
add_content_length(const struct plan_request *request, struct buf *into)
{
	bool expects_body = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
			    strcmp(request->method, "PATCH") == 0;
	char digits[24];

	if (has_header(request, "Transfer-Encoding"))
		return; /* the user frames the body */
	snprintf(digits, sizeof(digits), "%zu", request->body != NULL ? request->body_length : 0);
	if (request->body != NULL)
		add_default(request, "Content-Length", request->has_slots ? PROTOCOL_CONTENT_LENGTH : digits, into);
	else if (expects_body)
		add_default(request, "Content-Length", "0", into);
}

/* RFC 9112 §3.2.2: in absolute form for a proxy; "*" is then the authority alone (§3.2.4). */
static void
add_request_line(const struct plan_target *target, const struct plan_request *request, struct buf *into)
{
	buf_printf(into, "%s ", request->method);
	if (plan_asks_proxy(target))
		buf_printf(into, "http://%s", target->url.authority);
	if (!plan_asks_proxy(target) || strcmp(request->path, "*") != 0)
		buf_add_text(into, request->path);
	buf_add_text(into, " HTTP/1.1\r\n");
}

bool
http1_compose(const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err)
{
	const struct plan_pair *headers = request->headers.items;

	if (!check_method(request, err) || !check_path(request, err))
		return false;
	add_request_line(&plan->target, request, into);
	add_default(request, "Host", plan->target.url.authority, into);
	if (plan_asks_proxy(&plan->target) && plan->target.proxy.authorization != NULL)
		add_default(request, "Proxy-Authorization", plan->target.proxy.authorization, into);
	add_default(request, "User-Agent", "brunt/" BRUNT_VERSION, into);
	for (size_t i = 0; i < request->headers.n; i++) {
		if (!check_header(request, &headers[i], err))
			return false;
		buf_printf(into, "%s: %s\r\n", headers[i].name, headers[i].value);
	}
	add_content_length(request, into);
	if (request->step != NULL && plan->scenarios[request->scenario].flow->keeps_cookies)
		buf_add_text(into, PROTOCOL_COOKIES);
	buf_add_text(into, "\r\n");
	if (into->overflowed)
		return error_set(
			err, "request '%s': its headers are larger than %zu bytes", request->name, into->ceiling);
	return true;
}
