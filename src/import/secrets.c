#include "import/secrets.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "import/literal.h"

#define SECRET_CEILING ((size_t)256 * 1024)

/* Names, and words within names, that people give to secrets. */
bool
secrets_is_name(const char *name)
{
	static const char *const whole[] = {"authorization", "proxy-authorization", "cookie", "auth", "key", "sig",
		"signature", "code", "jwt", "pwd", "sid"};
	static const char *const parts[] = {"token", "secret", "passw", "api-key", "api_key", "apikey", "session",
		"credential", "access-key", "access_key", "private-key", "x-auth"};

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (strcasecmp(name, whole[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strcasestr(name, parts[i]) != NULL)
			return true;
	return false;
}

static bool
is_taken(const struct secrets *secrets, const char *variable)
{
	for (size_t i = 0; i < secrets->n; i++)
		if (strcmp(secrets->list[i].variable, variable) == 0)
			return true;
	return false;
}

static const char *
name_variable(const struct secrets *secrets, struct arena *arena, const char *name)
{
	char *variable = arena_strndup(arena, name, strnlen(name, 48));
	const char *unique;

	for (char *p = variable; *p != '\0'; p++)
		*p = isalnum((unsigned char)*p) && !(*p & 0x80) ? (char)toupper((unsigned char)*p) : '_';
	if (isdigit((unsigned char)variable[0]) || variable[0] == '\0')
		variable = arena_printf(arena, "SECRET_%s", variable);
	unique = variable;
	for (unsigned i = 2; is_taken(secrets, unique); i++)
		unique = arena_printf(arena, "%s_%u", variable, i);
	return unique;
}

const char *
secrets_variable(struct secrets *secrets, struct arena *arena, const char *name, const char *value, const char *what)
{
	for (size_t i = 0; i < secrets->n; i++) {
		struct secret *secret = &secrets->list[i];

		if (strcmp(secret->what, what) != 0 || (secret->value == NULL) != (value == NULL) ||
			(value != NULL && strcmp(secret->value, value) != 0))
			continue;
		secret->times++;
		return secret->variable;
	}
	if (secrets->n == SECRETS_MAX)
		return NULL;
	const char *variable = name_variable(secrets, arena, name);

	secrets->list[secrets->n++] = (struct secret){
		variable, arena_strdup(arena, what), value != NULL ? arena_strdup(arena, value) : NULL, 1};
	return variable;
}

/* "Bearer " stays, since it is no secret and says what the rest is. */
static size_t
scheme_length(const char *name, const char *value)
{
	size_t word = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	if (strcasestr(name, "authorization") == NULL || word == 0 || value[word] != ' ' || value[word + 1] == '\0')
		return 0;
	return word + 1;
}

const char *
secrets_hide_header(struct secrets *secrets, struct arena *arena, const char *name, const char *value)
{
	if (!secrets_is_name(name) || value[0] == '\0' || literal_has_reference(value))
		return value;
	size_t scheme = scheme_length(name, value);
	const char *variable =
		secrets_variable(secrets, arena, name, value + scheme, arena_printf(arena, "the header %s", name));

	return variable == NULL ? NULL : arena_printf(arena, "%.*s${env:%s}", (int)scheme, value, variable);
}

const char *
secrets_hide_path(struct secrets *secrets, struct arena *arena, const char *path)
{
	const char *query = strchr(path, '?');
	struct buf text;

	bool is_hidden = true;

	if (query == NULL)
		return path;
	buf_init(&text, SECRET_CEILING);
	buf_add(&text, path, (size_t)(query - path));
	for (const char *p = query; *p != '\0';) { /* '?' or '&', then NAME=VALUE */
		size_t length = 1 + strcspn(p + 1, "&"), name_length = strcspn(p + 1, "=&");
		const char *name = arena_strndup(arena, p + 1, name_length), *variable = NULL;
		const char *value = arena_strndup(arena, p + 1 + name_length, length - 1 - name_length);

		bool is_secret =
			value[0] == '=' && value[1] != '\0' && secrets_is_name(name) && !literal_has_reference(value);

		if (is_secret)
			variable = secrets_variable(secrets, arena, name, value + 1,
				arena_printf(arena, "the parameter %s, percent-encoded", name));
		is_hidden = is_hidden && (!is_secret || variable != NULL);
		if (variable != NULL)
			buf_printf(&text, "%.*s=${env:%s}", (int)name_length + 1, p, variable);
		else
			buf_add(&text, p, length);
		p += length;
	}
	const char *hidden = is_hidden ? arena_strndup(arena, text.bytes, text.length) : NULL;

	buf_fini(&text);
	return hidden;
}
