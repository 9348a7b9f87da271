#include "daemon/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define PORT_HTTP 80
#define PORT_HTTPS 443

static bool
parse_port(const char *text, unsigned *port)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return false;
	*port = (unsigned)strtoul(text, NULL, 10);
	return *port >= 1 && *port <= 65535;
}

/* In the one form that each has. */
static bool
take_address(struct authority *authority, int family)
{
	unsigned char bytes[16];

	authority->is_address = inet_pton(family, authority->host, bytes) == 1;
	return authority->is_address && inet_ntop(family, bytes, authority->host, sizeof(authority->host)) != NULL;
}

/* "127.0.0.1.", "0x7f000001" and "127.1" are addresses to browsers, in a form that they do not send. */
static bool
ends_in_number(const char *host)
{
	const char *last = strrchr(host, '.') != NULL ? strrchr(host, '.') + 1 : host;

	return last[strspn(last, "0123456789")] == '\0' || strncmp(last, "0x", 2) == 0;
}

/* Labels with a dot between each two of them; the root's own dot, at the end, is left out. */
static bool
take_name(struct authority *authority)
{
	char *host = authority->host;
	size_t length = strlen(host);

	if (host[length - 1] == '.')
		host[--length] = '\0';
	for (size_t i = 0; i < length; i++) {
		host[i] = (char)tolower((unsigned char)host[i]);
		if (!isalnum((unsigned char)host[i]) && strchr("-._", host[i]) == NULL)
			return false;
	}
	return length > 0 && host[0] != '.' && host[length - 1] != '.' && strstr(host, "..") == NULL &&
	       !ends_in_number(host);
}

bool
authority_parse(const char *text, struct authority *authority)
{
	bool is_v6 = text[0] == '[';
	const char *end = is_v6 ? strchr(text, ']') : text + strcspn(text, ":");
	size_t length = end == NULL ? 0 : (size_t)(end - text) - (is_v6 ? 1 : 0);

	*authority = (struct authority){0};
	if (end == NULL || length == 0 || length >= sizeof(authority->host))
		return false;
	memcpy(authority->host, text + (is_v6 ? 1 : 0), length);
	end += is_v6 ? 1 : 0;
	if (*end != '\0' && (*end != ':' || !parse_port(end + 1, &authority->port)))
		return false;
	return is_v6 ? take_address(authority, AF_INET6) : take_address(authority, AF_INET) || take_name(authority);
}

/* "http://" or "https://", and what is behind it. */
static bool
parse_origin(const char *text, struct authority *authority, bool *is_tls)
{
	static const char plain[] = "http://", tls[] = "https://";

	*is_tls = strncmp(text, tls, strlen(tls)) == 0;
	if (!*is_tls && strncmp(text, plain, strlen(plain)) != 0)
		return false;
	return authority_parse(text + (*is_tls ? strlen(tls) : strlen(plain)), authority);
}

static unsigned
port_of(const struct authority *authority, bool is_tls)
{
	return authority->port != 0 ? authority->port : is_tls ? PORT_HTTPS : PORT_HTTP;
}

static bool
add(struct origin_names *names, const struct authority *authority, struct error *err)
{
	if (names->n == ORIGIN_NAMES_MAX)
		return error_set(err, "more than %zu names", ORIGIN_NAMES_MAX);
	names->list[names->n++] = *authority;
	return true;
}

static bool
add_text(struct origin_names *names, const char *host, struct error *err)
{
	struct authority authority;

	CHECK(authority_parse(host, &authority));
	authority.port = names->port;
	return add(names, &authority, err);
}

static bool
is_loopback(const struct authority *authority)
{
	return authority->is_address &&
	       (strncmp(authority->host, "127.", 4) == 0 || strcmp(authority->host, "::1") == 0);
}

static bool
add_own(struct origin_names *names, const char *url, struct error *err)
{
	struct authority own;

	if (!parse_origin(url, &own, &names->is_tls))
		return error_set(err, "'%s' is no address that a browser could name", url);
	names->port = own.port = port_of(&own, names->is_tls);
	names->takes_addresses = strcmp(own.host, "0.0.0.0") == 0 || strcmp(own.host, "::") == 0;
	if (!names->takes_addresses && !add(names, &own, err))
		return false;
	if (!names->takes_addresses && !is_loopback(&own))
		return true;
	return add_text(names, "localhost", err) && add_text(names, "127.0.0.1", err) && add_text(names, "[::1]", err);
}

bool
origin_names_init(
	struct origin_names *names, const char *url, const char *const *more, size_t more_n, struct error *err)
{
	struct authority authority;

	*names = (struct origin_names){0};
	if (!add_own(names, url, err))
		return false;
	for (size_t i = 0; i < more_n; i++) {
		if (!authority_parse(more[i], &authority))
			return error_set(
				err, "'%s' is no name; write brunt.example.com or brunt.example.com:8443", more[i]);
		if (!add(names, &authority, err))
			return false;
	}
	return true;
}

bool
origin_is_ours(const struct origin_names *names, const char *host)
{
	struct authority asked;

	if (host == NULL || !authority_parse(host, &asked))
		return false;
	for (size_t i = 0; i < names->n; i++) {
		const struct authority *name = &names->list[i];

		if (strcmp(name->host, asked.host) == 0 &&
			(name->port == 0 || name->port == port_of(&asked, names->is_tls)))
			return true;
	}
	return names->takes_addresses && asked.is_address && port_of(&asked, names->is_tls) == names->port;
}

/* A proxy in front of us may speak TLS where we do not: so both are read by the scheme that the browser saw. */
bool
origin_is_same(const struct origin_names *names, const char *origin, const char *host)
{
	struct authority page, asked;
	bool is_tls;

	if (host == NULL || !parse_origin(origin, &page, &is_tls) || !authority_parse(host, &asked))
		return false;
	return (is_tls || !names->is_tls) && strcmp(page.host, asked.host) == 0 &&
	       port_of(&page, is_tls) == port_of(&asked, is_tls);
}
