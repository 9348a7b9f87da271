#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "request/slot.h"
#include "request/slot_escape.h"
#include "request/template.h"

/* ${…|base64}, and what `auth: {basic: …}` sends: a text with slots of its own, encoded as a whole. It is rendered at
 * the end of the room that the encoded text may need, and encoded from there to its beginning: what is read is always
 * ahead of what is written. */

#define TEXT_CEILING ((size_t)64 * 1024)
#define STREAMS_APART 1000 /* from one such text to the next: more than a template has */

static bool
take_template(struct slot *slot, const char *text, const struct slot_scope *scope, struct error *err)
{
	struct slot_scope inner = *scope;
	struct template *template;

	inner.first_stream = (slot->stream + 1) * STREAMS_APART;
	template = template_new_text(&inner, text, err);
	if (template != NULL && template_grows(template)) {
		template_free(template);
		return error_set(err, "'%.64s|base64': a conversation is not encoded", text);
	}
	slot->of.object = template;
	return template != NULL;
}

static bool
base64_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	static const char ending[] = "|base64";
	size_t n = sizeof(ending) - 1;
	struct buf inner;

	if (text->length <= n || memcmp(text->at + text->length - n, ending, n) != 0)
		return false;
	buf_init(&inner, TEXT_CEILING);
	buf_printf(&inner, "${%.*s}", (int)(text->length - n), text->at);
	bool is_good = !inner.overflowed ? take_template(slot, inner.bytes, scope, err)
					 : error_set(err, "'%.64s': too long", text->at);

	buf_fini(&inner);
	return is_good;
}

static size_t
plain_most(const struct slot *slot)
{
	const struct template *template = slot->of.object;
	size_t length = template_render_max(template);

	if (length == 0)
		template_fixed(template, &length);
	return length;
}

static size_t
base64_most(const struct slot *slot)
{
	return slot_escape_most(slot->context, BASE64_LENGTH(plain_most(slot)));
}

static size_t
render_plain(const struct template *template, const struct render *render, char *into)
{
	size_t length;

	if (template_render_max(template) > 0)
		return template_render(template, render, into);
	memcpy(into, template_fixed(template, &length), length);
	return length;
}

/* Three bytes become four characters, and those twelve bytes at most: at any time a quarter of the room that is written
 * has been read. */
static char *
base64_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	bool is_value = slot->context == SLOT_IN_JSON_VALUE;
	enum slot_context context = slot->is_raw ? SLOT_IN_TEXT : is_value ? SLOT_IN_JSON_STRING : slot->context;
	char *plain = into + base64_most(slot) - plain_most(slot);
	size_t length = render_plain(slot->of.object, rendering->render, plain);

	if (is_value)
		*into++ = '"';
	for (size_t i = 0; i < length; i += 3) {
		char four[4];

		base64_write(four, (const uint8_t *)plain + i, length - i < 3 ? length - i : 3);
		into = slot_escape_put(context, four, sizeof(four), into);
	}
	if (is_value)
		*into++ = '"';
	return into;
}

static void
base64_fini(struct slot *slot)
{
	template_free(slot->of.object);
}

const struct slot_ops base64_slot = {
	.name = "…|base64",
	.form = NULL,
	.help = "any of them in Base64 (RFC 4648 §4)",
	.streams = 1,
	.is_text = true,
	.parse = base64_parse,
	.most = base64_most,
	.put = base64_put,
	.fini = base64_fini,
};

/* Written by plan/ where the user or the password of auth.basic has slots. */
static bool
basic_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	return scope->request != NULL && scope->request->basic != NULL && slot_text_is(text, "basic") &&
	       take_template(slot, scope->request->basic, scope, err);
}

const struct slot_ops basic_slot = {
	.name = "basic",
	.form = NULL,
	.help = "what auth.basic adds to the head",
	.streams = 1,
	.is_text = true,
	.parse = basic_parse,
	.most = base64_most,
	.put = base64_put,
	.fini = base64_fini,
};
