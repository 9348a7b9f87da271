#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cluster/message.h"
#include "cluster/parcel.h"

/* What anybody with access to nats-server may say to an agent or to who leads: no crash, and nothing becomes a part of
 * a subject or of a path that could be two. The first byte says which message it is. */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
try_ask(const char *text, size_t length, struct error *err)
{
	struct ask ask;

	if (!ask_decode(text, length, &ask, err)) {
		CHECK(error_is_set(err));
		return;
	}
	CHECK(message_is_token(ask.run) && ask.shard < ask.shards);
	for (size_t i = 0; i < ask.settings_n; i++)
		CHECK(strchr(ask.settings[i], '=') != NULL);
	ask_fini(&ask);
}

static void
try_one(uint8_t kind, const char *text, size_t length)
{
	struct error err = {0};
	struct hello hello;
	struct here here;
	struct ping ping;
	struct answer answer;
	struct lead lead;
	struct beat beat;
	struct left left;

	switch (kind % 9) {
	case 0: CHECK(!hello_decode(text, length, &hello, &err) || message_is_token(hello.run)); break;
	case 1: CHECK(!here_decode(text, length, &here, &err) || message_is_token(here.agent)); break;
	case 2: ping_decode(text, length, &ping, &err); break;
	case 3: try_ask(text, length, &err); break;
	case 4: CHECK(!answer_decode(text, length, &answer, &err) || message_is_token(answer.agent)); break;
	case 5: lead_decode(text, length, &lead, &err); break;
	case 6: CHECK(!beat_decode(text, length, &beat, &err) || message_is_token(beat.agent)); break;
	case 8: left_decode(text, length, &left, &err); break;
	default: parcel_number_of(text); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 1)
		return 0;
	char *text = must_strndup((const char *)bytes + 1, size - 1);

	try_one(bytes[0], text, strlen(text));
	free(text);
	return 0;
}
