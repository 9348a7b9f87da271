#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "cluster/bus_parts.h"

/* What nats-server keeps for us: streams, and buckets of keys and values. All of it blocks. */
#define STREAM_KEPT_NS (24 * 3600 * NS_PER_S)
/* As long as a message may be said again. */
#define DUPLICATES_NS (600 * NS_PER_S)

static bool
refuse(struct error *err, const char *what, const char *name, natsStatus status)
{
	bool is_absent = status == NATS_NO_RESPONDERS;

	return error_set(err, "nats: %s '%s': %s", what, name,
		is_absent ? "the server has no JetStream; start it with -js, or jetstream {} in its configuration"
			  : natsStatus_GetText(status));
}

bool
bus_make_stream(struct bus *bus, const char *stream, const char *subject, struct error *err)
{
	jsStreamConfig config;
	jsErrCode code = 0;

	jsStreamConfig_Init(&config);
	config.Name = stream;
	config.Subjects = &subject;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.MaxAge = STREAM_KEPT_NS;
	config.Duplicates = DUPLICATES_NS;
	config.AllowDirect = true;
	natsStatus status = js_AddStream(NULL, bus->jetstream, &config, NULL, &code);

	return status == NATS_OK || refuse(err, "cannot make the stream", stream, status);
}

void
bus_drop_stream(struct bus *bus, const char *stream)
{
	js_DeleteStream(bus->jetstream, stream, NULL, NULL);
}

/* As js_CreateKeyValue makes it, but so that an agent can ask for a value without blocking. */
bool
bus_make_bucket(struct bus *bus, const char *bucket, int64_t kept_ns, struct error *err)
{
	char name[64], subjects[64];
	const char *subject = subjects;
	jsStreamConfig config;
	jsErrCode code = 0;

	snprintf(name, sizeof(name), "KV_%s", bucket);
	snprintf(subjects, sizeof(subjects), "$KV.%s.>", bucket);
	jsStreamConfig_Init(&config);
	config.Name = name;
	config.Subjects = &subject;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.MaxMsgsPerSubject = 1;
	config.MaxAge = kept_ns;
	config.Duplicates = kept_ns < 120 * NS_PER_S ? kept_ns : 120 * NS_PER_S;
	config.Discard = js_DiscardNew;
	config.AllowRollup = true;
	config.DenyDelete = true;
	config.AllowDirect = true;
	natsStatus status = js_AddStream(NULL, bus->jetstream, &config, NULL, &code);

	return status == NATS_OK || refuse(err, "cannot make the bucket", bucket, status);
}

static kvStore *
open_bucket(struct bus *bus, const char *bucket, struct error *err)
{
	kvStore *store = NULL;
	natsStatus status = js_KeyValue(&store, bus->jetstream, bucket);

	if (status != NATS_OK)
		refuse(err, "cannot open the bucket", bucket, status);
	return status == NATS_OK ? store : NULL;
}

bool
bus_put(struct bus *bus, const char *bucket, const char *key, const void *data, size_t length, struct error *err)
{
	kvStore *store = open_bucket(bus, bucket, err);

	if (store == NULL)
		return false;
	natsStatus status = kvStore_Put(NULL, store, key, data, (int)length);

	kvStore_Destroy(store);
	return status == NATS_OK || refuse(err, "cannot write the key", key, status);
}

static void
read_holder(kvStore *store, const char *key, char *holder, size_t size)
{
	kvEntry *entry = NULL;

	holder[0] = '\0';
	if (kvStore_Get(&entry, store, key) != NATS_OK)
		return;
	snprintf(holder, size, "%.*s", kvEntry_ValueLen(entry), (const char *)kvEntry_Value(entry));
	kvEntry_Destroy(entry);
}

bool
bus_put_new(struct bus *bus, const char *bucket, const char *key, const char *value, char *holder, size_t size,
	struct error *err)
{
	kvStore *store = open_bucket(bus, bucket, err);

	holder[0] = '\0';
	if (store == NULL)
		return false;
	natsStatus status = kvStore_Create(NULL, store, key, value, (int)strlen(value));

	if (status != NATS_OK)
		read_holder(store, key, holder, size);
	kvStore_Destroy(store);
	if (status != NATS_OK && holder[0] == '\0')
		refuse(err, "cannot write the key", key, status);
	return status == NATS_OK;
}

char *
bus_get(struct bus *bus, const char *bucket, const char *key, struct error *err)
{
	kvStore *store = open_bucket(bus, bucket, err);
	kvEntry *entry = NULL;
	char *value = NULL;

	if (store == NULL)
		return NULL;
	natsStatus status = kvStore_Get(&entry, store, key);

	if (status == NATS_OK)
		value = must_strndup(kvEntry_Value(entry), (size_t)kvEntry_ValueLen(entry));
	else
		refuse(err, "cannot read the key", key, status);
	kvEntry_Destroy(entry);
	kvStore_Destroy(store);
	return value;
}

void
bus_remove(struct bus *bus, const char *bucket, const char *key)
{
	struct error err = {0};
	kvStore *store = open_bucket(bus, bucket, &err);

	if (store == NULL)
		return;
	kvStore_Delete(store, key);
	kvStore_Destroy(store);
}

void
bus_remove_if(struct bus *bus, const char *bucket, const char *key, const char *start)
{
	struct error ignored = {0};
	char *value = bus_get(bus, bucket, key, &ignored);

	if (value != NULL && strncmp(value, start, strlen(start)) == 0)
		bus_remove(bus, bucket, key);
	free(value);
}

/* −1: it is not there. */
static int64_t
written_at_ns(kvStore *store, const char *key)
{
	kvEntry *entry = NULL;

	if (kvStore_Get(&entry, store, key) != NATS_OK)
		return -1;
	int64_t at_ns = kvEntry_Created(entry);

	kvEntry_Destroy(entry);
	return at_ns;
}

int64_t
bus_age_ns(struct bus *bus, const char *bucket, const char *key)
{
	struct error ignored = {0};
	kvStore *store = open_bucket(bus, bucket, &ignored);

	if (store == NULL)
		return -1;
	bool is_asked = kvStore_PutString(NULL, store, "asked", "") == NATS_OK;
	int64_t now_ns = is_asked ? written_at_ns(store, "asked") : -1, at_ns = written_at_ns(store, key);

	kvStore_Destroy(store);
	return now_ns >= 0 && at_ns >= 0 && now_ns >= at_ns ? now_ns - at_ns : -1;
}
