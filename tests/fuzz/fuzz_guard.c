#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "daemon/audit_text.h"
#include "daemon/guard.h"
#include "net/allow.h"

/* What somebody can say to the daemon before anybody knows who he is (headers), and what its operator writes into
 * files: no crash, and nobody comes in who has shown no token. The first byte says which. */

#define TEXT_SHARE 300

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char known[] = "a admin sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\n";

/* Lines of the input as headers: "" is one that is not there. */
static const char *
next_line(char **at)
{
	char *line = *at;
	char *end = strchr(line, '\n');

	*at = end != NULL ? end + 1 : line + strlen(line);
	if (end != NULL)
		*end = '\0';
	return *line != '\0' ? line : NULL;
}

static void
try_headers(char *text)
{
	struct error err = {0};
	struct origin_names names;
	struct tokens *tokens = tokens_parse(known, strlen(known), "known", &err);
	struct sessions *sessions = sessions_new(&sessions_default_config);
	struct guard_who who;
	struct guard guard;
	char cookie[SESSION_COOKIE_MAX];

	CHECK(tokens != NULL && origin_names_init(&names, "http://127.0.0.1:8080", NULL, 0, &err));
	guard_init(&guard, &(struct guard_config){.names = &names, .sessions = sessions, .tokens = tokens});
	CHECK(guard_log_in(&guard, "password", &who, cookie) == REFUSAL_COUNT);
	struct guard_ask ask = {.method = "POST", .body_length = 1};

	ask.host = next_line(&text);
	ask.origin = next_line(&text);
	ask.fetch_site = next_line(&text);
	ask.content_type = next_line(&text);
	ask.authorization = next_line(&text);
	ask.cookie = next_line(&text);
	bool is_admitted = guard_admit(&guard, &ask, &who) == REFUSAL_COUNT;

	/* By the one token that there is, to one of our three names, and as JSON. */
	CHECK(!is_admitted || (ask.authorization != NULL && strstr(ask.authorization, "password") != NULL));
	CHECK(!is_admitted || (ask.host != NULL && strstr(ask.host, "8080") != NULL));
	CHECK(!is_admitted || ask.origin == NULL || strstr(ask.origin, "8080") != NULL);
	CHECK(!is_admitted || ask.content_type != NULL);
	session_end(sessions, ask.cookie, cookie);
	CHECK_OP(sessions_n(sessions), ==, 1);
	tokens_free(tokens);
	sessions_free(sessions);
}

/* What is understood is understood again, and the same, in the form that it was brought into. */
static void
try_authority(const char *text)
{
	struct authority first, again;
	char form[ORIGIN_HOST_MAX + 16];

	if (!authority_parse(text, &first))
		return;
	bool is_v6 = strchr(first.host, ':') != NULL;

	snprintf(form, sizeof(form), "%s%s%s", is_v6 ? "[" : "", first.host, is_v6 ? "]" : "");
	CHECK(authority_parse(form, &again));
	CHECK(strcmp(first.host, again.host) == 0 && first.is_address == again.is_address);
	CHECK(first.port <= 65535);
}

static void
try_tokens(const char *text, size_t size)
{
	struct error err = {0};
	struct tokens *tokens = tokens_parse(text, size, "tokens", &err);

	CHECK((tokens != NULL) == !error_is_set(&err));
	CHECK(tokens == NULL || (tokens_n(tokens) > 0 && tokens_n(tokens) <= TOKENS_MAX));
	CHECK(tokens == NULL || tokens_find_bearer(tokens, "Bearer ") == NULL);
	tokens_free(tokens);
}

static void
try_allow(const char *text, size_t size)
{
	struct address to = {.length = sizeof(to.v4), .v4 = {.sin_family = AF_INET}};
	struct error err = {0};
	struct allow *allow = allow_parse(text, size, "allow", &err);

	CHECK((allow != NULL) == !error_is_set(&err));
	to.v4.sin_addr.s_addr = htonl(0xa9fea9fe); /* 169.254.169.254: no name leads there */
	CHECK(allow == NULL || allow_has_address(allow, "a.test", &to) == allow_has_address(allow, NULL, &to));
	allow_free(allow);
}

static void
try_audit(const char *text)
{
	struct buf line;

	buf_init(&line, 1024);
	buf_add_char(&line, '"');
	audit_text_add(&line, text, TEXT_SHARE);
	CHECK(line.length <= TEXT_SHARE + 1);
	for (size_t i = 0; i < line.length; i++)
		CHECK((unsigned char)line.bytes[i] >= 0x20 && line.bytes[i] != 0x7f);
	buf_add_char(&line, '"');
	cJSON *json = cJSON_Parse(line.bytes);

	CHECK(cJSON_IsString(json));
	cJSON_Delete(json);
	buf_fini(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 1)
		return 0;
	char *text = must_strndup((const char *)bytes + 1, size - 1);

	switch (bytes[0] % 5) {
	case 0: try_headers(text); break;
	case 1: try_authority(text); break;
	case 2: try_tokens((const char *)bytes + 1, size - 1); break;
	case 3: try_allow((const char *)bytes + 1, size - 1); break;
	default: try_audit(text); break;
	}
	free(text);
	return 0;
}
