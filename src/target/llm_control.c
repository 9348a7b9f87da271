#include "target/llm_control.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"

static const char json_type[] = "Content-Type: application/json\r\n";

/* Something that takes its time: at due_ns, or when all of its chores are done. */
struct operation {
	struct list node;
	struct llm *llm;
	struct httpd_request *request; /* NULL: its client is gone */
	int64_t arrival_ns, due_ns;    /* due INT64_MAX: as its chores go */
	void (*finish)(struct operation *operation);
	uint64_t owner; /* whose cache; 0: all */
	char model[LLM_NAME_MAX + 1];
	struct reload *reloads;
	size_t reloads_left;
};

struct reload {
	struct chore chore;
	struct operation *operation;
	struct worker *worker;
};

static struct operation *
operation_new(struct llm *l, struct httpd_request *request, void (*finish)(struct operation *operation))
{
	struct operation *op = must_alloc(sizeof(*op));

	op->llm = l;
	op->request = request;
	op->arrival_ns = request->arrival_ns;
	op->due_ns = INT64_MAX;
	op->finish = finish;
	list_add_last(&l->operations, &op->node);
	return op;
}

/* Its answer, if anybody waits for it, and its end. */
static void
operation_answer(struct operation *op, const char *status, uint64_t tokens, int64_t at_ns)
{
	char text[256];
	int length = snprintf(text, sizeof(text),
		"{\"status\":\"%s\",\"model\":\"%s\",\"tokens\":%" PRIu64 ",\"took_ms\":%.3f}\n", status,
		op->llm->model_name, tokens, (double)(at_ns - op->arrival_ns) / (double)NS_PER_MS);

	if (op->request != NULL)
		httpd_answer_text(op->request, 200, json_type, text, (size_t)length);
	list_remove(&op->node);
	free(op->reloads);
	free(op);
}

static void
refuse(struct httpd_request *request, int status, const char *message)
{
	char text[256];
	int length = snprintf(text, sizeof(text), "{\"error\":{\"message\":\"%s\"}}\n", message);

	httpd_answer_text(request, status, json_type, text, (size_t)length);
}

/* The text of one field; empty: there is none. False if the body is something else, and is told so. */
static bool
read_field(struct httpd_request *request, const char *name, char *into, size_t size)
{
	cJSON *body = request->body_length > 0 ? cJSON_ParseWithLength(request->body, request->body_length)
					       : cJSON_CreateObject();
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
	bool is_good = cJSON_IsObject(body) && (item == NULL || cJSON_IsString(item));

	into[0] = '\0';
	if (is_good && item != NULL)
		is_good = snprintf(into, size, "%s", item->valuestring) < (int)size;
	cJSON_Delete(body);
	if (!is_good)
		refuse(request, 400, "the body is not what is wanted");
	return is_good;
}

/* ---- another model ---- */

static void
on_chore_done(struct chore *chore, int64_t at_ns)
{
	struct reload *c = container_of(chore, struct reload, chore);
	struct operation *op = c->operation;

	cache_clear(&c->worker->cache);
	c->worker->engine.is_loaded = true;
	if (--op->reloads_left > 0)
		return;
	snprintf(op->llm->model_name, sizeof(op->llm->model_name), "%s", op->model);
	op->llm->counts.swaps++;
	operation_answer(op, "loaded", 0, at_ns);
}

void
control_load_model(struct llm *l, struct httpd_request *request)
{
	char model[LLM_NAME_MAX + 1];

	if (!read_field(request, "model", model, sizeof(model)))
		return;
	if (strspn(model, LLM_NAME_BYTES) != strlen(model) || model[0] == '\0') {
		refuse(request, 400, "model: a name of letters, digits, - . _ / : is wanted");
		return;
	}
	struct operation *op = operation_new(l, request, NULL);

	memcpy(op->model, model, sizeof(model));
	op->reloads = must_calloc(l->worker_count, sizeof(*op->reloads));
	op->reloads_left = l->worker_count;
	for (size_t i = 0; i < l->worker_count; i++) {
		op->reloads[i] = (struct reload){.operation = op, .worker = &l->workers[i]};
		op->reloads[i].chore.arrival_ns = request->arrival_ns;
		op->reloads[i].chore.length_ns = l->options->swap_ns;
		op->reloads[i].chore.on_done = on_chore_done;
		list_init(&op->reloads[i].chore.node);
		engine_do(&l->workers[i].engine, &op->reloads[i].chore);
	}
	llm_set_wake(l);
}

/* ---- the caches ---- */

static bool
read_owner(struct httpd_request *request, uint64_t *owner)
{
	char key[256];

	if (!read_field(request, "session_id", key, sizeof(key)))
		return false;
	*owner = key[0] != '\0' ? prompt_hash(key, strlen(key)) : 0;
	return true;
}

static size_t
count_cached(const struct llm *l, uint64_t owner)
{
	size_t blocks = 0;

	for (size_t i = 0; i < l->worker_count; i++)
		blocks += owner != 0 ? cache_count(&l->workers[i].cache, owner) : l->workers[i].cache.used;
	return blocks;
}

static size_t
save_all(struct llm *l, uint64_t owner)
{
	struct error err = {0};
	char text[1400];
	size_t blocks = 0;

	saved_forget(&l->saved, owner);
	for (size_t i = 0; i < l->worker_count; i++)
		blocks += saved_take(&l->saved, &l->workers[i].cache, owner);
	if (l->options->state_path != NULL && !saved_write(&l->saved, l->options->state_path, &err))
		log_error("target: %s", error_text(&err, text, sizeof(text)));
	return blocks;
}

static size_t
load_all(struct llm *l, uint64_t owner)
{
	size_t blocks = 0;

	for (size_t i = 0; i < l->saved.count; i++) {
		const struct cache_entry *e = &l->saved.entries[i];

		if (owner != 0 && e->owner != owner)
			continue;
		cache_add(&l->workers[e->owner % l->worker_count].cache, e->owner, &e->hash, 1);
		blocks++;
	}
	return blocks;
}

static void
finish_save(struct operation *op)
{
	operation_answer(op, "saved", CACHE_BLOCK_TOKENS * save_all(op->llm, op->owner), op->due_ns);
}

static void
finish_load(struct operation *op)
{
	operation_answer(op, "loaded", CACHE_BLOCK_TOKENS * load_all(op->llm, op->owner), op->due_ns);
}

static void
start_timed(struct llm *l, struct httpd_request *request, uint64_t owner, int64_t takes_ns,
	void (*finish)(struct operation *operation))
{
	struct operation *op = operation_new(l, request, finish);

	op->owner = owner;
	op->due_ns = op->arrival_ns + takes_ns;
	llm_set_wake(l);
}

void
control_save_cache(struct llm *l, struct httpd_request *request)
{
	uint64_t owner;

	if (read_owner(request, &owner))
		start_timed(l, request, owner,
			(int64_t)(CACHE_BLOCK_TOKENS * count_cached(l, owner)) * l->options->save_per_token_ns,
			finish_save);
}

void
control_load_cache(struct llm *l, struct httpd_request *request)
{
	uint64_t owner;

	if (!read_owner(request, &owner))
		return;
	size_t blocks = saved_count(&l->saved, owner);

	if (blocks == 0)
		refuse(request, 404, "nothing was saved");
	else
		start_timed(l, request, owner, (int64_t)(CACHE_BLOCK_TOKENS * blocks) * l->options->load_per_token_ns,
			finish_load);
}

void
control_clear_cache(struct llm *l, struct httpd_request *request)
{
	static const char done[] = "{\"status\":\"cleared\"}\n";

	for (size_t i = 0; i < l->worker_count; i++)
		cache_clear(&l->workers[i].cache);
	httpd_answer_text(request, 200, json_type, done, sizeof(done) - 1);
}

/* ---- time ---- */

void
control_forget(struct llm *l, const struct httpd_request *request)
{
	for (struct list *n = l->operations.next; n != &l->operations; n = n->next) {
		struct operation *op = container_of(n, struct operation, node);

		if (op->request == request)
			op->request = NULL;
	}
}

/* Few at a time: a walk will do. */
static struct operation *
first_due(const struct llm *l)
{
	struct operation *first = NULL;

	for (const struct list *n = l->operations.next; n != &l->operations; n = n->next) {
		struct operation *op = container_of(n, struct operation, node);

		if (op->due_ns != INT64_MAX && (first == NULL || op->due_ns < first->due_ns))
			first = op;
	}
	return first;
}

int64_t
control_next_ns(const struct llm *l)
{
	const struct operation *op = first_due(l);

	return op != NULL ? op->due_ns : INT64_MAX;
}

void
control_run(struct llm *l, int64_t at_ns)
{
	struct operation *op;

	while ((op = first_due(l)) != NULL && op->due_ns <= at_ns)
		op->finish(op);
}

bool
control_restore(struct llm *l, struct error *err)
{
	if (l->options->state_path == NULL)
		return true;
	if (!saved_read(&l->saved, l->options->state_path, err))
		return false;
	l->ready_ns += (int64_t)(CACHE_BLOCK_TOKENS * load_all(l, 0)) * l->options->load_per_token_ns;
	return true;
}

int64_t
control_save_at_end(struct llm *l)
{
	if (l->options->state_path == NULL)
		return 0;
	return (int64_t)(CACHE_BLOCK_TOKENS * save_all(l, 0)) * l->options->save_per_token_ns;
}

void
control_free(struct llm *l)
{
	while (!list_is_empty(&l->operations)) {
		struct operation *op = container_of(l->operations.next, struct operation, node);

		list_remove(&op->node);
		free(op->reloads);
		free(op);
	}
	saved_fini(&l->saved);
}
