#include "daemon/load_words.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* JSON without its brackets and quotes is how people write a load. */
static void
say(const char *json, char *into, size_t size)
{
	size_t n = 0;

	for (; *json != '\0' && n + 2 < size; json++) {
		if (strchr("{}[]\"", *json) != NULL)
			continue;
		into[n++] = *json == ':' ? ' ' : *json;
		if (*json == ',')
			into[n++] = ' ';
	}
	into[n] = '\0';
}

const char *
load_words(const char *effective_json, char *into, size_t size)
{
	cJSON *root = cJSON_Parse(effective_json);
	const cJSON *load = cJSON_GetObjectItemCaseSensitive(root, "load");
	const cJSON *scenarios = cJSON_GetObjectItemCaseSensitive(root, "scenarios");
	char *text = load != NULL ? cJSON_PrintUnformatted(load) : NULL;

	snprintf(into, size, "%d scenarios", cJSON_GetArraySize(scenarios));
	if (text != NULL)
		say(text, into, size);
	cJSON_free(text);
	cJSON_Delete(root);
	return into;
}
