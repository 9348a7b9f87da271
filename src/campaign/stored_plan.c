#include "campaign/stored.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* The profile of a run that is over, as far as its figures depend on it. */

/* Of these there is nothing but what figures depend on. */
static const char *const kept[] = {
	"name", "slo", "compare", "good_when", "output", "safe_share", "stop", "break_when", "generator", NULL};

static cJSON *
copy_of(const cJSON *value)
{
	cJSON *copy = cJSON_Duplicate(value, true);

	CHECK(copy != NULL);
	return copy;
}

static void
add(cJSON *object, const char *key, cJSON *value)
{
	CHECK(value != NULL && cJSON_AddItemToObject(object, key, value));
}

static void
keep(cJSON *into, const cJSON *from, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(from, key);

	if (value != NULL)
		add(into, key, copy_of(value));
}

/* Requests are told apart by their names; what they send is of no use any more. */
static cJSON *
names_of(const cJSON *requests)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *request;

	CHECK(list != NULL);
	cJSON_ArrayForEach(request, requests)
	{
		cJSON *one = cJSON_CreateObject();

		CHECK(one != NULL && cJSON_AddItemToArray(list, one));
		keep(one, request, "name");
		add(one, "get", cJSON_CreateString("/"));
	}
	return list;
}

static void
keep_requests(cJSON *into, const cJSON *from)
{
	static const char *const lists[] = {"requests", "flow"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (cJSON_GetObjectItemCaseSensitive(from, lists[i]) != NULL)
			add(into, lists[i], names_of(cJSON_GetObjectItemCaseSensitive(from, lists[i])));
}

/* A trace is a file that is gone by now; its load had no levels. */
static cJSON *
load_of(const cJSON *load)
{
	cJSON *copy = copy_of(load);

	if (cJSON_HasObjectItem(copy, "trace")) {
		cJSON_DeleteItemFromObjectCaseSensitive(copy, "trace");
		add(copy, "steady", cJSON_Parse("{\"rate\": \"1/s\", \"for\": \"1s\"}"));
	}
	return copy;
}

static void
keep_load(cJSON *into, const cJSON *from)
{
	const cJSON *load = cJSON_GetObjectItemCaseSensitive(from, "load");

	if (load != NULL)
		add(into, "load", load_of(load));
}

static cJSON *
scenario_of(const cJSON *scenario)
{
	cJSON *one = cJSON_CreateObject();

	CHECK(one != NULL);
	keep(one, scenario, "name");
	keep_load(one, scenario);
	keep_requests(one, scenario);
	return one;
}

/* A map of names, or a list. */
static void
keep_scenarios(cJSON *into, const cJSON *from)
{
	const cJSON *scenarios = cJSON_GetObjectItemCaseSensitive(from, "scenarios"), *scenario;

	if (scenarios == NULL)
		return;
	cJSON *copies = cJSON_IsArray(scenarios) ? cJSON_CreateArray() : cJSON_CreateObject();

	CHECK(copies != NULL);
	cJSON_ArrayForEach(scenario, scenarios)
	{
		if (cJSON_IsArray(scenarios))
			CHECK(cJSON_AddItemToArray(copies, scenario_of(scenario)));
		else
			add(copies, scenario->string, scenario_of(scenario));
	}
	add(into, "scenarios", copies);
}

/* Where the target was is no matter, but which of its backends is meant is in the journal. */
static void
add_urls(cJSON *target, int n)
{
	if (n == 0) {
		add(target, "url", cJSON_CreateString("http://localhost"));
		return;
	}
	cJSON *urls = cJSON_CreateArray();

	CHECK(urls != NULL);
	for (int i = 0; i < n; i++) {
		char url[48];

		snprintf(url, sizeof(url), "http://localhost:%d", 1 + i);
		CHECK(cJSON_AddItemToArray(urls, cJSON_CreateString(url)));
	}
	add(target, "urls", urls);
}

static void
keep_target(cJSON *into, const cJSON *from)
{
	const cJSON *target = cJSON_GetObjectItemCaseSensitive(from, "target");
	cJSON *one = cJSON_CreateObject();

	CHECK(one != NULL);
	add_urls(one, cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(target, "urls")));
	keep(one, target, "timeout");
	keep(one, target, "connect_timeout");
	if (cJSON_HasObjectItem(target, "watch") || cJSON_HasObjectItem(target, "command"))
		add(one, "watch", cJSON_Parse("{\"port\": 1}"));
	add(into, "target", one);
}

static cJSON *
endpoint_of(const cJSON *endpoint)
{
	cJSON *one = cJSON_CreateObject();

	CHECK(one != NULL);
	add(one, "url", cJSON_CreateString("/"));
	keep(one, endpoint, "metrics");
	return one;
}

static void
keep_scrape(cJSON *into, const cJSON *from)
{
	const cJSON *scrape = cJSON_GetObjectItemCaseSensitive(from, "scrape"), *endpoint;

	if (cJSON_IsObject(scrape))
		add(into, "scrape", endpoint_of(scrape));
	if (!cJSON_IsArray(scrape))
		return;
	cJSON *list = cJSON_CreateArray();

	CHECK(list != NULL);
	cJSON_ArrayForEach(endpoint, scrape) CHECK(cJSON_AddItemToArray(list, endpoint_of(endpoint)));
	add(into, "scrape", list);
}

/* JSON is YAML. */
struct plan *
stored_plan(const struct stored_run *run, const struct plan_tables *tables, struct error *err)
{
	cJSON *profile = cJSON_CreateObject();
	char name[PATH_MAX + 32];

	CHECK(profile != NULL);
	keep_target(profile, run->profile);
	for (size_t i = 0; kept[i] != NULL; i++)
		keep(profile, run->profile, kept[i]);
	keep_load(profile, run->profile);
	keep_requests(profile, run->profile);
	keep_scenarios(profile, run->profile);
	keep_scrape(profile, run->profile);
	char *text = cJSON_PrintUnformatted(profile);

	CHECK(text != NULL);
	snprintf(name, sizeof(name), "the profile in %s", run->result);
	struct plan *plan = plan_load_text(text, strlen(text), name, NULL, 0, tables, err);

	cJSON_free(text);
	cJSON_Delete(profile);
	return plan;
}
