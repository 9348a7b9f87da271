#include "campaign/announce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "campaign/child.h"
#include "campaign/fetch.h"
#include "measure/json.h"
#include "plan/plan.h"

#define STOP_NS (2 * NS_PER_S) /* from SIGTERM to SIGKILL */
#define BODY_CEILING ((size_t)4096)

/* The child inherits them; what stands in them is no secret. */
static void
set_environment(const struct announcement *what, bool is_on)
{
	char from[32], to[32];
	const struct {
		const char *name, *value;
	} all[] = {{"BRUNT_CANARY", what->event}, {"BRUNT_CANARY_FROM", from}, {"BRUNT_CANARY_TO", to},
		{"BRUNT_CANARY_REASON", what->reason}};

	snprintf(from, sizeof(from), "%.10g%%", what->from * 100);
	snprintf(to, sizeof(to), "%.10g%%", what->to * 100);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		CHECK_OP(is_on ? setenv(all[i].name, all[i].value, 1) : unsetenv(all[i].name), ==, 0);
}

static void
run_command(
	uv_loop_t *loop, const struct plan_announce *plan, const struct announcement *what, struct hook_record *record)
{
	const struct child_config config = {.command = plan->command.text,
		.shown = plan->command.shown,
		.within_ns = plan->within_ns,
		.stop_ns = STOP_NS};
	struct child child = {0};
	struct error err = {0};
	char fate[80];

	set_environment(what, true);
	bool is_started = child_start(&child, loop, &config, &err);

	set_environment(what, false);
	child_wait(&child, loop, NULL);
	child_clear_group(&child, loop);
	record->has_failed = !is_started || !child_has_succeeded(&child);
	if (record->has_failed)
		snprintf(record->text, sizeof(record->text), "'%.60s' %.80s", plan->command.shown,
			is_started ? child_fate_text(&child, fate, sizeof(fate)) : err.message);
}

struct asking {
	struct fetch_answer answer;
	bool is_over;
};

static void
on_answer(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct asking *asking = context;

	(void)fetch;
	asking->answer = *answer;
	asking->is_over = true;
}

/* What a webhook is told where the profile has no words of its own. */
static void
add_body(struct buf *body, const struct announcement *what)
{
	json_open(body, NULL, '{');
	json_add_text(body, "event", what->event);
	json_add_text(body, "name", what->name);
	json_add_double(body, "from", what->from);
	json_add_double(body, "to", what->to);
	json_add_text(body, "reason", what->reason);
	json_close(body, '}');
}

static bool
has_content_type(const struct plan_list *headers)
{
	const struct plan_pair *pairs = headers->items;

	for (size_t i = 0; i < headers->n; i++)
		if (strcasecmp(pairs[i].name, "Content-Type") == 0)
			return true;
	return false;
}

static void
ask(uv_loop_t *loop, const struct plan_fetch *plan, struct hook_record *record)
{
	struct asking asking = {.is_over = false};
	struct fetch fetch;
	struct error err = {0};
	char said[FETCH_TEXT_MAX];
	bool is_ready = fetch_init(&fetch, loop, plan, on_answer, &asking, &err);

	if (is_ready && fetch_resolve(&fetch, &err)) {
		fetch_begin(&fetch);
		while (!asking.is_over)
			uv_run(loop, UV_RUN_ONCE);
		record->has_failed = !fetch_is_good(&fetch, &asking.answer);
		if (record->has_failed)
			snprintf(record->text, sizeof(record->text), "%.60s: %.150s", plan->place.shown,
				fetch_answer_text(&asking.answer, said, sizeof(said)));
	} else {
		record->has_failed = true;
		snprintf(record->text, sizeof(record->text), "%.150s", err.message);
	}
	if (!is_ready)
		return;
	fetch_close(&fetch);
	while (!fetch.is_closed)
		uv_run(loop, UV_RUN_ONCE);
	fetch_fini(&fetch);
}

static void
post(uv_loop_t *loop, const struct plan_fetch *plan, const struct announcement *what, struct hook_record *record)
{
	struct plan_fetch own = *plan;
	struct plan_pair *pairs = must_calloc(plan->headers.n + 1, sizeof(*pairs));
	size_t n = has_content_type(&plan->headers) ? 0 : 1;
	struct buf body;

	pairs[0] = (struct plan_pair){.name = "Content-Type", .value = "application/json"};
	buf_init(&body, BODY_CEILING);
	if (own.body == NULL) {
		add_body(&body, what);
		own.body = body.bytes;
	}
	if (plan->headers.n > 0)
		memcpy(&pairs[n], plan->headers.items, plan->headers.n * sizeof(*pairs));
	own.headers.items = pairs;
	own.headers.n = n + plan->headers.n;
	ask(loop, &own, record);
	buf_fini(&body);
	free(pairs);
}

void
announce(uv_loop_t *loop, const struct plan_announce *plan, const struct announcement *what, struct hook_record *record)
{
	int64_t began_ns = clock_now_ns(&monotonic_clock);

	*record = (struct hook_record){
		.was_run = plan->command.text != NULL || plan->fetch.place.shown != NULL, .took_ns = -1};
	if (plan->command.text != NULL)
		run_command(loop, plan, what, record);
	if (plan->fetch.place.shown != NULL && !record->has_failed)
		post(loop, &plan->fetch, what, record);
	if (record->was_run)
		record->took_ns = clock_now_ns(&monotonic_clock) - began_ns;
}
