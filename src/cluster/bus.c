#include "cluster/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/list.h"
#include "base/log.h"
#include "base/units.h"
#include "cluster/bus_parts.h"

/* A link that is cut is known after so long; then another connection is tried, again and again. */
#define PING_MS 1000
#define PINGS_MAX 2
#define RECONNECT_MS 200
#define FAREWELL_NS (2 * NS_PER_S)
#define SECRET_MAX 4096

struct letter {
	struct list node;
	size_t size;
	struct bus_message message; /* points into bytes */
	char bytes[];
};

static char *
put_text(char **at, const char *text)
{
	char *start = *at;
	size_t n = strlen(text) + 1;

	memcpy(start, text, n);
	*at += n;
	return start;
}

static struct letter *
letter_new(const struct bus_message *from)
{
	size_t size = strlen(from->subject) + strlen(from->reply) + strlen(from->id) + strlen(from->status) + 5 +
		      from->length;
	struct letter *letter = must_alloc(sizeof(*letter) + size);
	char *at = letter->bytes;

	letter->size = sizeof(*letter) + size;
	letter->message = *from;
	letter->message.subject = put_text(&at, from->subject);
	letter->message.reply = put_text(&at, from->reply);
	letter->message.id = put_text(&at, from->id);
	letter->message.status = put_text(&at, from->status);
	letter->message.data = at;
	if (from->length > 0)
		memcpy(at, from->data, from->length);
	at[from->length] = '\0';
	list_init(&letter->node);
	return letter;
}

/* Under the mutex. */
static bool
box_add(struct letter_box *box, struct letter *letter)
{
	if (box->bytes + letter->size > BUS_WAITING_MAX) {
		box->lost++;
		free(letter);
		return false;
	}
	box->bytes += letter->size;
	list_add_last(&box->letters, &letter->node);
	return true;
}

static struct letter *
box_take(struct letter_box *box)
{
	struct letter *letter = list_first(&box->letters, struct letter, node);

	if (letter == NULL)
		return NULL;
	list_remove(&letter->node);
	box->bytes -= letter->size;
	return letter;
}

static void
box_empty(struct letter_box *box)
{
	struct letter *letter;

	while ((letter = box_take(box)) != NULL)
		free(letter);
}

/* Under the mutex. */
static void
bus_wake(struct bus *bus)
{
	if (!bus->is_closing)
		uv_async_send(&bus->wake);
}

int64_t
bus_now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

/* On a thread of libnats. */
static void
bus_on_nats(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure)
{
	struct bus *bus = closure;
	const char *id = NULL, *status = NULL, *sequence = NULL, *reply = natsMsg_GetReply(message);

	(void)connection;
	(void)subscription;
	natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
	natsMsgHeader_Get(message, "Status", &status);
	natsMsgHeader_Get(message, "Nats-Sequence", &sequence);
	struct bus_message heard = {
		.subject = natsMsg_GetSubject(message),
		.reply = reply != NULL ? reply : "",
		.id = id != NULL ? id : "",
		.status = status != NULL ? status : "",
		.sequence = sequence != NULL ? strtoull(sequence, NULL, 10) : 0,
		.data = natsMsg_GetData(message),
		.length = (size_t)natsMsg_GetDataLength(message),
		.at_ns = bus_now_ns(),
	};
	struct letter *letter = letter_new(&heard);

	uv_mutex_lock(&bus->mutex);
	box_add(&bus->in, letter);
	bus_wake(bus);
	uv_mutex_unlock(&bus->mutex);
	natsMsg_Destroy(message);
}

static void
bus_note_connection(struct bus *bus, bool is_connected)
{
	uv_mutex_lock(&bus->mutex);
	bus->is_connected = is_connected;
	if (!is_connected)
		box_empty(&bus->out);
	bus_wake(bus);
	uv_mutex_unlock(&bus->mutex);
}

static void
bus_on_disconnected(natsConnection *connection, void *closure)
{
	(void)connection;
	bus_note_connection(closure, false);
}

static void
bus_on_reconnected(natsConnection *connection, void *closure)
{
	(void)connection;
	bus_note_connection(closure, true);
}

/* Refused permissions and slow consumers. */
static void
bus_on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status, void *closure)
{
	const char *text = NULL;

	(void)subscription;
	(void)closure;
	if (status == NATS_SLOW_CONSUMER)
		return;
	natsConnection_GetLastError(connection, &text);
	log_warn("nats: %s", text != NULL && text[0] != '\0' ? text : natsStatus_GetText(status));
}

static void
bus_publish(struct bus *bus, const struct bus_message *letter)
{
	natsMsg *message = NULL;

	if (natsConnection_Status(bus->connection) != NATS_CONN_STATUS_CONNECTED)
		return;
	natsStatus status = natsMsg_Create(&message, letter->subject, letter->reply[0] != '\0' ? letter->reply : NULL,
		letter->data, (int)letter->length);

	if (status == NATS_OK && letter->id[0] != '\0')
		status = natsMsgHeader_Set(message, "Nats-Msg-Id", letter->id);
	if (status == NATS_OK)
		natsConnection_PublishMsg(bus->connection, message); /* one that is lost is said again */
	natsMsg_Destroy(message);
}

/* The one thread that may be held up. */
static void
bus_talk(void *argument)
{
	struct bus *bus = argument;

	uv_mutex_lock(&bus->mutex);
	for (;;) {
		struct letter *letter = box_take(&bus->out);

		if (letter == NULL && bus->is_closing)
			break;
		if (letter == NULL) {
			uv_cond_wait(&bus->has_more, &bus->mutex);
			continue;
		}
		uv_mutex_unlock(&bus->mutex);
		bus_publish(bus, &letter->message);
		free(letter);
		uv_mutex_lock(&bus->mutex);
	}
	bus->is_silent = true;
	uv_cond_signal(&bus->has_more);
	uv_mutex_unlock(&bus->mutex);
}

static void
bus_on_wake(uv_async_t *wake)
{
	struct bus *bus = wake->data;
	struct letter_box heard;
	struct letter *letter;

	list_init(&heard.letters);
	uv_mutex_lock(&bus->mutex);
	bool is_connected = bus->is_connected;

	for (heard.bytes = 0; (letter = box_take(&bus->in)) != NULL; heard.bytes += letter->size)
		list_add_last(&heard.letters, &letter->node);
	uv_mutex_unlock(&bus->mutex);
	if (is_connected != bus->was_connected) {
		bus->was_connected = is_connected;
		bus->events.on_connected(bus->events.context, is_connected);
	}
	while ((letter = box_take(&heard)) != NULL) {
		bus->events.on_message(bus->events.context, &letter->message);
		free(letter);
	}
}

void
bus_say(struct bus *bus, const char *subject, const char *reply, const char *id, const void *data, size_t length)
{
	struct bus_message message = {
		.subject = subject,
		.reply = reply != NULL ? reply : "",
		.id = id != NULL ? id : "",
		.status = "",
		.data = data,
		.length = length,
	};

	uv_mutex_lock(&bus->mutex);
	if (bus->is_connected && !bus->is_closing) {
		box_add(&bus->out, letter_new(&message));
		uv_cond_signal(&bus->has_more);
	}
	uv_mutex_unlock(&bus->mutex);
}

bool
bus_is_connected(const struct bus *bus)
{
	return bus->was_connected;
}

bool
bus_subscribe(struct bus *bus, const char *subject, struct error *err)
{
	size_t i = 0;

	while (i < BUS_SUBSCRIPTIONS_MAX && bus->subscriptions[i].handle != NULL)
		i++;
	CHECK_OP(i, <, BUS_SUBSCRIPTIONS_MAX);
	struct subscription *subscription = &bus->subscriptions[i];

	CHECK((size_t)snprintf(subscription->subject, sizeof(subscription->subject), "%s", subject) <
		sizeof(subscription->subject));
	natsStatus status = natsConnection_Subscribe(&subscription->handle, bus->connection, subject, bus_on_nats, bus);

	if (status == NATS_OK)
		natsSubscription_SetPendingLimits(subscription->handle, -1, -1); /* the box has a limit */
	return status == NATS_OK ||
	       error_set(err, "nats: cannot listen to '%s': %s", subject, natsStatus_GetText(status));
}

void
bus_unsubscribe(struct bus *bus, const char *subject)
{
	for (size_t i = 0; i < BUS_SUBSCRIPTIONS_MAX; i++) {
		struct subscription *subscription = &bus->subscriptions[i];

		if (subscription->handle == NULL || strcmp(subscription->subject, subject) != 0)
			continue;
		natsSubscription_Unsubscribe(subscription->handle);
		natsSubscription_Destroy(subscription->handle);
		subscription->handle = NULL;
	}
}

/* The first line of a file that holds a secret. */
static bool
read_secret(const char *path, char into[SECRET_MAX], struct error *err)
{
	size_t length;
	char *text = file_read(path, SECRET_MAX - 1, &length, err);

	if (text == NULL)
		return false;
	snprintf(into, SECRET_MAX, "%.*s", (int)strcspn(text, "\r\n"), text);
	free(text);
	return into[0] != '\0' || error_set(err, "'%s' is empty", path);
}

static bool
set_identity(natsOptions *to, const struct bus_options *options, struct error *err)
{
	char secret[SECRET_MAX] = "";
	natsStatus status = NATS_OK;

	if (options->creds != NULL)
		status = natsOptions_SetUserCredentialsFromFiles(to, options->creds, NULL);
	if (status == NATS_OK && options->user != NULL) {
		if (options->password_file != NULL && !read_secret(options->password_file, secret, err))
			return false;
		status = natsOptions_SetUserInfo(to, options->user, secret);
	}
	if (status == NATS_OK && options->token_file != NULL) {
		if (!read_secret(options->token_file, secret, err))
			return false;
		status = natsOptions_SetToken(to, secret);
	}
	if (status == NATS_OK && options->ca != NULL) {
		status = natsOptions_SetSecure(to, true);
		if (status == NATS_OK)
			status = natsOptions_LoadCATrustedCertificates(to, options->ca);
	}
	if (status == NATS_OK && options->cert != NULL)
		status = natsOptions_LoadCertificatesChain(to, options->cert, options->key);
	explicit_bzero(secret, sizeof(secret));
	return status == NATS_OK ||
	       error_set(err, "nats: credentials or certificates cannot be used: %s", natsStatus_GetText(status));
}

static natsStatus
set_course(natsOptions *to, struct bus *bus, const struct bus_options *options)
{
	natsStatus status = natsOptions_SetURL(to, options->url);

	if (status == NATS_OK)
		status = natsOptions_SetName(to, options->name);
	if (status == NATS_OK)
		status = natsOptions_SetTimeout(to, BUS_PATIENCE_MS);
	if (status == NATS_OK)
		status = natsOptions_SetPingInterval(to, PING_MS);
	if (status == NATS_OK)
		status = natsOptions_SetMaxPingsOut(to, PINGS_MAX);
	if (status == NATS_OK)
		status = natsOptions_SetMaxReconnect(to, -1);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectWait(to, RECONNECT_MS);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectJitter(to, RECONNECT_MS / 2, RECONNECT_MS / 2);
	if (status == NATS_OK)
		status = natsOptions_SetSendAsap(to, true); /* clocks are compared over it */
	if (status == NATS_OK)
		status = natsOptions_SetDisconnectedCB(to, bus_on_disconnected, bus);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectedCB(to, bus_on_reconnected, bus);
	if (status == NATS_OK)
		status = natsOptions_SetErrorHandler(to, bus_on_error, bus);
	return status;
}

static bool
bus_connect(struct bus *bus, const struct bus_options *options, struct error *err)
{
	natsOptions *to = NULL;
	natsStatus status = natsOptions_Create(&to);
	bool is_good = true;

	if (status == NATS_OK)
		status = set_course(to, bus, options);
	if (status == NATS_OK)
		is_good = set_identity(to, options, err);
	if (status == NATS_OK && is_good)
		status = natsConnection_Connect(&bus->connection, to);
	natsOptions_Destroy(to);
	if (status == NATS_OK || !is_good)
		return is_good;
	return error_set(err, "--nats: cannot connect to %s: %s", options->url,
		status == NATS_NO_SERVER                ? "no server answers there"
		: status == NATS_CONNECTION_AUTH_FAILED ? "it does not let us in (user, token or credentials)"
							: natsStatus_GetText(status));
}

struct bus *
bus_open(uv_loop_t *loop, const struct bus_options *options, const struct bus_events *events, struct error *err)
{
	struct bus *bus = must_alloc(sizeof(*bus));

	bus->loop = loop;
	bus->events = *events;
	list_init(&bus->in.letters);
	list_init(&bus->out.letters);
	CHECK_OP(uv_mutex_init(&bus->mutex), ==, 0);
	CHECK_OP(uv_cond_init(&bus->has_more), ==, 0);
	CHECK_OP(uv_async_init(loop, &bus->wake, bus_on_wake), ==, 0);
	bus->wake.data = bus;
	bus->is_connected = bus->was_connected = true;
	if (bus_connect(bus, options, err) &&
		natsConnection_JetStream(&bus->jetstream, bus->connection, NULL) == NATS_OK) {
		CHECK_OP(uv_thread_create(&bus->talker, bus_talk, bus), ==, 0);
		bus->has_talker = true;
		return bus;
	}
	error_set(err, "--nats: no memory for a connection");
	bus_close(bus);
	return NULL;
}

static void
bus_on_closed(uv_handle_t *handle)
{
	struct bus *bus = handle->data;

	bus->is_closed = true;
}

/* False: it is held up in a call, over a link that is cut. */
static bool
bus_say_farewell(struct bus *bus)
{
	int64_t until_ns = bus_now_ns() + FAREWELL_NS;

	uv_mutex_lock(&bus->mutex);
	bus->is_closing = true;
	uv_cond_signal(&bus->has_more);
	while (bus->has_talker && !bus->is_silent && bus_now_ns() < until_ns)
		uv_cond_timedwait(&bus->has_more, &bus->mutex, FAREWELL_NS / 10);
	bool is_silent = !bus->has_talker || bus->is_silent;

	uv_mutex_unlock(&bus->mutex);
	return is_silent;
}

void
bus_close(struct bus *bus)
{
	bool is_silent = bus_say_farewell(bus);

	if (is_silent && bus->has_talker)
		uv_thread_join(&bus->talker);
	if (is_silent && bus->connection != NULL) {
		natsConnection_FlushTimeout(bus->connection, FAREWELL_NS / NS_PER_MS / 2);
		for (size_t i = 0; i < BUS_SUBSCRIPTIONS_MAX; i++)
			natsSubscription_Destroy(bus->subscriptions[i].handle);
		jsCtx_Destroy(bus->jetstream);
		natsConnection_Close(bus->connection);
	}
	uv_close((uv_handle_t *)&bus->wake, bus_on_closed);
	while (!bus->is_closed)
		uv_run(bus->loop, UV_RUN_ONCE);
	if (!is_silent)
		return; /* its threads still use it: the end of the process ends them */
	if (bus->connection != NULL)
		natsConnection_Destroy(bus->connection);
	nats_CloseAndWait(BUS_PATIENCE_MS);
	box_empty(&bus->in);
	box_empty(&bus->out);
	uv_cond_destroy(&bus->has_more);
	uv_mutex_destroy(&bus->mutex);
	free(bus);
}
