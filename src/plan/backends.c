#include "plan/backends.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/rows.h"
#include "plan/websocket.h"

/* A URL in place of the map stands for its `url`. */
static bool
parse_backend(
	struct plan_context *context, const struct plan_node *item, struct plan_backend *backend, struct error *err)
{
	struct plan_node map = {.kind = NODE_MAP, .file = item->file, .line = item->line, .column = item->column};
	struct plan_node only = *item;

	if (item->kind == NODE_LIST)
		return plan_error(item, err, "urls: each is a URL, or a map such as {url: \"http://a:80\", weight: 3}");
	if (item->kind == NODE_SCALAR) {
		only.key = "url";
		node_add(&map, &only);
		item = &map;
	}
	return plan_parse_map(context, item, backend_keys, NULL, backend, err);
}

/* Requests are the same whichever of them they go to: only hosts differ. */
static bool
check_backend(const struct plan_node *item, const struct plan_backend *all, size_t i, struct error *err)
{
	const struct plan_url *url = &all[i].url, *first = &all[0].url;

	for (size_t other = 0; other < i; other++)
		if (strcmp(all[other].url.text, url->text) == 0)
			return plan_error(item, err, "urls: '%s' is there twice; give it a weight", url->text);
	if (strcmp(url->path, first->path) != 0)
		return plan_error(item, err,
			"urls: '%s' has another path than '%s', and requests are the same for all of them; write the "
			"path into the requests",
			url->text, first->text);
	return strcmp(url->scheme, first->scheme) == 0 ||
	       plan_error(item, err, "urls: '%s' has another scheme than '%s'", url->text, first->text);
}

bool
plan_parse_backends(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_list *list = into;

	if (node->kind != NODE_LIST || node->n == 0 || node->n > PLAN_BACKENDS_MAX)
		return plan_error(node, err,
			"urls: write a list of 1 to %d URLs, such as [{url: \"http://a:80\", weight: 3}, \"http://b:80\"]",
			PLAN_BACKENDS_MAX);
	struct plan_backend *backends = arena_alloc(context->arena, node->n * sizeof(*backends));

	list->items = backends;
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		if (!parse_backend(context, item, &backends[list->n], err) ||
			!check_backend(item, backends, list->n, err))
			return false;
		list->n++;
	}
	return true;
}

/* An IPv4 or IPv6 address; the latter in brackets where a port may follow. */
static bool
parse_ip(const char *text, struct plan_address *address)
{
	address->is_v6 = strchr(text, ':') != NULL;
	return inet_pton(address->is_v6 ? AF_INET6 : AF_INET, text, address->bytes) == 1;
}

static bool
parse_port(const char *text, uint16_t *port)
{
	unsigned long value = text[0] != '\0' && strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text)
				      ? strtoul(text, NULL, 10)
				      : 0;

	*port = (uint16_t)value;
	return value >= 1 && value <= 65535;
}

/* "10.0.0.1:8443", "10.0.0.1", "[::1]:8443", "::1" */
static bool
parse_endpoint(const char *text, struct plan_address *address)
{
	char host[INET6_ADDRSTRLEN + 1];
	bool is_bracketed = text[0] == '[';
	const char *end = is_bracketed ? strchr(text, ']') : NULL;
	const char *first = strchr(text, ':');

	if (is_bracketed && end == NULL)
		return false;
	if (!is_bracketed) /* more than one colon: an IPv6 address, and no port */
		end = first != NULL && strchr(first + 1, ':') == NULL ? first : text + strlen(text);
	size_t length = (size_t)(end - text) - is_bracketed;
	const char *rest = end + is_bracketed;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text + is_bracketed, length);
	host[length] = '\0';
	return parse_ip(host, address) && address->is_v6 >= is_bracketed &&
	       (*rest == '\0' || (*rest == ':' && parse_port(rest + 1, &address->port)));
}

/* The one item that a scalar stands for, or those of the list; NULL: it is neither, or empty. */
static const struct plan_node *
first_item(const struct plan_node *node)
{
	return node->kind == NODE_SCALAR ? node : node->kind == NODE_LIST ? node->first : NULL;
}

bool
plan_parse_connect_to(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const struct plan_node *item = first_item(node);
	struct plan_list *list = into;
	struct plan_address *addresses = arena_alloc(context->arena, (node->n + 1) * sizeof(*addresses));

	if (item == NULL || node->n > PLAN_CONNECT_TO_MAX)
		return plan_error(node, err,
			"connect_to: write 1 to %d addresses, such as [\"10.0.0.1:8443\", \"[::1]:8443\"]",
			PLAN_CONNECT_TO_MAX);
	list->items = addresses;
	for (; item != NULL; item = item == node ? NULL : item->next)
		if (item->kind != NODE_SCALAR || !parse_endpoint(item->text, &addresses[list->n++]))
			return plan_error(item, err,
				"connect_to: '%s' is not an address such as 10.0.0.1:8443 or [::1]:8443; names are "
				"looked up in target.url alone",
				item->kind == NODE_SCALAR ? item->source : "a map or list");
	return true;
}

/* The i-th address of a block: counted up in its last four bytes, which are all that a block of this size has. */
static struct plan_address
address_plus(const struct plan_address *base, uint32_t i)
{
	struct plan_address address = *base;
	unsigned char *last = address.bytes + (address.is_v6 ? 12 : 0);
	uint32_t low;

	memcpy(&low, last, sizeof(low));
	low = htonl(ntohl(low) + i);
	memcpy(last, &low, sizeof(low));
	return address;
}

/* Whether all bits beyond the prefix are 0: else somebody meant one address, or another block. */
static bool
begins_block(const struct plan_address *address, unsigned prefix)
{
	for (unsigned bit = prefix; bit < (address->is_v6 ? 128u : 32u); bit++)
		if (address->bytes[bit / 8] & (0x80u >> bit % 8))
			return false;
	return true;
}

/* "127.0.0.2", "10.1.0.0/24": hosts alone, so neither a block's first address nor its last where it has more than two.
 */
static bool
add_sources(struct plan_context *context, const struct plan_node *item, struct plan_list *list, struct error *err)
{
	struct plan_address *all = list->items, base = {.port = 0};
	const char *slash = strchr(item->text, '/');
	const char *ip =
		arena_strndup(context->arena, item->text, slash ? (size_t)(slash - item->text) : strlen(item->text));
	bool is_good = parse_ip(ip, &base);
	unsigned bits = base.is_v6 ? 128 : 32;
	uint16_t prefix = (uint16_t)bits;

	if (!is_good || (slash != NULL && (!parse_port(slash + 1, &prefix) || prefix > bits)))
		return plan_error(item, err,
			"source_addresses: '%s' is not an address such as 127.0.0.2, nor a block such as "
			"127.0.1.0/24",
			item->source);
	if (!begins_block(&base, prefix))
		return plan_error(item, err,
			"source_addresses: '%s' is not where its block begins; write the block's first address, or this "
			"address alone, without '/%u'",
			item->source, (unsigned)prefix);
	uint64_t n = bits - prefix < 32 ? UINT64_C(1) << (bits - prefix) : UINT64_MAX;
	uint32_t from = n > 2 ? 1 : 0, beyond = n > 2 && !base.is_v6 ? 1 : 0;

	if (n > PLAN_SOURCES_MAX || list->n + n > PLAN_SOURCES_MAX + 2)
		return plan_error(
			item, err, "source_addresses: with '%s' they are more than %d", item->source, PLAN_SOURCES_MAX);
	for (uint32_t i = from; i < n - beyond; i++)
		all[list->n++] = address_plus(&base, i);
	return true;
}

bool
plan_parse_sources(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const struct plan_node *item = first_item(node);
	struct plan_list *list = into;

	if (item == NULL)
		return plan_error(node, err, "source_addresses: write a list such as [127.0.0.2, 127.0.1.0/24]");
	list->items = arena_alloc(context->arena, (PLAN_SOURCES_MAX + 2) * sizeof(struct plan_address));
	for (; item != NULL; item = item == node ? NULL : item->next) {
		if (item->kind != NODE_SCALAR)
			return plan_error(item, err, "source_addresses: each is an address or a block of them");
		if (!add_sources(context, item, list, err))
			return false;
	}
	return true;
}

/* true: as many as there may be, which is known only when all keys are. */
bool
plan_parse_prefetch(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const char *text = node->kind == NODE_SCALAR ? node->text : "";
	uint64_t *prefetch = into;

	(void)context;
	*prefetch = strcmp(text, "true") == 0 ? UINT64_MAX : 0;
	if (*prefetch > 0 || strcmp(text, "false") == 0 || units_parse_count(text, prefetch))
		return true;
	return plan_error(node, err, "prefetch: '%s' is not true, false or a number of connections",
		node->kind == NODE_SCALAR ? node->source : "a map or list");
}

static bool
check_prefetch(const struct plan_node *node, struct plan_target *target, struct error *err)
{
	const struct plan_node *prefetch = node_get(node, "prefetch");

	if (target->prefetch == UINT64_MAX)
		target->prefetch = target->connections;
	return target->prefetch <= target->connections ||
	       plan_error(prefetch, err, "prefetch: '%s' are more than the %llu that target.connections allows",
		       prefetch->source, (unsigned long long)target->connections);
}

static bool
check_connect_to(const struct plan_node *node, const struct plan_target *target, struct error *err)
{
	const struct plan_node *connect_to = node_get(node, "connect_to");

	if (connect_to == NULL)
		return true;
	if (target->backends.n > 1)
		return plan_error(
			connect_to, err, "connect_to: these would be the addresses of each of 'urls'; write one URL");
	return target->url.unix_path == NULL ||
	       plan_error(connect_to, err, "connect_to: a unix socket has no other address");
}

/* Whoever answers serves others too. */
#define REFRESH_LEAST_NS NS_PER_S

static bool
check_refresh(const struct plan_node *node, const struct plan_target *target, struct error *err)
{
	const struct plan_node *refresh = node_get(node, "dns_refresh");

	return target->dns_refresh_ns == 0 || target->dns_refresh_ns >= REFRESH_LEAST_NS ||
	       plan_error(refresh, err, "dns_refresh: '%s' is shorter than 1s; 0 looks names up once, before the run",
		       refresh->source);
}

bool
backends_compile(
	struct plan_context *context, const struct plan_node *node, struct plan_target *target, struct error *err)
{
	const struct plan_node *urls = node_get(node, "urls");
	bool has_url = target->url.text != NULL; /* a scalar in place of the map is one */

	if (has_url && urls != NULL)
		return plan_error(urls, err, "urls: there is 'url' too; write one of them");
	if (!has_url && urls == NULL)
		return plan_error(
			node, err, "target: 'url' is missing: where requests go, such as http://127.0.0.1:8080");
	if (urls == NULL) {
		struct plan_backend *only = arena_alloc(context->arena, sizeof(*only));

		*only = (struct plan_backend){.url = target->url, .weight = 1};
		target->backends = (struct plan_list){.items = only, .n = 1};
	}
	target->url = ((const struct plan_backend *)target->backends.items)->url;
	if (node_get(node, "connections") != NULL)
		target->said_connections = plan_said_at(context, node_get(node, "connections"));
	if (target->connections < target->backends.n)
		return plan_error(urls, err, "urls: of %llu connections not each of the %zu has one",
			(unsigned long long)target->connections, target->backends.n);
	return websocket_check_backends(node, target, err) && check_connect_to(node, target, err) &&
	       check_refresh(node, target, err) && check_prefetch(node, target, err);
}
