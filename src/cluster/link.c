#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "brunt_version.h"
#include "cluster/cluster_parts.h"
#include "measure/events.h"
#include "measure/verdict.h"
#include "plan/plan.h"

/* One agent that has a shard, as the leader sees it. What is said to it is said again until it was heard; what it says
 * lies in nats-server, parcel after parcel, and is asked for when the leader reads it: a nats-server that was killed
 * and is back, or a message that was lost, changes nothing. */
#define AGAIN_NS (500 * NS_PER_MS)
#define ASK_LIMIT_NS (1000 * NS_PER_MS)
#define POLL_NS (200 * NS_PER_MS)
#define LEAD_STEP_NS (1000 * NS_PER_MS)
/* Where its connection has ended: an agent that lives has another one before that (RECONNECT_MS, bus.c). */
#define LEAD_DOUBTED_STEP_NS (500 * NS_PER_MS)
/* Its last word came, and then nothing: its process ended after that. */
#define GONE_NS (5 * NS_PER_S)
#define UNHEARD_MAX 3

static void
link_offer(struct cluster_link *link)
{
	struct cluster *cluster = link->cluster;
	char subject[SUBJECT_MAX], reply[SUBJECT_MAX];
	struct ask ask = {.shard = link->worker->index, .shards = cluster->fleet->workers};
	struct buf text;

	snprintf(ask.run, sizeof(ask.run), "%s", cluster->run);
	snprintf(ask.hash, sizeof(ask.hash), "%s", cluster->options->plan->hash);
	snprintf(ask.brunt, sizeof(ask.brunt), "%s", BRUNT_VERSION);
	CHECK_OP(cluster->fleet->settings_n, <=, SHARD_SETTINGS_MAX);
	for (size_t i = 0; i < cluster->fleet->settings_n; i++)
		ask.settings[ask.settings_n++] = (char *)(uintptr_t)cluster->fleet->settings[i]; /* only read */
	buf_init(&text, 16 * MESSAGE_MAX);
	ask_encode(&text, &ask);
	bus_say(cluster->bus, message_subject(subject, "brunt.agent.%s.ask", link->agent),
		message_subject(reply, "brunt.run.%s.leader.answer", cluster->run), NULL, text.bytes, text.length);
	buf_fini(&text);
	link->offered_at_ns = bus_now_ns();
}

bool
link_start(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options, bool shares_target_cpu,
	struct error *err)
{
	struct transport *transport = options->transport;
	struct cluster *cluster = container_of(transport, struct cluster, base);
	const struct found *found = cluster->chosen[worker->index];
	struct cluster_link *link = must_alloc(sizeof(*link));

	(void)loop;
	(void)shares_target_cpu; /* the target is not on the agents' machines, as far as anybody knows */
	(void)err;
	worker->link = link;
	worker->is_spawned = true;
	snprintf(worker->name, sizeof(worker->name), "agent %s (shard %u of %u)", found->here.agent, worker->index + 1,
		options->workers);
	link->cluster = cluster;
	link->worker = worker;
	link->clock = found->clock;
	link->asked_at_ns = -1;
	link->beat_at_ns = bus_now_ns();
	snprintf(link->agent, sizeof(link->agent), "%s", found->here.agent);
	for (size_t i = 0; i < ARRAY_LEN(link->lines); i++)
		buf_init(&link->lines[i], CONTROL_LINE_MAX);
	cluster->links[worker->index] = link;
	link_offer(link);
	worker_listen(worker, true);
	return true;
}

static void
link_say_line(struct cluster_link *link, uint64_t number)
{
	const struct buf *line = &link->lines[number % ARRAY_LEN(link->lines)];
	char subject[SUBJECT_MAX], id[SUBJECT_MAX];

	snprintf(id, sizeof(id), "%s/control/%llu", link->cluster->run, (unsigned long long)number);
	bus_say(link->cluster->bus,
		message_subject(subject, "brunt.run.%s.shard.%u.control", link->cluster->run, link->worker->index),
		NULL, id, line->bytes, line->length);
}

void
link_say(struct worker *worker, const struct control *control)
{
	struct cluster_link *link = worker->link;
	struct control said = *control;

	/* T0 is by the clock of whoever is told; all other times count from T0. */
	if (said.kind == CONTROL_START)
		said.at_ns += link->clock.offset_ns;
	if (link->said - link->heard == ARRAY_LEN(link->lines)) {
		log_warn("%s has not heard the last %zu things that it was told; this one is left out", worker->name,
			ARRAY_LEN(link->lines));
		return;
	}
	link->said++;
	struct buf *line = &link->lines[link->said % ARRAY_LEN(link->lines)];

	buf_clear(line);
	CHECK(control_encode(line, &said));
	link->said_at_ns = bus_now_ns();
	link_say_line(link, link->said);
}

bool
link_has_heard(const struct worker *worker)
{
	const struct cluster_link *link = worker->link;

	return link->heard == link->said;
}

static void
link_lead(struct cluster_link *link, bool is_dismissed)
{
	struct lead lead = {.said = link->said, .is_dismissed = is_dismissed};
	char subject[SUBJECT_MAX], reply[SUBJECT_MAX];
	struct buf text;

	buf_init(&text, MESSAGE_MAX);
	lead_encode(&text, &lead);
	bus_say(link->cluster->bus,
		message_subject(subject, "brunt.run.%s.shard.%u.lead", link->cluster->run, link->worker->index),
		is_dismissed ? NULL
			     : message_subject(
				       reply, "brunt.run.%s.leader.gone.%u", link->cluster->run, link->worker->index),
		NULL, text.bytes, text.length);
	buf_fini(&text);
	link->led_at_ns = bus_now_ns();
}

/* Nothing more is wanted of it. */
static void
link_end(struct cluster_link *link)
{
	link_lead(link, true);
	link->worker->has_eof = link->worker->has_exited = true;
	link->worker->is_reading = false;
}

void
link_describe(const struct worker *worker, struct shard_record *record)
{
	const struct cluster_link *link = worker->link;

	if (link == NULL)
		return;
	snprintf(record->name, sizeof(record->name), "%s", link->agent);
	record->has_clock = true;
	record->clock_offset_ns = link->clock.offset_ns;
	record->clock_error_ns = link->clock.round_ns / 2;
}

void
link_kill(struct worker *worker)
{
	struct cluster_link *link = worker->link;

	link->cluster->has_lost = true;
	link_end(link);
}

void
link_listen(struct worker *worker, bool is_listening)
{
	struct cluster_link *link = worker->link;

	if (is_listening)
		link->ask_again_at_ns = 0;
}

void
link_close(struct worker *worker)
{
	struct cluster_link *link = worker->link;

	if (link->cluster->links[worker->index] == NULL)
		return;
	link->cluster->links[worker->index] = NULL;
	for (size_t i = 0; i < ARRAY_LEN(link->lines); i++)
		buf_fini(&link->lines[i]);
}

static void
link_ask(struct cluster_link *link)
{
	char subject[SUBJECT_MAX], reply[SUBJECT_MAX], question[256];
	const char *run = link->cluster->run;
	int n = snprintf(question, sizeof(question), "{\"seq\":%llu,\"next_by_subj\":\"brunt.run.%s.events.%u\"}",
		(unsigned long long)link->sequence + 1, run, link->worker->index);

	link->asked_at_ns = bus_now_ns();
	bus_say(link->cluster->bus, message_subject(subject, "$JS.API.DIRECT.GET.brunt-%s", run),
		message_subject(reply, "brunt.run.%s.leader.got.%u", run, link->worker->index), NULL, question,
		(size_t)n);
}

/* All that it said is here, and what became of its process is known. */
static void
link_note_end(struct cluster_link *link)
{
	struct worker *worker = link->worker;

	if (link->has_last_beat && link->parcels.taken >= link->last_beat.kept && !worker->has_exited) {
		worker->exit_status = link->last_beat.exit_status;
		worker->term_signal = link->last_beat.term_signal;
		snprintf(worker->fate, sizeof(worker->fate), "%.119s", link->last_beat.why);
		if (worker->fate[0] != '\0' && worker->exit_status == 0)
			worker->exit_status = EXIT_INTERNAL; /* it came to an end, but not to its own */
		link_end(link);
	}
}

void
link_turn(struct cluster_link *link)
{
	int64_t now_ns = bus_now_ns();
	struct worker *worker = link->worker;

	if (worker->has_exited)
		return;
	if (link->offered_at_ns >= 0 && now_ns - link->offered_at_ns > ASK_LIMIT_NS)
		link_offer(link);
	if (now_ns - link->led_at_ns >= (link->is_doubted ? LEAD_DOUBTED_STEP_NS : LEAD_STEP_NS))
		link_lead(link, false);
	if (link->heard < link->said && now_ns - link->said_at_ns > AGAIN_NS) {
		link->said_at_ns = now_ns;
		for (uint64_t i = link->heard + 1; i <= link->said; i++)
			link_say_line(link, i);
	}
	if (link->asked_at_ns >= 0 && now_ns - link->asked_at_ns > ASK_LIMIT_NS)
		link->asked_at_ns = -1;
	if (worker->is_reading && link->asked_at_ns < 0 && now_ns >= link->ask_again_at_ns)
		link_ask(link);
	if (worker->state == WORKER_ENDED && now_ns - link->beat_at_ns > GONE_NS)
		link_end(link);
}

static struct cluster_link *
link_of(struct cluster *cluster, uint32_t shard, const char *agent)
{
	struct cluster_link *link = shard < cluster->fleet->workers ? cluster->links[shard] : NULL;

	return link != NULL && !link->worker->has_exited && (agent == NULL || strcmp(link->agent, agent) == 0) ? link
													       : NULL;
}

void
link_on_answer(struct cluster *cluster, const struct bus_message *message)
{
	struct answer answer;
	struct error err = {0};

	if (!answer_decode(message->data, message->length, &answer, &err))
		return;
	struct cluster_link *link = link_of(cluster, answer.shard, answer.agent);

	if (link == NULL)
		return;
	link->offered_at_ns = -1;
	link->beat_at_ns = message->at_ns;
	if (answer.is_taken)
		return;
	log_error("%s does not take it: %s", link->worker->name, answer.why);
	snprintf(link->worker->fate, sizeof(link->worker->fate), "does not take it: %.100s", answer.why);
	link->worker->exit_status = EXIT_USAGE;
	link_end(link);
}

void
link_on_beat(struct cluster *cluster, const struct bus_message *message)
{
	struct beat beat;
	struct error err = {0};

	if (!beat_decode(message->data, message->length, &beat, &err))
		return;
	struct cluster_link *link = link_of(cluster, beat.shard, beat.agent);

	if (link == NULL)
		return;
	link->offered_at_ns = -1;
	link->beat_at_ns = message->at_ns;
	link->unheard_n = 0;
	link->is_doubted = false;
	link->worker->silent_ticks = 0;
	if (beat.heard > link->heard && beat.heard <= link->said)
		link->heard = beat.heard;
	if (beat.kept > link->parcels.taken)
		link->ask_again_at_ns = 0;
	if (beat.is_over) {
		link->has_last_beat = true;
		link->last_beat = beat;
	}
	link_note_end(link);
	if (!link->worker->has_exited)
		link_turn(link);
}

static void
link_take(struct cluster_link *link, const struct bus_message *message)
{
	struct worker *worker = link->worker;
	uint64_t number = parcel_number_of(message->id);
	enum parcel_fate fate = parcel_take(&link->parcels, number);

	if (fate == PARCEL_REPEATED)
		return;
	char *room = fate == PARCEL_NEW ? worker_room(worker, message->length) : NULL;

	if (room != NULL) {
		memcpy(room, message->data, message->length);
		worker->lines.length += message->length;
		return;
	}
	snprintf(worker->fate, sizeof(worker->fate),
		fate == PARCEL_NEW ? "says more than there is room for"
				   : "cannot be followed: what it said as number %llu is missing",
		(unsigned long long)link->parcels.taken + 1);
	worker->exit_status = EXIT_INTERNAL;
	link_end(link);
}

/* It was killed, or has another connection in a moment: which of them, those tell who listen to what it is told. */
void
link_on_left(struct cluster *cluster, const struct bus_message *message)
{
	struct left left;
	struct error err = {0};

	if (!left_decode(message->data, message->length, &left, &err))
		return;
	for (uint32_t i = 0; i < cluster->fleet->workers; i++) {
		struct cluster_link *link = link_of(cluster, i, left.client);

		if (link == NULL || link->is_doubted)
			continue;
		log_warn("%s: its connection to nats-server has ended (%s)", link->worker->name, left.reason);
		link->is_doubted = true;
		link_lead(link, false);
	}
}

/* Nobody listens where it would: it was killed, or its link was cut; nats-server knows that sooner than who waits for
 * its next beat. Once may be a connection that is just being made again. */
void
link_on_gone(struct cluster *cluster, const struct bus_message *message)
{
	uint64_t shard = strtoull(strrchr(message->subject, '.') + 1, NULL, 10);
	struct cluster_link *link = link_of(cluster, shard < UINT32_MAX ? (uint32_t)shard : UINT32_MAX, NULL);

	if (link != NULL && strcmp(message->status, "503") == 0)
		link->unheard_n++;
}

/* All that it had said before was read. */
static void
link_note_gone(struct cluster_link *link, bool is_all_read)
{
	struct worker *worker = link->worker;

	if (!is_all_read || link->unheard_n < UNHEARD_MAX)
		return;
	snprintf(worker->fate, sizeof(worker->fate), "has left: nats-server does not know it any more");
	worker->exit_status = EXIT_INTERNAL;
	link->cluster->has_lost = true;
	link_end(link);
}

void
link_on_parcel(struct cluster *cluster, const struct bus_message *message)
{
	uint64_t shard = strtoull(strrchr(message->subject, '.') + 1, NULL, 10);
	struct cluster_link *link = link_of(cluster, shard < UINT32_MAX ? (uint32_t)shard : UINT32_MAX, NULL);

	if (link == NULL)
		return;
	if (message->status[0] != '\0') { /* 404: nothing yet; 503: a server that is just coming back */
		link->asked_at_ns = -1;
		link->ask_again_at_ns = bus_now_ns() + POLL_NS;
		link_note_gone(link, strcmp(message->status, "404") == 0);
		return;
	}
	if (message->sequence <= link->sequence)
		return; /* asked twice, answered twice */
	link->asked_at_ns = -1;
	link->sequence = message->sequence;
	link_take(link, message);
	link_note_end(link);
	if (!link->worker->has_exited)
		link_turn(link);
}
