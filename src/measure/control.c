#include <string.h>

#include "base/check.h"
#include "measure/events.h"
#include "measure/interval_decode.h"
#include "measure/json.h"
#include "measure/json_read.h"
#include "measure/summary.h"

static const char *const control_names[CONTROL_KIND_COUNT] = {
	[CONTROL_LEVEL] = "level",
	[CONTROL_DRAIN] = "drain",
	[CONTROL_STOP] = "stop",
	[CONTROL_START] = "start",
	[CONTROL_PAUSE] = "pause",
	[CONTROL_RESUME] = "resume",
	[CONTROL_END] = "end",
	[CONTROL_BEAT] = "beat",
};

static void
read_rate(struct json_reader *r, const cJSON *tree, struct control *control)
{
	json_must_have(r, tree, "rate");
	json_read_double(r, tree, "rate", &control->level);
	if (!(control->level >= 0))
		json_fail(r, "rate", "a number not less than 0 is wanted");
	json_read_i64(r, tree, "settle_ns", 0, EVENT_TIME_MAX_NS, &control->settle_ns);
	json_read_i64(r, tree, "for_ns", 0, EVENT_TIME_MAX_NS, &control->for_ns);
}

static void
read_resume(struct json_reader *r, const cJSON *tree, struct control *control)
{
	json_must_have(r, tree, "level");
	json_must_have(r, tree, "span");
	json_must_have(r, tree, "at_ns");
	json_read_u32(r, tree, "level", SUMMARY_LEVELS_MAX - 1, &control->first_level);
	json_read_u32(r, tree, "span", UINT32_MAX, &control->span);
}

static void
read_control(struct json_reader *r, const cJSON *tree, struct control *control)
{
	char name[16] = "";
	size_t kind = 0;

	json_must_have(r, tree, "control");
	json_read_text(r, tree, "control", name, sizeof(name));
	while (kind < CONTROL_KIND_COUNT && strcmp(name, control_names[kind]) != 0)
		kind++;
	if (kind == CONTROL_KIND_COUNT) {
		json_fail(r, "control", "level, drain or stop is wanted");
		return;
	}
	control->kind = (enum control_kind)kind;
	if (control->kind == CONTROL_LEVEL)
		read_rate(r, tree, control);
	else if (control->kind == CONTROL_RESUME)
		read_resume(r, tree, control);
	else if (control->kind == CONTROL_START)
		json_must_have(r, tree, "at_ns");
	json_read_i64(r, tree, "at_ns", -1, EVENT_TIME_MAX_NS, &control->at_ns);
}

bool
control_decode(const char *line, size_t length, struct control *control, struct error *err)
{
	struct json_reader r = {.err = err};
	struct control read = {.at_ns = -1};
	cJSON *tree = json_parse(&r, line, length, CONTROL_LINE_MAX);

	if (tree == NULL)
		return false;
	read_control(&r, tree, &read);
	cJSON_Delete(tree);
	if (!r.has_failed)
		*control = read;
	return !r.has_failed;
}

bool
control_encode(struct buf *into, const struct control *control)
{
	CHECK_OP(control->kind, <, CONTROL_KIND_COUNT);
	json_open(into, NULL, '{');
	json_add_text(into, "control", control_names[control->kind]);
	if (control->kind == CONTROL_LEVEL) {
		json_add_double(into, "rate", control->level);
		if (control->settle_ns > 0)
			json_add_i64(into, "settle_ns", control->settle_ns);
		if (control->for_ns > 0)
			json_add_i64(into, "for_ns", control->for_ns);
	}
	if (control->kind == CONTROL_RESUME) {
		json_add_u64(into, "level", control->first_level);
		json_add_u64(into, "span", control->span);
	}
	if (control->at_ns >= 0)
		json_add_i64(into, "at_ns", control->at_ns);
	json_close(into, '}');
	return buf_add_char(into, '\n');
}
