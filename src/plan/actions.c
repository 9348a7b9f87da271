#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/course.h"
#include "plan/names.h"
#include "plan/rows.h"

/* Signals that make sense to send to a server. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{"TERM", SIGTERM},
	{"KILL", SIGKILL},
	{"STOP", SIGSTOP},
	{"CONT", SIGCONT},
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"USR1", SIGUSR1},
	{"USR2", SIGUSR2},
};

static bool
find_signal(const struct plan_node *node, const char *name, int *number, struct error *err)
{
	struct names names = {.n = 0};
	char advice[256];
	const char *bare = strncmp(name, "SIG", 3) == 0 ? name + 3 : name;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		names_add(&names, signals[i].name);
		if (strcmp(bare, signals[i].name) == 0) {
			*number = signals[i].number;
			return true;
		}
	}
	return plan_error(node, err, "signal: '%.64s' is not one of those%s", node->source,
		names_advice(&names, bare, advice, sizeof(advice)));
}

/* "target", or the path of a pid file. */
static bool
compile_signal(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	const struct action_row *row, struct plan_action *action, struct error *err)
{
	const struct plan_node *to = node_get(item, "to");

	action->kind = ACTION_SIGNAL;
	if (!find_signal(node_get(item, "signal"), row->signal, &action->signal, err))
		return false;
	if (strcmp(row->to, "target") != 0)
		action->pid_file = row->to;
	else if (target->process.command == NULL && target->watch.pid == 0 && target->watch.pid_file == NULL)
		return plan_error(to ? to : item, err,
			"to: which process the target is, nobody knows; write target.command, target.watch.pid or "
			"target.watch.pid_file, or a pid file here");
	action->name = arena_printf(context->arena, "%s to %s", row->signal, row->to);
	return true;
}

static bool
compile_cap(struct plan_context *context, const struct plan_node *node, const struct plan_target *target,
	const struct action_row *row, struct plan_action *action, struct error *err)
{
	char cpu[48] = "", memory[48] = "", lasts[48] = "", text[32];

	action->kind = ACTION_CAP;
	action->cap = row->cap;
	action->for_ns = row->for_ns;
	if (row->cap.cpu <= 0 && row->cap.memory_bytes == 0)
		return plan_error(node, err, "cap: to what? write {cpu: 0.5}, {memory: 256MiB} or both");
	if (target->process.command == NULL && !target->has_watch)
		return plan_error(node, err,
			"cap: which process the target is, nobody knows; write target.command or target.watch");
	if (row->cap.cpu > 0)
		snprintf(cpu, sizeof(cpu), ", %.4g cores", row->cap.cpu);
	if (row->cap.memory_bytes > 0)
		snprintf(memory, sizeof(memory), ", %s",
			units_bytes_text((double)row->cap.memory_bytes, text, sizeof(text)));
	if (row->for_ns > 0)
		snprintf(lasts, sizeof(lasts), " for %s", units_time_text(row->for_ns, text, sizeof(text)));
	action->name =
		arena_printf(context->arena, "cap of %s%s%s", (cpu[0] ? cpu : memory) + 2, cpu[0] ? memory : "", lasts);
	return true;
}

static bool
is_of(enum plan_action_kind kind, const char *key)
{
	static const char *const keys[][6] = {
		[ACTION_RUN] = {"run", "within", "for", NULL},
		[ACTION_SIGNAL] = {"signal", "to", NULL},
		[ACTION_FETCH] = {"url", "method", "body", "status", "timeout", NULL},
		[ACTION_CAP] = {"cap", "for", NULL},
	};

	for (const char *const *k = keys[kind]; *k != NULL; k++)
		if (strcmp(*k, key) == 0)
			return true;
	return false;
}

/* Keys of another kind than this action is. */
static bool
check_keys(const struct plan_node *item, enum plan_action_kind kind, struct error *err)
{
	static const char *const kinds[] = {
		[ACTION_RUN] = "run", [ACTION_SIGNAL] = "signal", [ACTION_FETCH] = "url", [ACTION_CAP] = "cap"};

	for (const struct plan_node *key = item->first; key != NULL; key = key->next) {
		if (strcmp(key->key, "at") == 0 || strcmp(key->key, "name") == 0 || is_of(kind, key->key))
			continue;
		for (int other = ACTION_RUN; other <= ACTION_CAP; other++)
			if (is_of((enum plan_action_kind)other, key->key))
				return plan_error(key, err, "at: '%s' has no place beside '%s'", key->key, kinds[kind]);
	}
	return true;
}

static bool
compile_kind(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	const struct action_row *row, struct plan_action *action, struct error *err)
{
	if (row->run.text != NULL) {
		action->kind = ACTION_RUN;
		action->command = row->run;
		action->within_ns = row->for_ns > 0 ? row->for_ns : row->within_ns;
		action->for_ns = row->for_ns;
		if (row->for_ns > 0 && node_get(item, "within") != NULL)
			return plan_error(node_get(item, "within"), err,
				"within: 'for' says how long the command runs; it is ended then, and has not failed");
		action->name = row->run.shown;
	} else if (row->signal != NULL) {
		if (!compile_signal(context, item, target, row, action, err))
			return false;
	} else if (row->fetch.place.shown != NULL) {
		action->kind = ACTION_FETCH;
		action->fetch = row->fetch;
		course_place_fetch(context, target, &action->fetch);
		action->name = arena_printf(context->arena, "%s %s", row->fetch.method, row->fetch.place.shown);
	} else if (node_get(item, "cap") != NULL) {
		if (!compile_cap(context, node_get(item, "cap"), target, row, action, err))
			return false;
	} else
		return plan_error(item, err,
			"at: what is to be done then? write 'run: COMMAND', 'signal: TERM', 'url: URL' or 'cap: {cpu: 0.5}'");
	return check_keys(item, action->kind, err);
}

static bool
compile_action(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct plan_action *action, struct error *err)
{
	struct action_row row = {0};

	if (item->kind != NODE_MAP)
		return plan_error(item, err, "at: each is a map such as {at: 30s, run: \"systemctl restart llm\"}");
	if (!plan_parse_map(context, item, action_keys, NULL, &row, err))
		return false;
	for (const char *p = row.fetch.method; *p != '\0'; p++)
		if (!isalpha((unsigned char)*p))
			return plan_error(node_get(item, "method"), err, "method: '%s' is not one", row.fetch.method);
	action->at_ns = row.at_ns;
	action->line = item->line;
	action->column = item->column;
	if (!compile_kind(context, item, target, &row, action, err))
		return false;
	if (row.name != NULL)
		action->name = row.name;
	return true;
}

static int
by_time(const void *a, const void *b)
{
	const struct plan_action *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1; /* as they were written */
	return (x->column > y->column) - (x->column < y->column);
}

/* The one that is lifted first would put back what the other has set. */
static bool
check_caps(const struct plan_node *list, const struct plan_course *course, struct error *err)
{
	const struct plan_action *last = NULL;

	for (size_t i = 0; i < course->actions_n; i++) {
		const struct plan_action *action = &course->actions[i];

		if (action->kind != ACTION_CAP)
			continue;
		if (last != NULL && (last->for_ns == 0 || last->at_ns + last->for_ns >= action->at_ns))
			return error_at(err, list->file, action->line, action->column,
				"at: '%s' would begin while '%s' still stands; end that before it, with 'for'",
				action->name, last->name);
		last = action;
	}
	return true;
}

bool
course_compile_actions(struct plan_context *context, const struct plan_node *list, const struct plan_target *target,
	struct plan_course *course, struct error *err)
{
	if (list->kind != NODE_LIST || list->n == 0)
		return plan_error(list, err, "at: write a list such as [{at: 30s, run: \"systemctl restart llm\"}]");
	if (list->n > PLAN_ACTIONS_CEILING)
		return plan_error(list, err, "at: more than %zu actions", PLAN_ACTIONS_CEILING);
	course->actions = arena_alloc(context->arena, list->n * sizeof(*course->actions));
	for (const struct plan_node *item = list->first; item != NULL; item = item->next)
		if (!compile_action(context, item, target, &course->actions[course->actions_n++], err))
			return false;
	qsort(course->actions, course->actions_n, sizeof(*course->actions), by_time);
	return check_caps(list, course, err);
}
