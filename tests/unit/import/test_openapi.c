#include "unit/import/importing.h"

#include <stdio.h>

#include "base/check.h"

static const char shop[] =
	"openapi: 3.0.3\n"
	"info: {title: Shop API, version: '1'}\n"
	"servers:\n"
	"  - url: http://{region}.shop.example:8080/v1/\n"
	"    variables: {region: {default: eu, enum: [eu, us]}}\n"
	"  - {url: 'http://staging.example'}\n"
	"security: [{token: []}]\n"
	"paths:\n"
	"  /items:\n"
	"    get:\n"
	"      operationId: listItems\n"
	"      security: []\n"
	"      parameters:\n"
	"        - {name: limit, in: query, schema: {type: integer, default: 20}}\n"
	"        - {name: tags, in: query, required: true, schema: {type: array, items: {type: string, enum: [a b, c]}}}\n"
	"        - {name: ids, in: query, explode: false, example: [1, 2], schema: {type: array}}\n"
	"        - {name: filter, in: query, style: deepObject, example: {color: red}, schema: {type: object}}\n"
	"        - {name: hidden, in: query, schema: {type: string}}\n"
	"        - {name: X-Trace, in: header, required: true, schema: {type: string, format: uuid}}\n"
	"        - {name: lang, in: cookie, example: de, schema: {type: string}}\n"
	"    post:\n"
	"      requestBody:\n"
	"        required: true\n"
	"        content:\n"
	"          application/xml: {example: <a/>}\n"
	"          application/json: {schema: {$ref: '#/components/schemas/Item'}}\n"
	"  /items/{id}:\n"
	"    parameters:\n"
	"      - $ref: '#/components/parameters/id'\n"
	"    get: {deprecated: true}\n"
	"    put:\n"
	"      requestBody:\n"
	"        content:\n"
	"          application/x-www-form-urlencoded:\n"
	"            schema: {type: object, properties: {a b: {type: string, example: 'c&d'}, n: {type: integer, minimum: 5}}}\n"
	"    patch:\n"
	"      requestBody: {required: true, content: {multipart/form-data: {schema: {type: object}}}}\n"
	"  /broken/{nobody}:\n"
	"    get: {}\n"
	"  /away: {$ref: 'other.yaml#/x'}\n"
	"components:\n"
	"  parameters:\n"
	"    id: {name: id, in: path, required: true, schema: {type: integer, minimum: 10, exclusiveMinimum: true}}\n"
	"  securitySchemes:\n"
	"    token: {type: http, scheme: bearer}\n"
	"  schemas:\n"
	"    Base: {type: object, required: [id], properties: {id: {type: string, readOnly: true}, name: {type: string, minLength: 6}}}\n"
	"    Item:\n"
	"      allOf:\n"
	"        - {$ref: '#/components/schemas/Base'}\n"
	"        - type: object\n"
	"          properties:\n"
	"            price: {type: number, exclusiveMinimum: 0.5, multipleOf: 0.25}\n"
	"            at: {type: [string, 'null'], format: date-time}\n"
	"            kind: {oneOf: [{const: x}, {const: y}]}\n"
	"            next: {$ref: '#/components/schemas/Item'}\n"
	"            sizes: {type: array, minItems: 2, items: {type: integer, maximum: 0}}\n"
	"            on: {type: boolean}\n"
	"            template: {type: string, example: 'a${b}'}\n";

static const struct plan_request *
request_named(const struct imported *imported, const char *name)
{
	for (size_t i = 0; i < imported->plan->requests_n; i++)
		if (strcmp(imported->plan->requests[i].name, name) == 0)
			return &imported->plan->requests[i];
	fail_msg("there is no request '%s':\n%s", name, imported->import.profile.bytes);
	return NULL;
}

static void
test_what_reads_is_a_request_with_the_descriptions_values(void **state)
{
	struct imported imported = import_text("openapi", NULL, shop);

	(void)state;
	if (imported.plan == NULL)
		fail_msg("%s", imported.err.message);
	assert_string_equal(imported.plan->name, "shop-api");
	assert_string_equal(imported.plan->target.url.host, "eu.shop.example");
	assert_int_equal(imported.plan->target.url.port, 8080);
	assert_int_equal(imported.plan->requests_n, 2);
	const struct plan_request *list = request_named(&imported, "listItems"),
				  *item = request_named(&imported, "v1-items-11");

	assert_string_equal(list->path, "/v1/items?limit=20&tags=a%20b&ids=1,2&filter[color]=red");
	assert_string_equal(header_of(list, "X-Trace"), "3fa85f64-5717-4562-b3fc-2c963f66afa6");
	assert_string_equal(header_of(list, "Cookie"), "lang=de");
	assert_null(header_of(list, "Authorization"));
	assert_string_equal(item->path, "/v1/items/11");
	assert_string_equal(header_of(item, "Authorization"), "Bearer s");
	assert_non_null(strstr(imported.import.profile.bytes, "  # deprecated\n"));
	assert_non_null(strstr(imported.import.profile.bytes, "\n#   - name: post-v1-items\n#     post: /v1/items\n"));
	assert_true(notes_say(&imported, "/broken/{nobody} is left out: no parameter says"));
	assert_true(notes_say(&imported, "/away is left out: its $ref does not lead anywhere"));
	assert_true(notes_say(
		&imported, "PATCH /v1/items/11 is left out: nobody here can make a body of type multipart/form-data"));
	assert_true(notes_say(&imported, "2 requests that would change something at the server"));
	imported_free(&imported);
}

static void
test_bodies_are_made_of_schemas(void **state)
{
	struct imported imported = import_text("openapi", &(struct import_options){.modes = IMPORT_WRITES}, shop);
	const struct plan_request *post = request_named(&imported, "post-v1-items"),
				  *put = request_named(&imported, "put-v1-items-11");

	(void)state;
	assert_non_null(strstr(post->body, "\"name\":\"textxx\""));
	assert_non_null(strstr(post->body, "\"price\":1.5"));
	assert_non_null(strstr(post->body, "\"at\":\"2024-01-31T12:00:00Z\""));
	assert_non_null(strstr(post->body, "\"kind\":\"x\""));
	assert_non_null(strstr(post->body, "\"sizes\":[0,0]"));
	assert_non_null(strstr(post->body, "\"on\":true"));
	assert_non_null(strstr(post->body, "\"template\":\"a$${b}\""));
	assert_null(strstr(post->body, "\"id\""));
	assert_string_equal(header_of(post, "Content-Type"), "application/json");
	assert_string_equal(put->body, "a%20b=c%26d&n=5");
	assert_string_equal(header_of(put, "Content-Type"), "application/x-www-form-urlencoded");
	imported_free(&imported);
}

static void
test_a_description_in_json_with_a_server_from_elsewhere(void **state)
{
	static const char text[] =
		"{\"openapi\": \"3.1.0\", \"servers\": [{\"url\": \"/api\"}], \"paths\": {\"/a\": {\"get\": {\"security\": [{\"k\": []}]}}},"
		"\"components\": {\"securitySchemes\": {\"k\": {\"type\": \"apiKey\", \"in\": \"query\", \"name\": \"key\"}}}}";
	struct imported imported = import_text("openapi", NULL, text);

	(void)state;
	assert_null(imported.plan);
	assert_true(notes_say(&imported, "no server is named; say where to send, --url"));
	imported_free(&imported);
	imported = import_text("openapi", &(struct import_options){.url = "http://127.0.0.1:1"}, text);
	assert_string_equal(imported.plan->requests[0].path, "/api/a?key=s");
	imported_free(&imported);
}

static void
test_what_refers_to_itself_ends(void **state)
{
	static const char text[] =
		"openapi: 3.0.0\nservers: [{url: 'http://h'}]\npaths:\n  /a:\n    post:\n      requestBody:\n        content:\n"
		"          application/json: {schema: {$ref: '#/components/schemas/A'}}\n"
		"components:\n  schemas:\n    A: {type: object, required: [a, b, c], properties: {a: {$ref: '#/components/schemas/A'}, "
		"b: {$ref: '#/components/schemas/A'}, c: {$ref: '#/components/schemas/C'}}}\n    C: {$ref: '#/components/schemas/C'}\n";
	struct imported imported = import_text(
		"openapi", &(struct import_options){.modes = IMPORT_WRITES, .out = "/tmp/none/x.yaml"}, "x: 1");

	(void)state;
	assert_null(imported.plan);
	assert_non_null(strstr(imported.err.message, "it has no member 'openapi'"));
	imported_free(&imported);
	imported = import_text("openapi", &(struct import_options){.modes = IMPORT_WRITES}, text);
	assert_null(imported.plan); /* its body would be long, and there is no file to put it into */
	assert_non_null(strstr(imported.err.message, "--out FILE"));
	assert_true(notes_say(&imported, "so large that some examples were made in part"));
	imported_free(&imported);
}

static void
test_other_versions_get_their_sentence(void **state)
{
	static const char *const rows[][2] = {{"swagger: '2.0'", "this is Swagger 2.0"},
		{"openapi: 4.0.0", "OpenAPI 4.0.0 is not known"}, {"openapi: 3.0.0\npaths: {}", "no request in it"},
		{"", "empty"}, {"- a", "a map is wanted"},
		{"openapi: 3.0.0\nservers: [{url: 'http://h'}]\npaths: {/a: {post: {}}}",
			"every request in it changes something"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imported imported = import_text("openapi", NULL, rows[i][0]);

		assert_null(imported.plan);
		if (strstr(imported.err.message, rows[i][1]) == NULL)
			fail_msg("'%s' does not say '%s'", imported.err.message, rows[i][1]);
		imported_free(&imported);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_reads_is_a_request_with_the_descriptions_values),
		cmocka_unit_test(test_bodies_are_made_of_schemas),
		cmocka_unit_test(test_a_description_in_json_with_a_server_from_elsewhere),
		cmocka_unit_test(test_what_refers_to_itself_ends),
		cmocka_unit_test(test_other_versions_get_their_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
