#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/check.h"
#include "base/file.h"
#include "daemon/origin.h"
#include "net/allow.h"
#include "plan/files.h"
#include "plan/key_rows.h"
#include "plan/parse.h"
#include "plan/plan.h"
#include "plan/tree.h"

#define UNIX_PATH_BYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path)) /* with the NUL that ends it */

static bool
parse_path(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	if (node->kind != NODE_SCALAR || node->text[0] == '\0')
		return plan_error(node, err, "%s: write a path", node->key);
	*(const char **)into = files_resolve(context->arena, node, node->text);
	return true;
}

#define PATH(parent, field, key, sentence) CUSTOM(parent, field, key, "", parse_path, "a path", NULL, sentence)
#include "daemon/config_keys.def"

const char *
config_unix_path(const char *listen)
{
	return strncmp(listen, "unix:", 5) == 0 ? listen + 5 : NULL;
}

bool
config_is_local(const char *listen)
{
	return config_unix_path(listen) != NULL || strncmp(listen, "127.", 4) == 0 ||
	       strncmp(listen, "[::1]:", 6) == 0 || strncmp(listen, "localhost:", 10) == 0;
}

const char *
config_default_data(struct arena *arena)
{
	const char *systemd = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (systemd != NULL && systemd[0] == '/') /* several by colons: the first is ours */
		return arena_strndup(arena, systemd, strcspn(systemd, ":"));
	if (xdg != NULL && xdg[0] == '/')
		return arena_printf(arena, "%s/brunt", xdg);
	return arena_printf(arena, "%s/.local/state/brunt", home != NULL && home[0] == '/' ? home : "");
}

const char *
config_default_socket(struct arena *arena, const char *data)
{
	const char *systemd = getenv("RUNTIME_DIRECTORY"), *xdg = getenv("XDG_RUNTIME_DIR");

	if (systemd != NULL && systemd[0] == '/')
		return arena_printf(arena, "unix:%.*s/brunt.sock", (int)strcspn(systemd, ":"), systemd);
	if (xdg != NULL && xdg[0] == '/')
		return arena_printf(arena, "unix:%s/brunt.sock", xdg);
	return arena_printf(arena, "unix:%s/brunt.sock", data);
}

static void
fill_in(struct config *config)
{
	if (config->data == NULL)
		config->data = config_default_data(&config->arena);
	if (config->listen.n > 0)
		return;
	const char **only = arena_alloc(&config->arena, sizeof(*only));

	only[0] = config_default_socket(&config->arena, config->data);
	config->listen = (struct plan_list){.items = only, .n = 1};
}

/* "127.0.0.1:7007", "[::1]:7007", "brunt.local:7007" */
static bool
has_port(const char *listen)
{
	const char *colon = strrchr(listen, ':');

	return colon != NULL && colon != listen && colon[1] != '\0' && strlen(colon + 1) <= 5 &&
	       colon[1 + strspn(colon + 1, "0123456789")] == '\0';
}

static bool
check_address(const struct config *config, const struct plan_node *node, const char *listen, struct error *err)
{
	const char *path = config_unix_path(listen);

	if (path != NULL && strlen(path) >= UNIX_PATH_BYTES)
		return plan_error(node, err, "listen: the path has %zu bytes, and that of a unix socket %zu at most",
			strlen(path), UNIX_PATH_BYTES - 1);
	if (path != NULL)
		return path[0] != '\0' ||
		       plan_error(node, err, "listen: '%s' names no socket; write unix:/run/brunt/brunt.sock", listen);
	if (!has_port(listen))
		return plan_error(node, err,
			"listen: '%.200s' is no address; write 127.0.0.1:7007, [::1]:7007 or unix:/run/brunt/brunt.sock",
			listen);
	if (config->tokens == NULL)
		return plan_error(node, err,
			"listen: whoever reaches %s must show a token; name the file that holds them by 'tokens'",
			listen);
	return config_is_local(listen) || config->tls.cert != NULL ||
	       plan_error(node, err,
		       "listen: others than this machine reach %s, which needs TLS; write tls: {cert: FILE, key: FILE}, or "
		       "listen on 127.0.0.1",
		       listen);
}

static bool
check_listen(const struct config *config, const struct plan_node *node, struct error *err)
{
	const char *const *addresses = config->listen.items;
	const struct plan_node *item = node != NULL && node->kind == NODE_LIST ? node->first : node;

	if (node == NULL)
		return true;
	if (config->listen.n == 0)
		return plan_error(node, err, "listen: nobody could ask; write an address, or leave the key out");
	for (size_t i = 0; i < config->listen.n; i++, item = item->next)
		if (!check_address(config, item, addresses[i], err))
			return false;
	return true;
}

/* Each by itself, so that it is told by its place. */
static bool
check_allow(const struct config *config, const struct plan_node *node, struct error *err)
{
	const char *const *entries = config->allow.items;
	const struct plan_node *item = node != NULL && node->kind == NODE_LIST ? node->first : node;
	struct error why = {0};

	for (size_t i = 0; item != NULL && i < config->allow.n; i++, item = item->next) {
		struct allow *allow = allow_parse(entries[i], strlen(entries[i]), "allow", &why);

		allow_free(allow);
		if (allow == NULL)
			return plan_error(item, err, "allow: %s", why.message);
	}
	return true;
}

static bool
check_names(const struct config *config, const struct plan_node *node, struct error *err)
{
	const char *const *names = config->names.items;
	const struct plan_node *item = node != NULL && node->kind == NODE_LIST ? node->first : node;
	struct authority authority;

	for (size_t i = 0; item != NULL && i < config->names.n; i++, item = item->next)
		if (!authority_parse(names[i], &authority))
			return plan_error(item, err,
				"names: '%s' is no name; write brunt.example.com or brunt.example.com:8443", names[i]);
	return true;
}

static bool
check_nats(const struct config *config, const struct plan_node *node, struct error *err)
{
	const struct sharing_nats *nats = &config->nats;

	if (node == NULL)
		return true;
	if (nats->url == NULL)
		return plan_error(node, err, "nats: write where it is, such as url: nats://127.0.0.1:4222");
	if ((nats->creds != NULL) + (nats->user != NULL) + (nats->token_file != NULL) > 1)
		return plan_error(node, err, "nats: one of creds, user and token_file is enough");
	if ((nats->user != NULL) != (nats->password_file != NULL))
		return plan_error(node, err, "nats: write both, user: NAME and password_file: FILE");
	return (nats->cert != NULL) == (nats->key != NULL) ||
	       plan_error(node, err, "nats: write both, cert: FILE and key: FILE");
}

static bool
check(const struct config *config, const struct plan_node *root, struct error *err)
{
	const struct plan_node *tls = node_get(root, "tls");

	if (tls != NULL && (config->tls.cert == NULL || config->tls.key == NULL))
		return plan_error(tls, err, "tls: write both, cert: FILE and key: FILE");
	return check_listen(config, node_get(root, "listen"), err) &&
	       check_allow(config, node_get(root, "allow"), err) && check_names(config, node_get(root, "names"), err) &&
	       check_nats(config, node_get(root, "nats"), err);
}

static bool
read_text(struct config *config, const char *text, size_t length, struct error *err)
{
	const char *file = config->path != NULL ? config->path : "brunt.yaml";
	struct plan_context context = {.arena = &config->arena};
	struct plan_node *root = yaml_read(&config->arena, text, length, file, true, err);

	if (root == NULL)
		return false;
	if (node_is_null(root)) /* all of it is commented out, say */
		root = node_new_map(&config->arena, file);
	if (root->kind != NODE_MAP)
		return plan_error(root, err, "write a map of keys, such as listen: 127.0.0.1:7007");
	return tree_resolve(&context, root, err) &&
	       plan_parse_map(&context, root, config_keys, watch_config_names, config, err) &&
	       watch_config_parse(&context, root, &config->watch, err) && check(config, root, err);
}

struct config *
config_load_text(const char *text, size_t length, const char *path, struct error *err)
{
	struct config *config = must_alloc(sizeof(*config));

	arena_init(&config->arena);
	config->path = path != NULL ? arena_strdup(&config->arena, path) : NULL;
	if (!read_text(config, text, length, err)) {
		config_free(config);
		return NULL;
	}
	fill_in(config);
	return config;
}

struct config *
config_load(const char *path, struct error *err)
{
	size_t length = 0;
	char *text = path != NULL ? file_read(path, CONFIG_BYTES_MAX, &length, err) : must_strdup("{}");

	if (text == NULL)
		return NULL;
	struct config *config = config_load_text(text, path != NULL ? length : 2, path, err);

	free(text);
	return config;
}

static void
take_changeable(struct config *into, const struct config *from)
{
	into->names = from->names;
	into->tokens = from->tokens;
	into->profiles = from->profiles;
	into->allow = from->allow;
	into->ceilings = from->ceilings;
	into->nats = from->nats;
	into->queue = from->queue;
	into->retention = from->retention;
	into->watch.schedules = from->watch.schedules;
	into->watch.sinks = from->watch.sinks;
	into->watch.rules = from->watch.rules;
}

void
config_swap(struct config *into, struct config *from)
{
	const struct config before = *into;

	take_changeable(into, from);
	take_changeable(from, &before);
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	struct arena arena = config->arena;

	watch_config_fini(&config->watch);
	free(config);
	arena_fini(&arena);
}

struct sharing_ceilings
config_sharing(const struct config *config)
{
	return (struct sharing_ceilings){.workers = config->ceilings.workers,
		.shards = config->ceilings.shards,
		.has_nats = config->nats.url != NULL};
}

void
config_help(struct buf *into)
{
	plan_help_keys(into, config_keys);
	watch_config_help(into);
}
