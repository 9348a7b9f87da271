#include "cluster/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "measure/json.h"
#include "measure/json_read.h"

#define SETTING_MAX 4096

bool
message_is_token(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && text[n] == '\0';
}

const char *
message_subject(char into[SUBJECT_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(into, SUBJECT_MAX, format, args);
	va_end(args);
	CHECK(n > 0 && n < SUBJECT_MAX);
	return into;
}

void
hello_encode(struct buf *into, const struct hello *hello)
{
	json_open(into, NULL, '{');
	json_add_text(into, "run", hello->run);
	json_add_text(into, "brunt", hello->brunt);
	json_close(into, '}');
}

void
here_encode(struct buf *into, const struct here *here)
{
	json_open(into, NULL, '{');
	json_add_text(into, "agent", here->agent);
	json_add_text(into, "instance", here->instance);
	json_add_text(into, "brunt", here->brunt);
	json_add_u64(into, "cpus", here->cpus);
	json_add_bool(into, "busy", here->is_busy);
	json_add_text(into, "run", here->run);
	json_add_text(into, "allow", here->allow);
	json_add_double(into, "rate_per_s", here->rate_per_s);
	json_add_u64(into, "users", here->users);
	json_add_u64(into, "connections", here->connections);
	json_add_double(into, "duration_s", here->duration_s);
	json_close(into, '}');
}

void
ping_encode(struct buf *into, const struct ping *ping)
{
	json_open(into, NULL, '{');
	json_add_text(into, "agent", ping->agent);
	json_add_i64(into, "sent_ns", ping->sent_ns);
	json_add_i64(into, "heard_ns", ping->heard_ns);
	json_add_i64(into, "said_ns", ping->said_ns);
	json_close(into, '}');
}

void
ask_encode(struct buf *into, const struct ask *ask)
{
	json_open(into, NULL, '{');
	json_add_text(into, "run", ask->run);
	json_add_u64(into, "shard", ask->shard);
	json_add_u64(into, "shards", ask->shards);
	json_add_text(into, "hash", ask->hash);
	json_add_text(into, "brunt", ask->brunt);
	json_open(into, "settings", '[');
	for (size_t i = 0; i < ask->settings_n; i++)
		json_add_text(into, NULL, ask->settings[i]);
	json_close(into, ']');
	json_close(into, '}');
}

void
answer_encode(struct buf *into, const struct answer *answer)
{
	json_open(into, NULL, '{');
	json_add_text(into, "agent", answer->agent);
	json_add_u64(into, "shard", answer->shard);
	json_add_bool(into, "taken", answer->is_taken);
	json_add_text(into, "why", answer->why);
	json_close(into, '}');
}

void
lead_encode(struct buf *into, const struct lead *lead)
{
	json_open(into, NULL, '{');
	json_add_u64(into, "said", lead->said);
	json_add_bool(into, "dismissed", lead->is_dismissed);
	json_close(into, '}');
}

void
beat_encode(struct buf *into, const struct beat *beat)
{
	json_open(into, NULL, '{');
	json_add_text(into, "agent", beat->agent);
	json_add_u64(into, "shard", beat->shard);
	json_add_u64(into, "heard", beat->heard);
	json_add_u64(into, "kept", beat->kept);
	json_add_bool(into, "over", beat->is_over);
	json_add_i64(into, "exit_status", beat->exit_status);
	json_add_i64(into, "term_signal", beat->term_signal);
	json_add_text(into, "why", beat->why);
	json_close(into, '}');
}

static void
must_have_all(struct json_reader *r, const cJSON *tree, const char *const *names, size_t names_n)
{
	for (size_t i = 0; i < names_n; i++)
		json_must_have(r, tree, names[i]);
}

#define MUST_HAVE(r, tree, ...)                                                                                        \
	do {                                                                                                           \
		static const char *const names[] = {__VA_ARGS__};                                                      \
		must_have_all(r, tree, names, ARRAY_LEN(names));                                                       \
	} while (0)

static bool
done(struct json_reader *r, cJSON *tree)
{
	cJSON_Delete(tree);
	return !r->has_failed;
}

/* It becomes a part of subjects. */
static void
read_token(struct json_reader *r, const cJSON *tree, const char *name, char *into, size_t size)
{
	json_read_text(r, tree, name, into, size);
	if (!r->has_failed && !message_is_token(into))
		json_fail(r, name, "letters, digits, _ and - are wanted");
}

bool
hello_decode(const char *text, size_t length, struct hello *hello, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);

	*hello = (struct hello){.run = ""};
	if (tree == NULL)
		return false;
	MUST_HAVE(&r, tree, "run", "brunt");
	read_token(&r, tree, "run", hello->run, sizeof(hello->run));
	json_read_text(&r, tree, "brunt", hello->brunt, sizeof(hello->brunt));
	return done(&r, tree);
}

bool
here_decode(const char *text, size_t length, struct here *here, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);

	*here = (struct here){.agent = ""};
	if (tree == NULL)
		return false;
	MUST_HAVE(&r, tree, "agent", "brunt", "cpus", "busy");
	read_token(&r, tree, "agent", here->agent, sizeof(here->agent));
	json_read_text(&r, tree, "instance", here->instance, sizeof(here->instance));
	json_read_text(&r, tree, "brunt", here->brunt, sizeof(here->brunt));
	json_read_u32(&r, tree, "cpus", UINT32_MAX, &here->cpus);
	json_read_bool(&r, tree, "busy", &here->is_busy);
	json_read_text(&r, tree, "run", here->run, sizeof(here->run));
	json_read_text(&r, tree, "allow", here->allow, sizeof(here->allow));
	json_read_double(&r, tree, "rate_per_s", &here->rate_per_s);
	json_read_u64(&r, tree, "users", UINT64_MAX, &here->users);
	json_read_u64(&r, tree, "connections", UINT64_MAX, &here->connections);
	json_read_double(&r, tree, "duration_s", &here->duration_s);
	return done(&r, tree);
}

bool
ping_decode(const char *text, size_t length, struct ping *ping, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);

	*ping = (struct ping){.agent = ""};
	if (tree == NULL)
		return false;
	MUST_HAVE(&r, tree, "sent_ns");
	json_read_text(&r, tree, "agent", ping->agent, sizeof(ping->agent));
	json_read_i64(&r, tree, "sent_ns", 0, INT64_MAX, &ping->sent_ns);
	json_read_i64(&r, tree, "heard_ns", 0, INT64_MAX, &ping->heard_ns);
	json_read_i64(&r, tree, "said_ns", 0, INT64_MAX, &ping->said_ns);
	return done(&r, tree);
}

static void
read_settings(struct json_reader *r, const cJSON *tree, struct ask *ask)
{
	const cJSON *settings = json_array(r, tree, "settings");

	for (const cJSON *item = settings != NULL ? settings->child : NULL; item != NULL && !r->has_failed;
		item = item->next) {
		if (!cJSON_IsString(item) || strchr(item->valuestring, '=') == NULL ||
			strlen(item->valuestring) > SETTING_MAX)
			json_fail(r, "settings", "KEY=VALUE is wanted");
		else if (ask->settings_n == SHARD_SETTINGS_MAX)
			json_fail(r, "settings", "there are more than 64");
		else
			ask->settings[ask->settings_n++] = must_strdup(item->valuestring);
	}
}

bool
ask_decode(const char *text, size_t length, struct ask *ask, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);

	*ask = (struct ask){.run = ""};
	if (tree == NULL)
		return false;
	MUST_HAVE(&r, tree, "run", "shard", "shards", "hash", "brunt");
	read_token(&r, tree, "run", ask->run, sizeof(ask->run));
	json_read_u32(&r, tree, "shard", UINT32_MAX, &ask->shard);
	json_read_u32(&r, tree, "shards", UINT32_MAX, &ask->shards);
	json_read_text(&r, tree, "hash", ask->hash, sizeof(ask->hash));
	json_read_text(&r, tree, "brunt", ask->brunt, sizeof(ask->brunt));
	if (!r.has_failed && ask->shard >= ask->shards)
		json_fail(&r, "shard", "it is less than shards");
	if (!r.has_failed)
		read_settings(&r, tree, ask);
	if (r.has_failed)
		ask_fini(ask);
	return done(&r, tree);
}

void
ask_fini(struct ask *ask)
{
	for (size_t i = 0; i < ask->settings_n; i++)
		free(ask->settings[i]);
	ask->settings_n = 0;
}

bool
answer_decode(const char *text, size_t length, struct answer *answer, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);

	*answer = (struct answer){.agent = ""};
	if (tree == NULL)
		return false;
	MUST_HAVE(&r, tree, "agent", "shard", "taken");
	read_token(&r, tree, "agent", answer->agent, sizeof(answer->agent));
	json_read_u32(&r, tree, "shard", UINT32_MAX, &answer->shard);
	json_read_bool(&r, tree, "taken", &answer->is_taken);
	json_read_text(&r, tree, "why", answer->why, sizeof(answer->why));
	return done(&r, tree);
}

bool
lead_decode(const char *text, size_t length, struct lead *lead, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);

	*lead = (struct lead){0};
	if (tree == NULL)
		return false;
	MUST_HAVE(&r, tree, "said");
	json_read_u64(&r, tree, "said", UINT64_MAX, &lead->said);
	json_read_bool(&r, tree, "dismissed", &lead->is_dismissed);
	return done(&r, tree);
}

bool
beat_decode(const char *text, size_t length, struct beat *beat, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);
	int64_t exit_status = 0, term_signal = 0;

	*beat = (struct beat){.agent = ""};
	if (tree == NULL)
		return false;
	MUST_HAVE(&r, tree, "agent", "shard", "heard", "kept", "over");
	read_token(&r, tree, "agent", beat->agent, sizeof(beat->agent));
	json_read_u32(&r, tree, "shard", UINT32_MAX, &beat->shard);
	json_read_u64(&r, tree, "heard", UINT64_MAX, &beat->heard);
	json_read_u64(&r, tree, "kept", UINT64_MAX, &beat->kept);
	json_read_bool(&r, tree, "over", &beat->is_over);
	json_read_i64(&r, tree, "exit_status", 0, 255, &exit_status);
	json_read_i64(&r, tree, "term_signal", 0, 255, &term_signal);
	json_read_text(&r, tree, "why", beat->why, sizeof(beat->why));
	beat->exit_status = (int)exit_status;
	beat->term_signal = (int)term_signal;
	return done(&r, tree);
}

bool
left_decode(const char *text, size_t length, struct left *left, struct error *err)
{
	struct json_reader r = {.err = err};
	cJSON *tree = json_parse(&r, text, length, MESSAGE_MAX);

	*left = (struct left){.client = ""};
	if (tree == NULL)
		return false;
	const cJSON *client = json_object(&r, tree, "client");

	MUST_HAVE(&r, client, "name");
	json_read_text(&r, client, "name", left->client, sizeof(left->client));
	json_read_text(&r, tree, "reason", left->reason, sizeof(left->reason));
	return done(&r, tree);
}
