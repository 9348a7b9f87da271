#include "plan/auth.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/check.h"
#include "plan/compile.h"

#define TEXT_CEILING ((size_t)64 * 1024)
#define TEXT_OF_BASIC "Basic ${basic}" /* filled in by request/slot_base64.c */

/* A password in a profile would be in its results, its baselines and whatever they are sent to. */
static bool
check_secret(const struct plan_node *node, const char *key, struct error *err)
{
	const struct plan_node *secret = node_get(node, key);

	return secret == NULL || secret->is_tainted || strstr(secret->text, "${") != NULL ||
	       plan_error(secret, err,
		       "%s: a secret has no place in a profile, which every result holds a copy of; write ${env:NAME}, "
		       "${file:PATH} or a slot such as ${users.%s}",
		       key, key);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* Also what a reference stands for: said without showing it. */
static bool
check_text(const struct plan_node *node, const char *text, struct error *err)
{
	return text == NULL || (text[0] != '\0' && !has_control(text)) ||
	       plan_error(node, err, "auth: %s",
		       text[0] == '\0' ? "one of its texts is empty"
				       : "one of its texts holds a line end or control "
					 "character; a file is to hold the secret and nothing else");
}

static bool
is_header_name(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return false;
	return text[0] != '\0';
}

static bool
check_api_key(const struct plan_node *node, const struct plan_auth *auth, struct error *err)
{
	if ((auth->in_header != NULL) + (auth->in_query != NULL) != 1)
		return plan_error(node, err,
			"api_key: say where it is sent, such as {header: X-API-Key, value: \"${env:KEY}\"} or {query: key, …}");
	if (auth->in_header != NULL && !is_header_name(auth->in_header))
		return plan_error(
			node_get(node, "header"), err, "header: '%.64s' is not a header's name", auth->in_header);
	return check_secret(node, "value", err);
}

bool
auth_check(const struct plan_node *node, const struct plan_auth *auth, struct error *err)
{
	const struct plan_node *basic = node_get(node, "basic"), *api_key = node_get(node, "api_key");
	int n = (basic != NULL) + (auth->bearer != NULL) + (api_key != NULL);

	if (!auth->is_sent)
		return n == 0 || plan_error(node, err, "auth: nothing is sent of it; leave out 'send', or the rest");
	if (n != 1)
		return plan_error(node, err, "auth: write one of basic, bearer and api_key");
	if (basic != NULL && auth->user != NULL && strstr(auth->user, "${") == NULL && strchr(auth->user, ':') != NULL)
		return plan_error(basic, err, "user: holds a ':', which is where the password begins (RFC 7617)");
	return check_text(node, auth->user, err) && check_text(node, auth->password, err) &&
	       check_text(node, auth->bearer, err) && check_text(node, auth->api_key, err) &&
	       check_secret(node, "bearer", err) && (basic == NULL || check_secret(basic, "password", err)) &&
	       (api_key == NULL || check_api_key(api_key, auth, err));
}

/* Encoded now where it is the same for all requests. */
static void
add_basic(struct plan_context *context, const struct plan_auth *auth, struct plan_request *request)
{
	const char *text = arena_printf(context->arena, "%s:%s", auth->user, auth->password);

	if (strstr(text, "${") != NULL) {
		request->basic = text;
		compile_add_header(context, request, "Authorization", TEXT_OF_BASIC);
		return;
	}
	char *encoded = base64_encode((const uint8_t *)text, strlen(text));

	compile_add_header(context, request, "Authorization", arena_printf(context->arena, "Basic %s", encoded));
	free(encoded);
}

/* As a part of a query: what is no slot is percent-encoded (RFC 3986 §2.1), a slot is when it is filled in. */
static void
add_encoded(struct buf *into, const char *text)
{
	while (*text != '\0') {
		const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;

		if (end != NULL) {
			buf_add(into, text, (size_t)(end + 1 - text));
			text = end + 1;
			continue;
		}
		if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
			buf_add(into, text, 1);
		else
			buf_printf(into, "%%%02X", (unsigned char)*text);
		text++;
	}
}

static void
add_query(struct plan_context *context, const struct plan_auth *auth, struct plan_request *request)
{
	struct buf path;

	buf_init(&path, TEXT_CEILING);
	buf_printf(&path, "%s%c", request->path, strchr(request->path, '?') != NULL ? '&' : '?');
	add_encoded(&path, auth->in_query);
	buf_add_text(&path, "=");
	add_encoded(&path, auth->api_key);
	request->path = arena_strndup(context->arena, path.bytes, path.length);
	buf_fini(&path);
}

void
auth_add(struct plan_context *context, const struct plan_auth *auth, struct plan_request *request)
{
	if (!auth->is_sent)
		return;
	if (auth->user != NULL)
		add_basic(context, auth, request);
	if (auth->bearer != NULL)
		compile_add_header(
			context, request, "Authorization", arena_printf(context->arena, "Bearer %s", auth->bearer));
	if (auth->in_header != NULL)
		compile_add_header(context, request, auth->in_header, auth->api_key);
	if (auth->in_query != NULL)
		add_query(context, auth, request);
}
