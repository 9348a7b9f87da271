#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "import/address.h"
#include "import/document.h"
#include "import/literal.h"
#include "import/openapi_parts.h"

#define QUERY_CEILING ((size_t)64 * 1024)
#define BODY_CEILING ((size_t)1024 * 1024)
#define PARAMETERS_MAX 128
/* What a profile can hold as `json:`; beyond it the body is a text. */
#define JSON_DEPTH_YAML 12
#define JSON_KEY_YAML 100

/* --- parameters --- */

struct parameters {
	const cJSON *list[PARAMETERS_MAX];
	size_t n;
};

/* An operation's own go before those of its path (OpenAPI 3.1 §4.8.10). */
static void
collect(const struct openapi *api, struct parameters *parameters, const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		const cJSON *parameter = openapi_resolve(api, item);
		const char *name = document_text(parameter, "name"), *in = document_text(parameter, "in");
		bool is_there = name == NULL || in == NULL;

		for (size_t i = 0; i < parameters->n && !is_there; i++)
			is_there = strcmp(document_text(parameters->list[i], "name"), name) == 0 &&
				   strcmp(document_text(parameters->list[i], "in"), in) == 0;
		if (!is_there && parameters->n < PARAMETERS_MAX)
			parameters->list[parameters->n++] = parameter;
	}
}

/* Its own value, or one that is made where it must be given: what is optional and unsaid is left away. */
static cJSON *
value_of(struct openapi *api, const cJSON *parameter)
{
	const cJSON *schema = openapi_resolve(api, document_object(parameter, "schema"));
	bool is_said = cJSON_HasObjectItem(parameter, "example") || document_object(parameter, "examples") != NULL ||
		       cJSON_HasObjectItem(schema, "example") || cJSON_HasObjectItem(schema, "default");
	const cJSON *content = document_object(parameter, "content");

	if (!is_said && !document_is_true(parameter, "required") && strcmp(document_text(parameter, "in"), "path") != 0)
		return NULL;
	return openapi_example(api, content != NULL ? openapi_resolve(api, content->child) : parameter);
}

static void
add_encoded(struct openapi *api, struct buf *into, const char *text)
{
	const char *literal = literal_copy(&api->draft->arena, text, strlen(text));

	address_add_encoded(into, literal, strlen(literal));
}

/* style simple, and of arrays and objects alike (§4.8.12.3): a,b,c */
static void
add_list(struct openapi *api, struct buf *into, const cJSON *value)
{
	const cJSON *item;

	if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) {
		add_encoded(api, into, openapi_text_of(api, value));
		return;
	}
	cJSON_ArrayForEach(item, value)
	{
		if (item != value->child)
			buf_add_char(into, ',');
		if (cJSON_IsObject(value)) {
			add_encoded(api, into, item->string);
			buf_add_char(into, ',');
		}
		add_encoded(api, into, openapi_text_of(api, item));
	}
}

static void
add_pair(struct openapi *api, struct buf *into, const char *name, const char *key, const char *value)
{
	buf_add_char(into, into->length == 0 ? '?' : '&');
	add_encoded(api, into, name);
	if (key != NULL) {
		buf_add_char(into, '[');
		add_encoded(api, into, key);
		buf_add_char(into, ']');
	}
	buf_add_char(into, '=');
	add_encoded(api, into, value);
}

/* style form, exploded unless it says otherwise, and deepObject (§4.8.12.3). */
static void
add_query(struct openapi *api, struct buf *into, const cJSON *parameter, const cJSON *value)
{
	const char *name = document_text(parameter, "name"), *style = document_text(parameter, "style");
	bool is_deep = style != NULL && strcmp(style, "deepObject") == 0;
	bool is_exploded = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(parameter, "explode"));
	const cJSON *item;

	if ((cJSON_IsArray(value) || cJSON_IsObject(value)) && !is_exploded && !is_deep) {
		buf_add_char(into, into->length == 0 ? '?' : '&');
		add_encoded(api, into, name);
		buf_add_char(into, '=');
		add_list(api, into, value);
	} else if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
		cJSON_ArrayForEach(item, value)
		{
			const char *text = openapi_text_of(api, item);

			if (cJSON_IsArray(value))
				add_pair(api, into, name, NULL, text);
			else
				add_pair(api, into, is_deep ? name : item->string, is_deep ? item->string : NULL, text);
		}
	} else
		add_pair(api, into, name, NULL, openapi_text_of(api, value));
}

static void
set_header(struct openapi *api, struct draft_request *request, const cJSON *parameter, const cJSON *value)
{
	static const char *const others[] = {
		"Accept", "Content-Type", "Authorization"}; /* said elsewhere (§4.8.12.2) */
	struct draft *draft = api->draft;
	const char *name = document_text(parameter, "name");
	bool is_cookie = strcmp(document_text(parameter, "in"), "cookie") == 0;
	struct buf text;

	for (size_t i = 0; i < ARRAY_LEN(others) && !is_cookie; i++)
		if (strcasecmp(name, others[i]) == 0)
			return;
	buf_init(&text, QUERY_CEILING);
	if (is_cookie)
		buf_printf(&text, "%s=", name);
	if (cJSON_IsString(value) && !is_cookie)
		buf_add_text(&text, value->valuestring);
	else
		add_list(api, &text, value);
	draft_add_header(draft, request, is_cookie ? "Cookie" : name,
		literal_copy(&draft->arena, text.length > 0 ? text.bytes : "", text.length));
	buf_fini(&text);
}

/* "/items/{id}": each name in braces by its parameter. False: there is none of that name. */
static bool
fill_path(struct openapi *api, const struct parameters *parameters, const char *path, struct buf *into)
{
	for (const char *p = path; *p != '\0';) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		cJSON *value = NULL;

		if (end == NULL) {
			literal_add(into, p++, 1);
			continue;
		}
		for (size_t i = 0; i < parameters->n && value == NULL; i++) {
			const char *name = document_text(parameters->list[i], "name");

			if (strcmp(document_text(parameters->list[i], "in"), "path") == 0 &&
				strlen(name) == (size_t)(end - p - 1) && memcmp(name, p + 1, strlen(name)) == 0)
				value = value_of(api, parameters->list[i]);
		}
		if (value == NULL)
			return false;
		add_list(api, into, value);
		cJSON_Delete(value);
		p = end + 1;
	}
	return true;
}

static void
add_others(struct openapi *api, struct draft_request *request, const struct parameters *parameters, struct buf *query)
{
	for (size_t i = 0; i < parameters->n; i++) {
		const cJSON *parameter = parameters->list[i];
		const char *in = document_text(parameter, "in");
		cJSON *value = strcmp(in, "path") != 0 ? value_of(api, parameter) : NULL;

		if (value != NULL && strcmp(in, "query") == 0)
			add_query(api, query, parameter, value);
		else if (value != NULL && (strcmp(in, "header") == 0 || strcmp(in, "cookie") == 0))
			set_header(api, request, parameter, value);
		cJSON_Delete(value);
	}
}

bool
openapi_set_parameters(struct openapi *api, struct draft_request *request, const char *base, const char *path,
	const cJSON *item, const cJSON *operation)
{
	struct draft *draft = api->draft;
	struct parameters parameters = {.n = 0};
	struct buf filled, query;

	collect(api, &parameters, document_array(operation, "parameters"));
	collect(api, &parameters, document_array(item, "parameters"));
	buf_init(&filled, QUERY_CEILING);
	buf_init(&query, QUERY_CEILING);
	bool is_filled = fill_path(api, &parameters, path, &filled);

	add_others(api, request, &parameters, &query);
	if (!is_filled)
		draft_leave_out(draft, request->place,
			"%s %.200s is left out: no parameter says what stands for a name in braces", request->method,
			path);
	is_filled =
		is_filled && draft_set_url(draft, request,
				     arena_printf(&draft->arena, "%s%s%s", base, filled.length > 0 ? filled.bytes : "",
					     query.length > 0 ? query.bytes : ""));
	buf_fini(&filled);
	buf_fini(&query);
	return is_filled;
}

/* --- body --- */

static bool
is_json(const char *type)
{
	size_t length = strcspn(type, "; ");

	return (length >= 16 && strncasecmp(type, "application/json", 16) == 0) ||
	       (length >= 5 && strncasecmp(type + length - 5, "+json", 5) == 0);
}

/* JSON where there is any, then a form, then whatever a text can be. */
static const cJSON *
choose_media(const cJSON *content)
{
	const cJSON *media, *form = NULL, *text = NULL;

	cJSON_ArrayForEach(media, content)
	{
		if (is_json(media->string))
			return media;
		if (strncasecmp(media->string, "application/x-www-form-urlencoded", 33) == 0)
			form = form != NULL ? form : media;
		else if (strncasecmp(media->string, "text/", 5) == 0)
			text = text != NULL ? text : media;
	}
	return form != NULL ? form : text;
}

static bool
fits_yaml(const cJSON *value, unsigned depth)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, value)
	{
		if (depth == JSON_DEPTH_YAML || (item->string != NULL && strlen(item->string) > JSON_KEY_YAML) ||
			!fits_yaml(item, depth + 1))
			return false;
	}
	return true;
}

static void
set_text_body(struct openapi *api, struct draft_request *request, const char *text)
{
	request->body = arena_strdup(&api->draft->arena, text);
	request->body_length = strlen(text);
	request->body_is_plain = true;
}

static void
set_json(struct openapi *api, struct draft_request *request, const cJSON *value)
{
	struct buf text;

	buf_init(&text, BODY_CEILING);
	openapi_add_json(&text, value);
	if (!cJSON_IsNull(value) && fits_yaml(value, 0) && text.length < 4096)
		request->json = arena_strndup(&api->draft->arena, text.bytes, text.length);
	else {
		char *printed = cJSON_PrintUnformatted(value);

		set_text_body(api, request, printed);
		free(printed);
	}
	buf_fini(&text);
}

static void
set_form(struct openapi *api, struct draft_request *request, const cJSON *value)
{
	struct buf form;
	const cJSON *item;

	buf_init(&form, BODY_CEILING);
	cJSON_ArrayForEach(item, value)
	{
		add_pair(api, &form, item->string != NULL ? item->string : "value", NULL, openapi_text_of(api, item));
	}
	request->body = arena_strndup(
		&api->draft->arena, form.length > 0 ? form.bytes + 1 : "", form.length > 0 ? form.length - 1 : 0);
	request->body_length = strlen(request->body);
	buf_fini(&form);
}

bool
openapi_set_body(struct openapi *api, struct draft_request *request, const cJSON *operation)
{
	struct draft *draft = api->draft;
	const cJSON *body = openapi_resolve(api, document_object(operation, "requestBody"));
	const cJSON *content = document_object(body, "content"), *media = choose_media(content);
	cJSON *value = media != NULL ? openapi_example(api, media) : NULL;

	if (content == NULL || content->child == NULL)
		return true;
	if (value == NULL) {
		bool is_required = document_is_true(body, "required");

		if (is_required)
			draft_leave_out(draft, request->place,
				"%s %.200s is left out: nobody here can make a body of type %.80s", request->method,
				request->path, media != NULL ? media->string : content->child->string);
		else
			draft_change(draft, request->place, "%s %.200s is sent without its body of type %.80s",
				request->method, request->path, media != NULL ? media->string : content->child->string);
		return !is_required;
	}
	if (is_json(media->string))
		set_json(api, request, value);
	else if (strncasecmp(media->string, "text/", 5) == 0)
		set_text_body(api, request, openapi_text_of(api, value));
	else
		set_form(api, request, value);
	if (request->json == NULL || strncasecmp(media->string, "application/json", 16) != 0)
		draft_add_header(draft, request, "Content-Type",
			literal_copy(&draft->arena, media->string, strlen(media->string)));
	cJSON_Delete(value);
	return true;
}

/* --- security --- */

/* The variable's reference; NULL: there are too many. */
static const char *
reference_of(struct openapi *api, const char *scheme, const char *what)
{
	struct draft *draft = api->draft;
	const char *variable = secrets_variable(&draft->secrets, &draft->arena, scheme, NULL,
		arena_printf(&draft->arena, "%s of the security scheme %.60s", what, scheme));

	return variable != NULL ? arena_printf(&draft->arena, "${env:%s}", variable) : NULL;
}

static void
set_api_key(struct openapi *api, struct draft_request *request, const char *scheme, const cJSON *of)
{
	struct draft *draft = api->draft;
	const char *in = document_text(of, "in"), *name = document_text(of, "name");
	const char *reference = reference_of(api, scheme, "the API key");

	if (in == NULL || name == NULL || reference == NULL)
		return;
	name = literal_copy(&draft->arena, name, strlen(name));
	if (strcmp(in, "header") == 0)
		draft_add_header(draft, request, name, reference);
	else if (strcmp(in, "cookie") == 0)
		draft_add_header(draft, request, "Cookie", arena_printf(&draft->arena, "%s=%s", name, reference));
	else if (strcmp(in, "query") == 0)
		request->path = arena_printf(&draft->arena, "%s%s%s=%s", request->path,
			strchr(request->path, '?') == NULL ? "?" : "&", address_encode_path(&draft->arena, name),
			reference);
}

static void
set_scheme(struct openapi *api, struct draft_request *request, const char *name)
{
	struct draft *draft = api->draft;
	const cJSON *schemes = document_object(document_object(api->root, "components"), "securitySchemes");
	const cJSON *of = openapi_resolve(api, document_object(schemes, name));
	const char *type = document_text(of, "type"), *scheme = document_text(of, "scheme"), *reference;

	if (type != NULL && strcmp(type, "apiKey") == 0)
		set_api_key(api, request, name, of);
	else if (type != NULL && strcmp(type, "http") == 0 && scheme != NULL && strcasecmp(scheme, "basic") == 0) {
		reference = reference_of(api, name, "USER:PASSWORD in Base64");
		if (reference != NULL)
			draft_add_header(
				draft, request, "Authorization", arena_printf(&draft->arena, "Basic %s", reference));
	} else if (type != NULL &&
		   (strcmp(type, "oauth2") == 0 || strcmp(type, "openIdConnect") == 0 ||
			   (strcmp(type, "http") == 0 && scheme != NULL && strcasecmp(scheme, "bearer") == 0))) {
		reference = reference_of(api, name, "the bearer token");
		if (reference != NULL)
			draft_add_header(
				draft, request, "Authorization", arena_printf(&draft->arena, "Bearer %s", reference));
	} else
		draft_change(draft, request->place, "the security scheme '%.60s' cannot be said in a profile", name);
}

/* The first of the alternatives; an empty one means that nobody is asked. */
void
openapi_set_security(struct openapi *api, struct draft_request *request, const cJSON *operation)
{
	const cJSON *list = document_array(operation, "security"), *scheme;

	if (list == NULL)
		list = document_array(api->root, "security");
	cJSON_ArrayForEach(scheme, cJSON_GetArrayItem(list, 0))
	{
		set_scheme(api, request, scheme->string);
	}
}
