#include "plan/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/hex.h"
#include "plan/rows.h"

#define HTTP_PORT 80
#define HTTPS_PORT 443
#define HOST_CEILING 253 /* RFC 1035 §2.3.4, without the dot at the end */

static bool
check_characters(const char *text, bool may_have_query, struct error *err)
{
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p) != NULL)
			return error_set(
				err, "url: a character that no URL may hold; write it as %%%02X", (unsigned char)*p);
	if (strpbrk(text, may_have_query ? "#" : "?#") != NULL)
		return error_set(err,
			may_have_query
				? "url: '#' has no place in the URL of a WebSocket"
				: "url: '?' and '#' have no place here; write the query into the paths of the requests");
	return true;
}

/* The prefix of every path: "" or "/api", without a slash at the end. */
static const char *
path_prefix(struct arena *arena, const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	return arena_strndup(arena, path, length);
}

static bool
parse_port(const char *text, uint16_t *port, struct error *err)
{
	unsigned long value =
		strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text) ? strtoul(text, NULL, 10) : 0;

	if (value < 1 || value > 65535)
		return error_set(err, "url: '%.20s' is not a port from 1 to 65535", text);
	*port = (uint16_t)value;
	return true;
}

static bool
check_host(const char *host, struct error *err)
{
	size_t length = strlen(host);

	if (length == 0 || length > HOST_CEILING)
		return error_set(err, "url: there is no host; write http://HOST:PORT, such as http://127.0.0.1:8080");
	for (const char *p = host; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-._", *p) == NULL)
			return error_set(err,
				"url: '%s' is not a host name; write a name, an IPv4 address or an IPv6 address in [ ]",
				host);
	return true;
}

static uint16_t
default_port(const struct plan_url *url)
{
	return plan_url_is_tls(url) ? HTTPS_PORT : HTTP_PORT;
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT. */
static bool
parse_authority(struct arena *arena, const char *authority, struct plan_url *url, struct error *err)
{
	bool is_v6 = authority[0] == '[';
	const char *host_end = is_v6 ? strchr(authority, ']') : strchr(authority, ':');
	struct in6_addr address;

	if (strchr(authority, '@') != NULL)
		return error_set(err,
			"url: a user name has no place in a URL; send it as a header: {Authorization: \"Basic ...\"}");
	if (is_v6 && host_end == NULL)
		return error_set(err, "url: the '[' of an IPv6 address is not closed; write http://[::1]:8080");
	const char *port = is_v6 ? host_end + 1 : host_end;

	url->host =
		is_v6 ? arena_strndup(arena, authority + 1, (size_t)(host_end - authority - 1))
		      : arena_strndup(arena, authority, host_end ? (size_t)(host_end - authority) : strlen(authority));
	url->port = default_port(url);
	if (is_v6 && inet_pton(AF_INET6, url->host, &address) != 1)
		return error_set(err, "url: '%s' is not an IPv6 address", url->host);
	if (!is_v6 && !check_host(url->host, err))
		return false;
	if (port != NULL && *port != '\0') {
		if (*port != ':')
			return error_set(err, "url: after ']' comes :PORT; write http://[::1]:8080");
		if (strchr(port + 1, ':') != NULL)
			return error_set(err, "url: an IPv6 address stands in brackets; write http://[::1]:8080");
		if (!parse_port(port + 1, &url->port, err))
			return false;
	}
	url->authority = is_v6 ? arena_printf(arena, "[%s]", url->host) : url->host;
	if (url->port != default_port(url))
		url->authority = arena_printf(arena, "%s:%u", url->authority, (unsigned)url->port);
	return true;
}

static bool
set_unix(struct arena *arena, const char *socket_path, const char *path, struct plan_url *url, struct error *err)
{
	size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	if (socket_path[0] != '/' || socket_path[1] == '\0')
		return error_set(err, "url: the socket's path must be absolute; write http://unix:/run/x.sock:/path");
	if (strlen(socket_path) > most)
		return error_set(
			err, "url: the socket's path is longer than the %zu bytes that the system allows", most);
	url->host = url->authority = "localhost";
	url->unix_path = socket_path;
	url->path = path_prefix(arena, path);
	return true;
}

static bool
decode_percent(char *text, struct error *err)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);

		if (low < 0 || high * 16 + low == 0)
			return error_set(err, "url: '%.3s' is not a byte in %%XX form", p);
		*to++ = (char)(high * 16 + low);
		p += 2;
	}
	*to = '\0';
	return true;
}

/* /run/x.sock or /run/x.sock:/prefix */
static bool
parse_unix_path(struct arena *arena, const char *text, struct plan_url *url, struct error *err)
{
	const char *colon = strstr(text, ":/");

	return set_unix(arena, arena_strndup(arena, text, colon ? (size_t)(colon - text) : strlen(text)),
		colon ? colon + 1 : "", url, err);
}

/* %2Frun%2Fx.sock/prefix */
static bool
parse_unix_host(struct arena *arena, const char *text, struct plan_url *url, struct error *err)
{
	size_t length = strcspn(text, "/");
	char *socket_path = arena_strndup(arena, text, length);

	return decode_percent(socket_path, err) && set_unix(arena, socket_path, text + length, url, err);
}

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static bool
parse_http(struct arena *arena, const char *text, struct plan_url *url, struct error *err)
{
	*url = (struct plan_url){.text = text, .scheme = "http"};

	if (has_prefix(text, "http+unix://"))
		return (text[12] == '/' ? parse_unix_path : parse_unix_host)(arena, text + 12, url, err);
	if (has_prefix(text, "http://unix:/"))
		return parse_unix_path(arena, text + 12, url, err);
	if (has_prefix(text, "https://"))
		url->scheme = "https";
	else if (!has_prefix(text, "http://"))
		return strstr(text, "://") != NULL
			       ? error_set(err, "url: the scheme of '%.200s' is neither http nor https", text)
			       : error_set(err, "url: '%.200s' has no scheme; write http://%.200s", text, text);
	const char *authority = text + strlen(url->scheme) + strlen("://");
	size_t length = strcspn(authority, "/");

	url->path = path_prefix(arena, authority + length);
	return parse_authority(arena, arena_strndup(arena, authority, length), url, err);
}

bool
url_parse(struct arena *arena, const char *text, struct plan_url *url, struct error *err)
{
	return check_characters(text, false, err) && parse_http(arena, text, url, err);
}

bool
url_is_websocket(const char *text)
{
	return has_prefix(text, "ws://") || has_prefix(text, "wss://");
}

/* RFC 6455 §3: an address as http and https have it, and the resource there: a path as it stands, and a query. */
bool
url_parse_websocket(struct arena *arena, const char *text, struct plan_url *url, struct error *err)
{
	size_t before_query = strcspn(text, "?");

	if (!check_characters(text, true, err))
		return false;
	const char *http = arena_printf(arena, "http%.*s", (int)before_query - 2, text + 2);

	if (!parse_http(arena, http, url, err))
		return false;
	const char *path = url->unix_path != NULL ? strstr(http + strlen("http://unix:"), ":/")
						  : strchr(strstr(http, "://") + 3, '/');

	path = path != NULL && *path == ':' ? path + 1 : path;
	url->text = text;
	url->path = "";
	url->resource = arena_printf(arena, "%s%s", path != NULL ? path : "/", text + before_query);
	return true;
}

bool
plan_parse_url(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_url *url = into;
	struct error what = {0};

	if (node->kind != NODE_SCALAR)
		return plan_error(node, err, "url: write a URL such as http://127.0.0.1:8080");
	if (!(url_is_websocket(node->text) ? url_parse_websocket : url_parse)(context->arena, node->text, url, &what))
		return node->is_tainted
			       ? plan_error(node, err,
					 "url: what '%s' stands for is not a URL such as http://127.0.0.1:8080",
					 node->source)
			       : plan_error(node, err, "%s", what.message);
	url->text = node->source;
	return true;
}
