#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "daemon/sink_parts.h"
#include "daemon/sink_text.h"
#include "daemon/yield.h"

#define STOP_NS (2 * NS_PER_S) /* from SIGTERM to SIGKILL */
#define VARIABLES_MAX 16
#define VARIABLES_CEILING ((size_t)16 * 1024)

/* NAME=value after NAME=value in one buffer, each ended by a NUL; where they begin is in `list` once all are there. */
struct variables {
	struct buf text;
	size_t at[VARIABLES_MAX], n;
	const char *list[VARIABLES_MAX + 1];
};

__attribute__((format(printf, 3, 4))) static void
add(struct variables *variables, const char *name, const char *format, ...)
{
	va_list args;

	CHECK_OP(variables->n, <, VARIABLES_MAX);
	variables->at[variables->n++] = variables->text.length;
	buf_printf(&variables->text, "BRUNT_ALERT_%s=", name);
	va_start(args, format);
	buf_vprintf(&variables->text, format, args);
	va_end(args);
	buf_add_char(&variables->text, '\0');
}

static void
add_time(struct variables *variables, const char *name, int64_t wall_ns)
{
	char text[32];

	add(variables, name, "%s", wall_ns > 0 ? wall_text(wall_ns, text, sizeof(text)) : "");
}

static void
add_number(struct variables *variables, const char *name, double value)
{
	if (value == value) /* NAN: it is about none */
		add(variables, name, "%.10g", value);
	else
		add(variables, name, "%s", "");
}

static void
add_all(struct variables *variables, struct sink *sink, const struct notice *notice)
{
	const struct alert *alert = &notice->alert;

	buf_clear(&sink->body);
	CHECK(sink_text_json(&sink->body, notice));
	add(variables, "EVENT", "%s", notice->news == ALERT_RECOVERED ? "recovered" : "fired");
	add(variables, "NUMBER", "%" PRIu64, alert->number);
	add(variables, "RULE", "%s", alert->rule);
	add(variables, "SEVERITY", "%s", alert_severity_names[alert->severity]);
	add(variables, "NAME", "%s", alert->name);
	add(variables, "RUN", "%s", alert->run);
	add(variables, "TEXT", "%s", alert->text);
	add(variables, "ADVICE", "%s", alert->advice);
	add_number(variables, "VALUE", alert->value);
	add_number(variables, "THRESHOLD", alert->threshold);
	add_time(variables, "SINCE", alert->course.since_ns);
	add_time(variables, "ENDED_AT", alert->ended_ns);
	add(variables, "JSON", "%s", sink->body.bytes);
	CHECK(!variables->text.overflowed);
	for (size_t i = 0; i < variables->n; i++)
		variables->list[i] = variables->text.bytes + variables->at[i];
}

static bool
command_open(struct sink *sink, struct error *err)
{
	sink->child.is_closed = true;
	return sink->wish.command[0] != '\0' || error_set(err, "command: write a command for /bin/sh");
}

static void
on_child_exit(void *context, struct child *child)
{
	struct sink *sink = context;
	char text[80];

	sink_done(sink, child_has_succeeded(child) ? NULL : child_fate_text(child, text, sizeof(text)), false);
}

static void
command_send(struct sink *sink, const struct notice *notice)
{
	struct variables variables = {.n = 0};
	struct error err = {0};

	CHECK(notice != NULL);
	buf_init(&variables.text, VARIABLES_CEILING);
	add_all(&variables, sink, notice);
	const struct child_config config = {.command = sink->wish.command,
		.environment = variables.list,
		.shown = sink->wish.name,
		.is_silent = true,
		.within_ns = sink->wish.timeout_ns,
		.stop_ns = STOP_NS,
		.on_exit = on_child_exit,
		.context = sink};
	bool was_paused = yield_pause(); /* what an operator's command does is his to say */
	bool is_started = child_start(&sink->child, sink->loop, &config, &err);

	yield_resume(was_paused);
	buf_fini(&variables.text);
	if (!is_started)
		sink_done(sink, err.message, false);
}

static bool
command_is_ready(const struct sink *sink)
{
	return sink->child.is_closed;
}

static void
command_close(struct sink *sink)
{
	child_end(&sink->child);
}

static bool
command_is_closed(struct sink *sink)
{
	return sink->child.is_closed;
}

const struct sink_ops command_sink = {
	.name = "command",
	.help = "a command for /bin/sh, which is told by BRUNT_ALERT_EVENT, _RULE, _SEVERITY, _NAME, _TEXT, _JSON and more",
	.open = command_open,
	.send = command_send,
	.is_ready = command_is_ready,
	.close = command_close,
	.is_closed = command_is_closed,
};
