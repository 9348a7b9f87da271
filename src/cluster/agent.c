#include "cluster/agent.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "brunt_version.h"
#include "cluster/agent_parts.h"
#include "measure/verdict.h"

/* Who is asked: answers whoever looks for agents, says what its clock says, takes a shard when it has none. */
#define TICK_MS 100
/* Told to leave while it has a shard: so long for what that still has to say. */
#define LEAVE_LIMIT_NS (15 * NS_PER_S)

static void
answer_hello(struct agent *agent, const struct bus_message *message)
{
	const struct agent_options *options = agent->options;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct here here = {
		.cpus = cpus > 0 ? (uint32_t)cpus : 1,
		.is_busy = agent->duty.state != DUTY_NONE || agent->leaving_at_ns >= 0,
		.rate_per_s = options->ceilings.rate_per_s,
		.users = options->ceilings.users,
		.connections = options->ceilings.connections,
		.duration_s = ns_to_s(options->ceilings.duration_ns),
	};
	struct hello hello;
	struct error err = {0};
	struct buf text;

	if (message->reply[0] == '\0' || !hello_decode(message->data, message->length, &hello, &err))
		return;
	snprintf(here.agent, sizeof(here.agent), "%.*s", AGENT_NAME_MAX - 1, options->name);
	snprintf(here.instance, sizeof(here.instance), "%s", agent->instance);
	snprintf(here.brunt, sizeof(here.brunt), "%s", BRUNT_VERSION);
	snprintf(here.run, sizeof(here.run), "%s", agent->duty.state != DUTY_NONE ? agent->duty.ask.run : "");
	snprintf(here.allow, sizeof(here.allow), "%.255s", options->allow_shown);
	buf_init(&text, MESSAGE_MAX);
	here_encode(&text, &here);
	bus_say(agent->bus, message->reply, NULL, NULL, text.bytes, text.length);
	buf_fini(&text);
}

static void
answer_ping(struct agent *agent, const struct bus_message *message)
{
	struct ping ping;
	struct error err = {0};
	struct buf text;

	if (message->reply[0] == '\0' || !ping_decode(message->data, message->length, &ping, &err))
		return;
	snprintf(ping.agent, sizeof(ping.agent), "%.*s", AGENT_NAME_MAX - 1, agent->options->name);
	ping.heard_ns = message->at_ns;
	buf_init(&text, MESSAGE_MAX);
	ping.said_ns = bus_now_ns();
	ping_encode(&text, &ping);
	bus_say(agent->bus, message->reply, NULL, NULL, text.bytes, text.length);
	buf_fini(&text);
}

/* An offer that cannot be taken. */
static void
refuse(struct agent *agent, const struct ask *ask, const char *why)
{
	struct answer answer = {.shard = ask->shard};
	char subject[SUBJECT_MAX];
	struct buf text;

	snprintf(answer.agent, sizeof(answer.agent), "%.*s", AGENT_NAME_MAX - 1, agent->options->name);
	snprintf(answer.why, sizeof(answer.why), "%.200s", why);
	buf_init(&text, MESSAGE_MAX);
	answer_encode(&text, &answer);
	message_subject(subject, "brunt.run.%s.leader.answer", ask->run);
	bus_say(agent->bus, subject, NULL, NULL, text.bytes, text.length);
	buf_fini(&text);
}

static void
agent_on_ask(struct agent *agent, const struct bus_message *message)
{
	struct duty *duty = &agent->duty;
	struct ask ask;
	struct error err = {0};
	char why[128];

	if (!ask_decode(message->data, message->length, &ask, &err)) {
		log_warn("nats: what is asked of this agent makes no sense: %s", err.message);
		return;
	}
	bool is_known = duty->state != DUTY_NONE && strcmp(duty->ask.run, ask.run) == 0 && duty->ask.shard == ask.shard;

	if (is_known && duty->state == DUTY_READING) {
		duty->led_at_ns = message->at_ns;
	} else if (is_known) {
		duty_answer(agent, NULL);
	} else if (duty->state != DUTY_NONE || agent->leaving_at_ns >= 0) {
		snprintf(why, sizeof(why), "it is busy with %s", duty->state != DUTY_NONE ? duty->ask.run : "leaving");
		refuse(agent, &ask, why);
	} else if (strcmp(ask.brunt, BRUNT_VERSION) != 0) {
		snprintf(why, sizeof(why), "it is brunt %s, and who leads is %s", BRUNT_VERSION, ask.brunt);
		refuse(agent, &ask, why);
	} else if (ask.shards > FLEET_WORKERS_MAX) {
		refuse(agent, &ask, "there are more shards than can be led");
	} else {
		duty_begin(agent, &ask);
	}
	ask_fini(&ask);
}

static void
agent_on_shard(struct agent *agent, const struct bus_message *message)
{
	const struct duty *duty = &agent->duty;
	char prefix[SUBJECT_MAX];
	size_t n = strlen(message_subject(prefix, "brunt.run.%s.shard.%u.", duty->ask.run, duty->ask.shard));

	if (duty->state == DUTY_NONE || duty->is_dropped || strncmp(message->subject, prefix, n) != 0)
		return;
	const char *what = message->subject + n;

	if (strcmp(what, "control") == 0)
		duty_on_control(agent, message);
	else if (strcmp(what, "lead") == 0)
		duty_on_lead(agent, message);
	else if (strncmp(what, "kept.", 5) == 0 && message->status[0] == '\0' &&
		 strstr(message->data, "\"error\"") == NULL) /* else it is said again, after a while */
		duty_on_kept(agent, strtoull(what + 5, NULL, 10));
}

static void
agent_on_message(void *context, const struct bus_message *message)
{
	struct agent *agent = context;
	char own[SUBJECT_MAX];
	size_t n = strlen(message_subject(own, "brunt.agent.%s.", agent->options->name));

	if (strcmp(message->subject, "brunt.hello") == 0)
		answer_hello(agent, message);
	else if (strcmp(message->subject, "brunt.stop") == 0)
		duty_stop(agent, "was stopped: all agents were told to");
	else if (strncmp(message->subject, own, n) != 0)
		agent_on_shard(agent, message);
	else if (strcmp(message->subject + n, "ping") == 0)
		answer_ping(agent, message);
	else if (strcmp(message->subject + n, "ask") == 0)
		agent_on_ask(agent, message);
	else if (strcmp(message->subject + n, "got") == 0)
		duty_on_profile(agent, message);
}

static void
agent_on_connected(void *context, bool is_connected)
{
	struct agent *agent = context;

	if (!is_connected) {
		log_warn("the connection to nats-server is lost; trying again");
		return;
	}
	log_info("connected again");
	if (agent->duty.state == DUTY_NONE)
		return;
	parcel_again(&agent->duty.parcels);
	duty_beat(agent);
}

static void
agent_on_signal(uv_signal_t *signal, int number)
{
	struct agent *agent = signal->data;

	(void)number;
	if (agent->signals++ > 0)
		duty_drop(agent);
	if (agent->leaving_at_ns < 0)
		agent->leaving_at_ns = bus_now_ns();
	duty_stop(agent, "was stopped: its agent was told to end");
}

static void
agent_on_timer(uv_timer_t *timer)
{
	(void)timer; /* the loop has turned: agent_go does the rest */
}

static void
watch_signal(struct agent *agent, uv_signal_t *handle, int number)
{
	CHECK_OP(uv_signal_init(&agent->loop, handle), ==, 0);
	handle->data = agent;
	CHECK_OP(uv_signal_start(handle, agent_on_signal, number), ==, 0);
}

static bool
agent_open(struct agent *agent, struct error *err)
{
	struct bus_events events = {
		.on_message = agent_on_message, .on_connected = agent_on_connected, .context = agent};
	char own[SUBJECT_MAX];

	agent->bus = bus_open(&agent->loop, &agent->options->bus, &events, err);
	return agent->bus != NULL && bus_subscribe(agent->bus, "brunt.hello", err) &&
	       bus_subscribe(agent->bus, "brunt.stop", err) &&
	       bus_subscribe(agent->bus, message_subject(own, "brunt.agent.%s.*", agent->options->name), err);
}

static bool
may_leave(const struct agent *agent)
{
	return agent->leaving_at_ns >= 0 &&
	       (agent->duty.state == DUTY_NONE || bus_now_ns() - agent->leaving_at_ns > LEAVE_LIMIT_NS);
}

static void
agent_go(struct agent *agent)
{
	log_info("agent %s at %s: may load %s", agent->options->name, agent->options->bus.url,
		agent->options->allow_shown);
	while (!may_leave(agent)) {
		uv_run(&agent->loop, UV_RUN_ONCE);
		duty_turn(agent);
		duty_let_go(agent);
	}
	duty_drop(agent);
	duty_let_go(agent);
}

static void
agent_close(struct agent *agent)
{
	uv_close((uv_handle_t *)&agent->timer, NULL);
	uv_close((uv_handle_t *)&agent->on_int, NULL);
	uv_close((uv_handle_t *)&agent->on_term, NULL);
	if (agent->bus != NULL)
		bus_close(agent->bus);
	while (uv_run(&agent->loop, UV_RUN_NOWAIT) != 0)
		;
	CHECK_OP(uv_loop_close(&agent->loop), ==, 0);
	free(agent);
}

int
agent_run(const struct agent_options *options)
{
	struct agent *agent = must_alloc(sizeof(*agent));
	struct error err = {0};
	uint64_t lot;
	char text[1400];

	agent->options = options;
	agent->leaving_at_ns = -1;
	agent->duty.events_fd = -1;
	CHECK_OP(getrandom(&lot, sizeof(lot), 0), ==, (long)sizeof(lot));
	snprintf(agent->instance, sizeof(agent->instance), "%016llx", (unsigned long long)lot);
	signal(SIGPIPE, SIG_IGN);
	CHECK_OP(uv_loop_init(&agent->loop), ==, 0);
	CHECK_OP(uv_timer_init(&agent->loop, &agent->timer), ==, 0);
	CHECK_OP(uv_timer_start(&agent->timer, agent_on_timer, TICK_MS, TICK_MS), ==, 0);
	watch_signal(agent, &agent->on_int, SIGINT);
	watch_signal(agent, &agent->on_term, SIGTERM);
	bool is_open = agent_open(agent, &err);

	if (is_open)
		agent_go(agent);
	else
		log_error("%s", error_text(&err, text, sizeof(text)));
	agent_close(agent);
	return is_open ? EXIT_PASSED : EXIT_UNREACHABLE;
}
