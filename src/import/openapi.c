#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "import/document.h"
#include "import/literal.h"
#include "import/openapi_parts.h"

/* A description of an API by OpenAPI 3.0 or 3.1, in JSON or YAML: a request per operation, with what its examples say,
 * and made-up values where they say nothing. */

#define URL_CEILING ((size_t)8 * 1024)

static const char *const methods[] = {"get", "head", "options", "post", "put", "patch", "delete", "trace"};
#define METHODS_THAT_READ 3

/* "https://{region}.shop.example/v1" with the defaults of its variables; NULL: it names no server. */
static const char *
url_of_server(struct openapi *api, const cJSON *server)
{
	const char *url = document_text(server, "url");
	struct buf text;

	if (url == NULL || strstr(url, "://") == NULL)
		return NULL;
	buf_init(&text, URL_CEILING);
	for (const char *p = url; *p != '\0';) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (end == NULL) {
			literal_add(&text, p++, 1);
			continue;
		}
		const char *name = arena_strndup(&api->draft->arena, p + 1, (size_t)(end - p) - 1);
		const char *value =
			document_text(document_object(document_object(server, "variables"), name), "default");

		literal_add(&text, value != NULL ? value : "", value != NULL ? strlen(value) : 0);
		p = end + 1;
	}
	while (text.length > 0 && text.bytes[text.length - 1] == '/')
		text.bytes[--text.length] = '\0';
	const char *copy = arena_strndup(&api->draft->arena, text.length > 0 ? text.bytes : "", text.length);

	buf_fini(&text);
	return copy;
}

/* What stands before every path where the server's own URL says no more than that: "/v1". */
static const char *
path_of_server(struct openapi *api, const cJSON *server)
{
	const char *url = document_text(server, "url");
	size_t length = url != NULL && url[0] == '/' ? strlen(url) : 0;

	while (length > 0 && url[length - 1] == '/')
		length--;
	return arena_strndup(&api->draft->arena, length > 0 ? url : "", length);
}

/* The first server of the operation, of its path, or of all. NULL: it is known from --url alone, which is missing. */
static const char *
base_of(struct openapi *api, const cJSON *item, const cJSON *operation)
{
	const cJSON *servers = document_array(operation, "servers"), *server;
	const char *url;

	servers = servers != NULL ? servers : document_array(item, "servers");
	servers = servers != NULL ? servers : document_array(api->root, "servers");
	cJSON_ArrayForEach(server, servers)
	{
		url = url_of_server(api, server);
		if (url != NULL && api->draft->options->host == NULL)
			return url;
		if (url != NULL && strcasestr(url, api->draft->options->host) != NULL)
			return url; /* of several servers the one that --host means */
	}
	server = cJSON_GetArrayItem(servers, 0);
	url = url_of_server(api, server);
	if (url != NULL)
		return url;
	return api->draft->options->url != NULL
		       ? arena_printf(&api->draft->arena, "http://server%s", path_of_server(api, server))
		       : NULL;
}

static void
take_operation(struct openapi *api, const char *path, const cJSON *item, const cJSON *operation, size_t method)
{
	struct draft *draft = api->draft;
	struct draft_request request = {.place = ++api->operation};
	const char *base = base_of(api, item, operation);
	char *capitals = arena_strdup(&draft->arena, methods[method]);

	for (char *p = capitals; *p != '\0'; p++)
		*p = (char)(*p - 'a' + 'A');
	draft->seen++;
	request.method = capitals;
	request.name = document_text(operation, "operationId");
	if (request.name != NULL)
		request.name = arena_strdup(&draft->arena, request.name);
	if (base == NULL) {
		draft_leave_out(draft, request.place,
			"left out: no server is named; say where to send, --url http://127.0.0.1:8080");
		return;
	}
	if (!openapi_set_parameters(api, &request, base, path, item, operation) ||
		!openapi_set_body(api, &request, operation))
		return;
	openapi_set_security(api, &request, operation);
	if (document_is_true(operation, "deprecated"))
		request.remark = "deprecated";
	request.is_comment = method >= METHODS_THAT_READ && !draft_has(draft, IMPORT_WRITES);
	draft_add(draft, &request, 0);
}

static void
take_paths(struct openapi *api)
{
	const cJSON *path;

	cJSON_ArrayForEach(path, document_object(api->root, "paths"))
	{
		const cJSON *item = openapi_resolve(api, path);

		if (path->string[0] != '/')
			continue; /* x-… */
		if (item == NULL)
			draft_leave_out(api->draft, 0,
				"%.200s is left out: its $ref does not lead anywhere in this document", path->string);
		for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
			const cJSON *operation = document_object(item, methods[i]);

			if (operation != NULL)
				take_operation(api, path->string, item, operation, i);
		}
	}
}

static bool
check_version(const cJSON *root, struct error *err)
{
	const char *version = document_text(root, "openapi");

	if (cJSON_HasObjectItem(root, "swagger"))
		return error_set(err, "this is Swagger 2.0; convert it to OpenAPI 3 (https://converter.swagger.io)");
	if (version == NULL)
		return error_set(err, "this is no OpenAPI description: it has no member 'openapi'");
	return strncmp(version, "3.", 2) == 0 ||
	       error_set(err, "OpenAPI %.20s is not known here; 3.0 and 3.1 are", version);
}

static cJSON *
read_document(const char *text, size_t length, const char *file, struct error *err)
{
	size_t at = 0;

	while (at < length && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
		at++;
	return at < length && text[at] == '{' ? document_read_json(text, length, err)
					      : document_read_yaml(text, length, file, err);
}

static bool
openapi_read(struct draft *draft, const char *text, size_t length, struct error *err)
{
	cJSON *root = read_document(text, length, draft->options->file, err);
	struct openapi api = {.draft = draft, .root = root};

	if (root != NULL && check_version(root, err)) {
		const char *title = document_text(document_object(root, "info"), "title");

		if (title != NULL)
			draft->title = arena_strdup(&draft->arena, title);
		take_paths(&api);
		if (api.nodes > OPENAPI_NODES_MAX)
			draft_change(draft, 0, "its schemas are so large that some examples were made in part only");
	}
	cJSON_Delete(root);
	return !error_is_set(err);
}

const struct importer openapi_importer = {
	.name = "openapi",
	.help = "a description of an API (OpenAPI 3.0, 3.1; JSON or YAML), by its examples and schemas",
	.origin = "a description by OpenAPI",
	.place = "operation",
	.modes = IMPORT_WRITES,
	.read = openapi_read,
};
