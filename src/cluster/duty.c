#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "cluster/agent_parts.h"

/* A shard of somebody's run, as the agent has it: a worker of this machine, what it says on its way to nats-server and
 * into a file of the agent's own, and the dead man's rule. */
#define BEAT_STEP_NS (1000 * NS_PER_MS)
#define READ_AGAIN_NS (1000 * NS_PER_MS)
/* Told to end, it has so long and the profile's timeout. */
#define END_LIMIT_NS (5 * NS_PER_S)
/* Beyond it the worker is not read: its load goes on, its intervals become longer. */
#define WAITING_MOST (PARCELS_WAITING_MAX / 2)

static void
duty_subject(const struct agent *agent, char into[SUBJECT_MAX], const char *what)
{
	const struct ask *ask = &agent->duty.ask;

	message_subject(into, "brunt.run.%s.shard.%u.%s", ask->run, ask->shard, what);
}

static void
say_to_leader(struct agent *agent, const char *what, const struct buf *text)
{
	char subject[SUBJECT_MAX];

	message_subject(subject, "brunt.run.%s.leader.%s", agent->duty.ask.run, what);
	bus_say(agent->bus, subject, NULL, NULL, text->bytes, text->length);
}

void
duty_answer(struct agent *agent, const char *why)
{
	struct answer answer = {.shard = agent->duty.ask.shard, .is_taken = why == NULL};
	struct buf text;

	snprintf(answer.agent, sizeof(answer.agent), "%s", agent->options->name);
	snprintf(answer.why, sizeof(answer.why), "%s", why != NULL ? why : "");
	buf_init(&text, MESSAGE_MAX);
	answer_encode(&text, &answer);
	say_to_leader(agent, "answer", &text);
	buf_fini(&text);
}

void
duty_beat(struct agent *agent)
{
	struct duty *duty = &agent->duty;
	struct beat beat = {
		.shard = duty->ask.shard,
		.heard = duty->heard,
		.kept = duty->parcels.kept,
		.is_over = duty->state == DUTY_OVER && parcel_all_kept(&duty->parcels),
		.exit_status = duty->worker.exit_status,
		.term_signal = duty->worker.term_signal,
	};
	struct buf text;

	snprintf(beat.agent, sizeof(beat.agent), "%s", agent->options->name);
	snprintf(beat.why, sizeof(beat.why), "%s", duty->why);
	buf_init(&text, MESSAGE_MAX);
	beat_encode(&text, &beat);
	say_to_leader(agent, "beat", &text);
	buf_fini(&text);
	duty->beat_at_ns = bus_now_ns();
}

void
duty_read_profile(struct agent *agent)
{
	struct duty *duty = &agent->duty;
	char subject[SUBJECT_MAX], reply[SUBJECT_MAX], question[128];
	int n = snprintf(question, sizeof(question), "{\"last_by_subj\":\"$KV.brunt_profiles.%s\"}", duty->ask.run);

	message_subject(subject, "$JS.API.DIRECT.GET.KV_brunt_profiles");
	message_subject(reply, "brunt.agent.%s.got", agent->options->name);
	duty->asked_at_ns = bus_now_ns();
	bus_say(agent->bus, subject, reply, NULL, question, (size_t)n);
}

void
duty_begin(struct agent *agent, struct ask *ask)
{
	struct duty *duty = &agent->duty;
	char subject[SUBJECT_MAX];
	struct error err = {0};

	CHECK_OP(duty->state, ==, DUTY_NONE);
	*duty = (struct duty){.state = DUTY_READING, .ask = *ask, .events_fd = -1, .told_at_ns = -1, .load_at_ns = -1};
	*ask = (struct ask){.settings_n = 0};
	duty->led_at_ns = bus_now_ns();
	parcel_sender_init(&duty->parcels);
	duty_subject(agent, subject, ">");
	if (bus_subscribe(agent->bus, subject, &err)) {
		duty_read_profile(agent);
		return;
	}
	duty_answer(agent, err.message);
	duty_drop(agent);
}

/* The profile, as it came and as it is with all settings, and, as it goes, what the worker says: what brunt merge
 * reads. */
static bool
open_results(struct agent *agent, const char *text, size_t length, struct error *err)
{
	struct duty *duty = &agent->duty;
	char events[sizeof(duty->dir) + 32], effective[sizeof(duty->dir) + 32];
	int n = snprintf(
		duty->dir, sizeof(duty->dir), "%s/%s-%u", agent->options->out_dir, duty->ask.run, duty->ask.shard);

	if (n < 0 || (size_t)n >= sizeof(duty->dir))
		return error_set(err, "the path of the results is too long");
	snprintf(duty->profile, sizeof(duty->profile), "%s/sent.yaml", duty->dir);
	snprintf(effective, sizeof(effective), "%s/profile.yaml", duty->dir);
	snprintf(events, sizeof(events), "%s/events.ndjson", duty->dir);
	if (!file_make_dirs(duty->dir, err) || !file_write_atomic(duty->profile, text, length, err) ||
		!file_write_atomic(effective, duty->plan->effective_yaml, strlen(duty->plan->effective_yaml), err))
		return false;
	duty->events_fd = open(events, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return duty->events_fd >= 0 || error_set(err, "cannot write '%s': %s", events, strerror(errno));
}

static bool
start_worker(struct agent *agent, struct error *err)
{
	struct duty *duty = &agent->duty;
	struct fleet_options options = {
		.workers = duty->ask.shards,
		.profile = duty->profile,
		.settings = (const char *const *)duty->ask.settings,
		.settings_n = duty->ask.settings_n,
	};

	worker_init(&duty->worker, duty->ask.shard, &options);
	return worker_spawn(&duty->worker, &agent->loop, &options, false, err);
}

void
duty_on_profile(struct agent *agent, const struct bus_message *message)
{
	struct duty *duty = &agent->duty;
	struct error err = {0};
	char text[1400];

	if (duty->state != DUTY_READING || message->status[0] != '\0')
		return; /* it is asked for again */
	if (duty_check(agent, duty, message->data, message->length, &err) &&
		open_results(agent, message->data, message->length, &err) && start_worker(agent, &err)) {
		duty->state = DUTY_RUNNING;
		log_info("run %s: shard %u of %u, into %s", duty->ask.run, duty->ask.shard + 1, duty->ask.shards,
			duty->dir);
		duty_answer(agent, NULL);
		duty_beat(agent);
		return;
	}
	error_text(&err, text, sizeof(text));
	log_warn("run %s: not taken: %s", duty->ask.run, text);
	duty_answer(agent, text);
	duty_drop(agent);
}

/* The first reason counts. */
static void
duty_note(struct duty *duty, const char *why)
{
	if (duty->why[0] != '\0')
		return;
	snprintf(duty->why, sizeof(duty->why), "%.127s", why);
	log_warn("run %s: shard %u %s", duty->ask.run, duty->ask.shard + 1, duty->why);
}

void
duty_stop(struct agent *agent, const char *why)
{
	struct duty *duty = &agent->duty;

	if (duty->state == DUTY_READING)
		duty_drop(agent);
	if (duty->state != DUTY_RUNNING || duty->told_at_ns >= 0)
		return;
	duty_note(duty, why);
	duty->told_at_ns = bus_now_ns();
	worker_say(&duty->worker, &(struct control){.kind = CONTROL_STOP, .at_ns = -1});
	worker_say(&duty->worker, &(struct control){.kind = CONTROL_END, .at_ns = -1});
}

static void
duty_refuse(struct agent *agent, const struct error *err)
{
	char why[160];

	snprintf(why, sizeof(why), "was stopped by its own agent: %.120s", err->message);
	duty_stop(agent, why);
}

void
duty_on_control(struct agent *agent, const struct bus_message *message)
{
	struct duty *duty = &agent->duty;
	uint64_t number = parcel_number_of(message->id);
	struct control control;
	struct error err = {0};
	size_t length = strcspn(message->data, "\n");

	if (duty->state != DUTY_RUNNING || number > duty->heard + 1)
		return; /* what is missing before it comes again, and so does this */
	duty->led_at_ns = message->at_ns;
	if (number == duty->heard + 1) {
		duty->heard = number;
		if (!control_decode(message->data, length, &control, &err) ||
			!duty_admits_control(duty, &control, &err))
			duty_refuse(agent, &err);
		else if (duty->told_at_ns < 0)
			worker_say(&duty->worker, &control);
		if (control.kind == CONTROL_START)
			duty->load_at_ns = control.at_ns - duty->plan->idle_baseline_ns;
	}
	duty_beat(agent);
}

void
duty_on_lead(struct agent *agent, const struct bus_message *message)
{
	struct duty *duty = &agent->duty;
	struct lead lead;
	struct error err = {0};

	if (!lead_decode(message->data, message->length, &lead, &err))
		return;
	duty->led_at_ns = message->at_ns;
	if (lead.is_dismissed)
		duty_drop(agent);
	else if (duty->state == DUTY_RUNNING)
		worker_say(&duty->worker, &(struct control){.kind = CONTROL_BEAT, .at_ns = -1});
}

void
duty_on_kept(struct agent *agent, uint64_t number)
{
	uint64_t before = agent->duty.parcels.kept;

	parcel_kept(&agent->duty.parcels, number);
	if (agent->duty.parcels.kept != before)
		duty_beat(agent);
}

static void
keep(struct duty *duty, const char *line, size_t length)
{
	size_t written = 0;

	while (duty->events_fd >= 0 && written < length) {
		ssize_t n = write(duty->events_fd, line + written, length - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_warn("run %s: '%s' cannot be written any more: %s", duty->ask.run, duty->dir,
				strerror(errno));
			close(duty->events_fd);
			duty->events_fd = -1;
			return;
		}
		written += (size_t)n;
	}
}

/* What the worker has said since: to the file, and on its way. */
static void
take_lines(struct agent *agent)
{
	struct duty *duty = &agent->duty;
	struct error err = {0};
	const char *line;
	size_t length;

	while ((line = worker_next_line(&duty->worker, &length)) != NULL) {
		keep(duty, line, length + 1);
		if (!parcel_add(&duty->parcels, line, length + 1))
			duty_stop(agent, "has more to say than there is room for");
		else if (!duty_admits_line(duty, line, length, &err))
			duty_refuse(agent, &err);
	}
	worker_listen(&duty->worker, duty->parcels.waiting.length < WAITING_MOST);
}

static void
send_parcels(struct agent *agent, int64_t now_ns)
{
	struct duty *duty = &agent->duty;
	const struct ask *ask = &duty->ask;
	char subject[SUBJECT_MAX], reply[SUBJECT_MAX], id[SUBJECT_MAX];
	uint64_t number;
	size_t length;
	const char *bytes = bus_is_connected(agent->bus) ? parcel_next(&duty->parcels, now_ns, &length, &number) : NULL;

	if (bytes == NULL)
		return;
	message_subject(subject, "brunt.run.%s.events.%u", ask->run, ask->shard);
	message_subject(reply, "brunt.run.%s.shard.%u.kept.%llu", ask->run, ask->shard, (unsigned long long)number);
	message_subject(id, "%s/%u/%llu", ask->run, ask->shard, (unsigned long long)number);
	bus_say(agent->bus, subject, reply, id, bytes, length);
}

static void
duty_turn_running(struct agent *agent, int64_t now_ns)
{
	struct duty *duty = &agent->duty;
	struct error err = {0};
	bool is_gone = duty->worker.has_eof && duty->worker.has_exited;

	take_lines(agent);
	if (!is_gone && !duty_admits_time(duty, &agent->options->ceilings, now_ns, &err))
		duty_refuse(agent, &err);
	if (!is_gone && now_ns - duty->led_at_ns > DEAD_MAN_NS)
		duty_note(duty, "ended its load: it heard nothing of the leader for 10 s");
	if (now_ns - duty->led_at_ns > DEAD_MAN_NS + BEAT_STEP_NS)
		duty_stop(agent, duty->why); /* the worker, which keeps to that rule by itself, has not */
	if (duty->told_at_ns >= 0 && now_ns - duty->told_at_ns > END_LIMIT_NS + duty->plan->target.timeout_ns)
		worker_kill(&duty->worker);
	if (!is_gone)
		return;
	take_lines(agent);
	duty->state = DUTY_OVER;
	worker_close(&duty->worker);
	duty_beat(agent);
}

/* Nobody asks for it any more. */
static bool
is_forgotten(const struct duty *duty, int64_t now_ns)
{
	return duty->state != DUTY_RUNNING && now_ns - duty->led_at_ns > DEAD_MAN_NS;
}

void
duty_turn(struct agent *agent)
{
	struct duty *duty = &agent->duty;
	int64_t now_ns = bus_now_ns();

	if (duty->state == DUTY_NONE)
		return;
	if (duty->state == DUTY_READING && now_ns - duty->asked_at_ns > READ_AGAIN_NS)
		duty_read_profile(agent);
	if (duty->state == DUTY_RUNNING)
		duty_turn_running(agent, now_ns);
	if (duty->state != DUTY_READING)
		send_parcels(agent, now_ns);
	if (duty->state != DUTY_READING && now_ns - duty->beat_at_ns >= BEAT_STEP_NS)
		duty_beat(agent);
	if (is_forgotten(duty, now_ns) &&
		(parcel_all_kept(&duty->parcels) || now_ns - duty->led_at_ns > 6 * DEAD_MAN_NS))
		duty_drop(agent);
}

void
duty_drop(struct agent *agent)
{
	agent->duty.is_dropped = agent->duty.state != DUTY_NONE;
}

void
duty_let_go(struct agent *agent)
{
	struct duty *duty = &agent->duty;
	char subject[SUBJECT_MAX];

	if (!duty->is_dropped)
		return;
	duty->state = DUTY_OVER; /* whatever is heard meanwhile is for nobody */
	duty_subject(agent, subject, ">");
	bus_unsubscribe(agent->bus, subject);
	worker_kill(&duty->worker);
	while (duty->worker.is_spawned && !duty->worker.has_exited)
		uv_run(&agent->loop, UV_RUN_ONCE);
	if (duty->worker.link != NULL) {
		worker_close(&duty->worker);
		while (duty->worker.handles_open > 0)
			uv_run(&agent->loop, UV_RUN_ONCE);
		worker_fini(&duty->worker);
	}
	if (duty->events_fd >= 0)
		close(duty->events_fd);
	if (duty->interval != NULL)
		interval_free(duty->interval);
	parcel_sender_fini(&duty->parcels);
	experiment_free(duty->experiment);
	ask_fini(&duty->ask);
	*duty = (struct duty){.state = DUTY_NONE, .events_fd = -1};
}
