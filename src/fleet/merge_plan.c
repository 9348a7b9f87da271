#include "fleet/merge_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "campaign/stored.h"

/* The profile that all shards had, read where its files and secrets need not be. */

static const char *
text_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* Whom the load was sent to is only shown. */
static void
name_target(struct plan *plan, const cJSON *target)
{
	struct plan_backend *backends = plan->target.backends.items;
	const cJSON *urls = cJSON_GetObjectItemCaseSensitive(target, "urls"), *item;
	const char *url = text_of(target, "url");
	size_t i = 0;

	if (url != NULL)
		backends[0].url.text = arena_strdup(&plan->arena, url);
	cJSON_ArrayForEach(item, urls)
	{
		const char *text = cJSON_IsString(item) ? item->valuestring : text_of(item, "url");

		if (i < plan->target.backends.n && text != NULL)
			backends[i].url.text = arena_strdup(&plan->arena, text);
		i++;
	}
	plan->target.url.text = backends[0].url.text;
}

/* As it was written by the shard, so that it is the same profile to whoever compares. */
static bool
keep_profile(struct plan *plan, const struct stored_shard *shard, const cJSON *profile, struct error *err)
{
	char path[PATH_MAX];
	size_t length;

	snprintf(path, sizeof(path), "%.*s/profile.yaml", PATH_MAX - 16, shard->dir);
	char *yaml = file_read(path, PLAN_FILE_CEILING, &length, err);
	char *json = yaml != NULL ? cJSON_PrintUnformatted(profile) : NULL;

	if (yaml == NULL)
		return false;
	CHECK(json != NULL);
	plan->effective_yaml = arena_strndup(&plan->arena, yaml, length);
	plan->effective_json = arena_strdup(&plan->arena, json);
	snprintf(plan->hash, sizeof(plan->hash), "%s", shard->hash);
	free(yaml);
	cJSON_free(json);
	return true;
}

static struct plan *
load_without_files(const struct stored_shard *shard, const struct plan_tables *tables, struct error *err)
{
	struct stored_run run;

	if (!stored_open(&run, shard->dir, err))
		return NULL;
	struct plan *plan = stored_plan(&run, tables, err);

	if (plan != NULL && !keep_profile(plan, shard, run.profile, err)) {
		plan_free(plan);
		plan = NULL;
	}
	if (plan != NULL)
		name_target(plan, cJSON_GetObjectItemCaseSensitive(run.profile, "target"));
	stored_close(&run);
	return plan;
}

struct plan *
merge_load_plan(const struct stored_shard *shards, uint32_t n, const struct plan_tables *tables, struct error *err)
{
	const struct stored_shard *shard = &shards[0];
	struct error ignored = {0};
	char path[PATH_MAX];

	for (uint32_t i = 0; i < n && !shard->has_result; i++)
		shard = &shards[i];
	snprintf(path, sizeof(path), "%.*s/profile.yaml", PATH_MAX - 16, shard->dir);
	struct plan *plan = plan_load_file(path, NULL, 0, tables, shard->has_result ? &ignored : err);

	return plan != NULL || !shard->has_result ? plan : load_without_files(shard, tables, err);
}
