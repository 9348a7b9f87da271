#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "plan/backends.h"
#include "plan/rows.h"
#include "plan/url.h"

#define CREDENTIALS_MAX 1024

/* "user:pass" as it stands in a URL, %XX decoded. NULL: not that. */
static char *
decode(struct arena *arena, const char *text, size_t length)
{
	char *decoded = arena_strndup(arena, text, length), *to = decoded;

	for (const char *p = decoded; *p != '\0'; p++) {
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);

		if (low < 0 || high * 16 + low == 0)
			return NULL;
		*to++ = (char)(high * 16 + low);
		p += 2;
	}
	*to = '\0';
	return decoded;
}

/* RFC 7617: the user's name ends with the first colon. */
static bool
set_authorization(struct arena *arena, const char *text, size_t length, struct plan_proxy *proxy, struct error *err)
{
	const char *credentials = length < CREDENTIALS_MAX ? decode(arena, text, length) : NULL;

	if (credentials == NULL || strchr(credentials, ':') == NULL)
		return error_set(
			err, "proxy: before '@' stand the user and the password: http://USER:PASSWORD@HOST:PORT");
	char *encoded = base64_encode((const uint8_t *)credentials, strlen(credentials));

	proxy->authorization = arena_printf(arena, "Basic %s", encoded);
	free(encoded);
	return true;
}

static bool
parse_proxy(struct arena *arena, const char *text, struct plan_proxy *proxy, struct error *err)
{
	static const char scheme[] = "http://";
	const char *authority = strncmp(text, scheme, strlen(scheme)) == 0 ? text + strlen(scheme) : NULL;
	const char *at = authority != NULL ? memrchr(authority, '@', strcspn(authority, "/")) : NULL;

	if (authority == NULL)
		return error_set(err, "proxy: write http://HOST:PORT; brunt speaks to proxies in the clear");
	if (at != NULL && !set_authorization(arena, authority, (size_t)(at - authority), proxy, err))
		return false;
	const char *plain = at != NULL ? arena_printf(arena, "%s%s", scheme, at + 1) : text;

	return url_parse(arena, plain, &proxy->url, err) &&
	       ((proxy->url.unix_path == NULL && proxy->url.path[0] == '\0') ||
		       error_set(err, "proxy: write its host and port alone: http://HOST:PORT"));
}

bool
plan_parse_proxy(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_proxy *proxy = into;
	struct error what = {0};

	if (node->kind != NODE_SCALAR)
		return plan_error(node, err, "proxy: write a URL such as http://127.0.0.1:3128");
	if (!parse_proxy(context->arena, node->text, proxy, &what))
		return node->is_tainted ? plan_error(node, err,
						  "proxy: what '%s' stands for is not a URL such as "
						  "http://USER:PASSWORD@127.0.0.1:3128",
						  node->source)
					: plan_error(node, err, "%s", what.message);
	return true;
}

/* RFC 9110 §9.3.6: the authority alone, and always with its port. */
static const char *
tunnel_to(struct arena *arena, const struct plan_url *url, const struct plan_proxy *proxy)
{
	bool is_v6 = strchr(url->host, ':') != NULL;
	const char *authority =
		arena_printf(arena, "%s%s%s:%u", is_v6 ? "[" : "", url->host, is_v6 ? "]" : "", (unsigned)url->port);
	bool has_credentials = proxy->authorization != NULL;

	return arena_printf(arena, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", authority, authority,
		has_credentials ? "Proxy-Authorization: " : "", has_credentials ? proxy->authorization : "",
		has_credentials ? "\r\n" : "");
}

bool
proxy_compile(struct plan_context *context, const struct plan_node *node, struct plan_target *target, struct error *err)
{
	const struct plan_node *proxy = node_get(node, "proxy");
	struct plan_backend *backends = target->backends.items;

	if (proxy == NULL)
		return true;
	if (node_get(node, "connect_to") != NULL)
		return plan_error(proxy, err, "proxy: with 'connect_to' there are two ways to go; write one of them");
	if (target->url.unix_path != NULL)
		return plan_error(proxy, err, "proxy: no proxy leads to a unix socket");
	if (!plan_uses_tunnel(target) && target->protocol != NULL && target->protocol->is_multiplexed)
		return plan_error(
			proxy, err, "proxy: HTTP/2 goes through a tunnel alone; write {url: ..., tunnel: true}");
	for (size_t i = 0; i < target->backends.n && plan_uses_tunnel(target); i++)
		backends[i].tunnel = tunnel_to(context->arena, &backends[i].url, &target->proxy);
	return true;
}
