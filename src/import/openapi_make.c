#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "import/document.h"
#include "import/openapi_parts.h"
#include "import/yaml_text.h"

#define REFERENCES_MAX 16
#define TEXT_MAX 4096

/* RFC 6901: the member or item that one token of a pointer names. */
static const cJSON *
step(const cJSON *node, const char *token, size_t length)
{
	char name[512], *to = name;

	if (length >= sizeof(name))
		return NULL;
	for (size_t i = 0; i < length; i++) {
		if (token[i] == '~' && i + 1 < length && (token[i + 1] == '0' || token[i + 1] == '1'))
			*to++ = token[++i] == '0' ? '~' : '/';
		else
			*to++ = token[i];
	}
	*to = '\0';
	uint64_t index;

	if (!cJSON_IsArray(node))
		return cJSON_GetObjectItemCaseSensitive(node, name);
	return units_parse_count(name, &index) && index < INT_MAX ? cJSON_GetArrayItem(node, (int)index) : NULL;
}

const cJSON *
openapi_resolve(const struct openapi *api, const cJSON *node)
{
	for (unsigned i = 0; i < REFERENCES_MAX; i++) {
		const char *reference = document_text(node, "$ref");

		if (reference == NULL)
			return node;
		if (strncmp(reference, "#/", 2) != 0)
			return NULL;
		node = api->root;
		for (const char *p = reference + 1; *p == '/' && node != NULL;) {
			size_t length = strcspn(p + 1, "/");

			node = step(node, p + 1, length);
			p += 1 + length;
		}
	}
	return NULL;
}

static cJSON *make(struct openapi *api, const cJSON *schema, unsigned depth);

/* The first of a list, or NULL. */
static const cJSON *
first_of(const cJSON *in, const char *name)
{
	return cJSON_GetArrayItem(document_array(in, name), 0);
}

/* What the schema itself says of its values. */
static const cJSON *
given_value(const cJSON *schema)
{
	static const char *const names[] = {"const", "example", "default"};
	const cJSON *value = first_of(schema, "examples");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (cJSON_HasObjectItem(schema, names[i]))
			return cJSON_GetObjectItemCaseSensitive(schema, names[i]);
	return value != NULL ? value : first_of(schema, "enum");
}

/* "string", or the first of ["string", "null"] that is not null (3.1); NULL: it does not say. */
static const char *
type_of(const cJSON *schema)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type"), *item;

	if (cJSON_IsString(type))
		return type->valuestring;
	cJSON_ArrayForEach(item, type)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, "null") != 0)
			return item->valuestring;
	}
	if (document_object(schema, "properties") != NULL)
		return "object";
	return document_object(schema, "items") != NULL ? "array" : cJSON_IsArray(type) ? "null" : NULL;
}

static cJSON *
make_text(const cJSON *schema)
{
	static const char *const formats[][2] = {{"date", "2024-01-31"}, {"date-time", "2024-01-31T12:00:00Z"},
		{"time", "12:00:00Z"}, {"duration", "P1D"}, {"email", "user@example.com"}, {"hostname", "example.com"},
		{"ipv4", "192.0.2.1"}, {"ipv6", "2001:db8::1"}, {"uri", "http://example.com/"},
		{"url", "http://example.com/"}, {"uri-reference", "/example"},
		{"uuid", "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, {"byte", "dGV4dA=="}, {"password", "password"}};
	const char *format = document_text(schema, "format"), *text = "text";
	double least = document_number(schema, "minLength", 0), most = document_number(schema, "maxLength", TEXT_MAX);
	char padded[TEXT_MAX + 1];
	size_t length;

	for (size_t i = 0; format != NULL && i < ARRAY_LEN(formats); i++)
		if (strcmp(format, formats[i][0]) == 0)
			return cJSON_CreateString(formats[i][1]);
	length = least > (double)strlen(text) ? (size_t)fmin(least, TEXT_MAX) : strlen(text);
	if (most >= 0 && most < (double)length)
		length = (size_t)most;
	memset(padded, 'x', length);
	memcpy(padded, text, length < strlen(text) ? length : strlen(text));
	padded[length] = '\0';
	return cJSON_CreateString(padded);
}

/* 3.0 says exclusiveMinimum: true beside a minimum, 3.1 gives the number. */
static cJSON *
make_number(const cJSON *schema, bool is_integer)
{
	const cJSON *exclusive = cJSON_GetObjectItemCaseSensitive(schema, "exclusiveMinimum");
	double multiple = document_number(schema, "multipleOf", 0), most = document_number(schema, "maximum", HUGE_VAL);
	double least = document_number(schema, "minimum", -HUGE_VAL), value;
	bool is_open = cJSON_IsTrue(exclusive);

	if (cJSON_IsNumber(exclusive)) {
		least = exclusive->valuedouble;
		is_open = true;
	}
	value = isfinite(least) ? is_open ? least + 1 : least : 1;
	if (!isfinite(least) && value > most)
		value = most;
	else if (value > most)
		value = least + (most - least) / 2;
	if (multiple > 0)
		value = ceil(value / multiple) * multiple;
	else if (is_integer)
		value = ceil(value);
	return cJSON_CreateNumber(isfinite(value) ? value : 1);
}

static cJSON *
make_array(struct openapi *api, const cJSON *schema, unsigned depth)
{
	cJSON *array = cJSON_CreateArray();
	double least = document_number(schema, "minItems", 1);
	size_t n = least < 1 ? 1 : least > 10 ? 10 : (size_t)least;

	for (size_t i = 0; i < n; i++) {
		cJSON *item = make(api, cJSON_GetObjectItemCaseSensitive(schema, "items"), depth + 1);

		if (item == NULL)
			break;
		cJSON_AddItemToArray(array, item);
	}
	return array;
}

static bool
is_required(const cJSON *schema, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, document_array(schema, "required"))
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0)
			return true;
	}
	return false;
}

/* Members that a client may send; where it gets deep, those that it must. */
static void
add_members(struct openapi *api, cJSON *object, const cJSON *schema, unsigned depth)
{
	const cJSON *property;

	cJSON_ArrayForEach(property, document_object(schema, "properties"))
	{
		const cJSON *resolved = openapi_resolve(api, property);
		cJSON *value;

		if (document_is_true(resolved, "readOnly") || cJSON_HasObjectItem(object, property->string) ||
			(depth > OPENAPI_DEPTH_MAX / 4 && !is_required(schema, property->string)))
			continue;
		value = make(api, property, depth + 1);
		if (value != NULL)
			cJSON_AddItemToObject(object, property->string, value);
	}
}

/* All of what allOf lists, and what stands beside it. NULL: none of it is an object. */
static cJSON *
make_all_of(struct openapi *api, const cJSON *schema, unsigned depth)
{
	cJSON *object = cJSON_CreateObject();
	const cJSON *part;

	add_members(api, object, schema, depth);
	cJSON_ArrayForEach(part, document_array(schema, "allOf"))
	{
		cJSON *made = make(api, part, depth + 1), *member;

		if (made != NULL && !cJSON_IsObject(made) && object->child == NULL) {
			cJSON_Delete(object); /* a plain value, with remarks added by allOf */
			return made;
		}
		while (made != NULL && cJSON_IsObject(made) && (member = made->child) != NULL) {
			member = cJSON_DetachItemViaPointer(made, member);
			if (cJSON_HasObjectItem(object, member->string))
				cJSON_Delete(member);
			else
				cJSON_AddItemToObject(object, member->string, member);
		}
		cJSON_Delete(made);
	}
	return object;
}

static cJSON *
make_typed(struct openapi *api, const cJSON *schema, unsigned depth)
{
	const char *type = type_of(schema);
	cJSON *object;

	if (type == NULL || strcmp(type, "string") == 0)
		return make_text(schema);
	if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		return make_number(schema, strcmp(type, "integer") == 0);
	if (strcmp(type, "boolean") == 0)
		return cJSON_CreateTrue();
	if (strcmp(type, "array") == 0)
		return make_array(api, schema, depth);
	if (strcmp(type, "null") == 0)
		return cJSON_CreateNull();
	object = cJSON_CreateObject();
	add_members(api, object, schema, depth);
	return object;
}

static cJSON *
make(struct openapi *api, const cJSON *schema, unsigned depth)
{
	const cJSON *resolved = openapi_resolve(api, schema), *given = given_value(resolved);

	if (resolved == NULL || depth > OPENAPI_DEPTH_MAX || ++api->nodes > OPENAPI_NODES_MAX)
		return NULL;
	if (given != NULL)
		return cJSON_Duplicate(given, true);
	if (document_array(resolved, "allOf") != NULL)
		return make_all_of(api, resolved, depth);
	if (first_of(resolved, "oneOf") != NULL)
		return make(api, first_of(resolved, "oneOf"), depth + 1);
	if (first_of(resolved, "anyOf") != NULL)
		return make(api, first_of(resolved, "anyOf"), depth + 1);
	return make_typed(api, resolved, depth);
}

cJSON *
openapi_make(struct openapi *api, const cJSON *schema)
{
	return make(api, schema, 0);
}

cJSON *
openapi_example(struct openapi *api, const cJSON *of)
{
	const cJSON *examples = document_object(of, "examples");
	const cJSON *first = examples != NULL ? openapi_resolve(api, examples->child) : NULL;
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(of, "example");

	if (value == NULL)
		value = cJSON_GetObjectItemCaseSensitive(first, "value");
	return value != NULL ? cJSON_Duplicate(value, true) : openapi_make(api, document_object(of, "schema"));
}

/* A whole number as one, others with as many digits as they need. */
static void
add_number(struct buf *into, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	buf_add_text(into, text);
}

/* "${" in what others wrote is none of our slots. */
static void
add_literal_quoted(struct buf *into, const char *text)
{
	struct buf literal;

	buf_init(&literal, into->ceiling);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '{' && p > text && p[-1] == '$')
			buf_add_char(&literal, '$');
		buf_add_char(&literal, *p);
	}
	yaml_text_add_quoted(into, literal.length > 0 ? literal.bytes : "", literal.length);
	buf_fini(&literal);
}

void
openapi_add_json(struct buf *into, const cJSON *value)
{
	const cJSON *item;

	if (cJSON_IsString(value))
		add_literal_quoted(into, value->valuestring);
	else if (cJSON_IsNumber(value))
		add_number(into, value->valuedouble);
	else if (cJSON_IsBool(value) || cJSON_IsNull(value))
		buf_add_text(into, cJSON_IsNull(value) ? "null" : cJSON_IsTrue(value) ? "true" : "false");
	else {
		buf_add_char(into, cJSON_IsObject(value) ? '{' : '[');
		cJSON_ArrayForEach(item, value)
		{
			if (item != value->child)
				buf_add_text(into, ", ");
			if (cJSON_IsObject(value)) {
				add_literal_quoted(into, item->string);
				buf_add_text(into, ": ");
			}
			openapi_add_json(into, item);
		}
		buf_add_char(into, cJSON_IsObject(value) ? '}' : ']');
	}
}

const char *
openapi_text_of(struct openapi *api, const cJSON *value)
{
	struct buf text;

	if (cJSON_IsString(value))
		return arena_strdup(&api->draft->arena, value->valuestring);
	buf_init(&text, TEXT_MAX);
	if (cJSON_IsNumber(value))
		add_number(&text, value->valuedouble);
	else if (cJSON_IsBool(value))
		buf_add_text(&text, cJSON_IsTrue(value) ? "true" : "false");
	const char *copy = arena_strndup(&api->draft->arena, text.length > 0 ? text.bytes : "", text.length);

	buf_fini(&text);
	return copy;
}
