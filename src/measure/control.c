#include <math.h>
#include <string.h>

#include "base/check.h"
#include "measure/events.h"
#include "measure/interval_decode.h"
#include "measure/json_read.h"

static void
read_control(struct json_reader *r, const cJSON *tree, struct control *control)
{
	static const char *const names[] = {
		[CONTROL_LEVEL] = "level",
		[CONTROL_DRAIN] = "drain",
		[CONTROL_STOP] = "stop",
	};
	char name[16] = "";
	size_t kind = 0;

	json_must_have(r, tree, "control");
	json_read_text(r, tree, "control", name, sizeof(name));
	while (kind < ARRAY_LEN(names) && strcmp(name, names[kind]) != 0)
		kind++;
	if (kind == ARRAY_LEN(names)) {
		json_fail(r, "control", "level, drain or stop is wanted");
		return;
	}
	control->kind = (enum control_kind)kind;
	if (control->kind == CONTROL_LEVEL) {
		json_must_have(r, tree, "rate");
		json_read_double(r, tree, "rate", &control->level);
		if (!(control->level >= 0))
			json_fail(r, "rate", "a number not less than 0 is wanted");
	}
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
