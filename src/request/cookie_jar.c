#include "request/cookie_jar.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"

/* Before the bytes of each: name, value, path, and the domain where it is a wider one than the host. */
struct record {
	int64_t expires_s;
	uint16_t name_length, value_length, path_length;
	uint8_t domain_length;
	bool is_secure;
};

struct entry {
	struct record record;
	size_t at; /* of the record in the jar */
	const char *name, *value, *path, *domain;
};

static size_t
size_of(const struct record *record)
{
	return sizeof(*record) + record->name_length + record->value_length + record->path_length +
	       record->domain_length;
}

/* The entry at *at, which moves behind it. */
static bool
next_entry(const struct cookie_jar *jar, size_t *at, struct entry *entry)
{
	if (*at >= jar->length)
		return false;
	memcpy(&entry->record, jar->bytes + *at, sizeof(entry->record));
	entry->at = *at;
	entry->name = jar->bytes + *at + sizeof(entry->record);
	entry->value = entry->name + entry->record.name_length;
	entry->path = entry->value + entry->record.value_length;
	entry->domain = entry->path + entry->record.path_length;
	*at += size_of(&entry->record);
	return true;
}

static bool
is_text(const char *at, size_t length, struct cookie_text text)
{
	return length == text.length && memcmp(at, text.at, length) == 0;
}

size_t
cookie_default_path(const char *path, size_t length)
{
	size_t end = length;

	for (size_t i = 0; i < length; i++)
		if (path[i] == '?') {
			end = i;
			break;
		}
	while (end > 0 && (path[end - 1] != '/' || end > COOKIE_PATH_MAX))
		end--;
	return end > 1 ? end - 1 : end; /* "/" alone stays */
}

/* §5.1.3: an address has no domain but itself. */
static bool
is_of_host(struct cookie_text domain, const char *host)
{
	size_t length = strlen(host);

	if (domain.length == 0)
		return true;
	if (domain.length > length || strncasecmp(host + length - domain.length, domain.at, domain.length) != 0)
		return false;
	bool is_address = strspn(host, "0123456789.") == length || strchr(host, ':') != NULL;

	return domain.length == length || (!is_address && host[length - domain.length - 1] == '.');
}

static int64_t
expiry_of(const struct cookie *cookie, int64_t now_s)
{
	if (!cookie->has_max_age)
		return cookie->expires_s;
	return cookie->max_age_s > 0 ? now_s + cookie->max_age_s : INT64_MIN;
}

/* Where one of this name, domain and path was; the end: it is new. */
static size_t
remove_entry(struct cookie_jar *jar, struct cookie_text name, struct cookie_text path, struct cookie_text domain)
{
	struct entry entry;
	size_t at = 0;

	while (next_entry(jar, &at, &entry)) {
		if (!is_text(entry.name, entry.record.name_length, name) ||
			!is_text(entry.path, entry.record.path_length, path) ||
			entry.record.domain_length != domain.length ||
			strncasecmp(entry.domain, domain.at, domain.length) != 0)
			continue;
		memmove(jar->bytes + entry.at, jar->bytes + at, jar->length - at);
		jar->length -= at - entry.at;
		return entry.at;
	}
	return jar->length;
}

bool
cookie_jar_keep(struct cookie_jar *jar, const struct cookie *cookie, const struct cookie_origin *origin,
	const char *default_path, size_t default_path_length, int64_t now_s)
{
	struct cookie_text path = cookie->path;

	if (path.length == 0)
		path = default_path_length > 0 ? (struct cookie_text){default_path, default_path_length}
					       : (struct cookie_text){"/", 1};
	struct cookie_text domain = cookie->domain.length > 0 ? cookie->domain : (struct cookie_text){"", 0};

	if (!is_of_host(domain, origin->host))
		return true;
	if (domain.length == strlen(origin->host) || domain.length > UINT8_MAX)
		domain = (struct cookie_text){"", 0}; /* the host's own: whether others may see it, nobody asks here */
	if (cookie->is_secure && !origin->is_secure)
		return true; /* it would never be sent */
	size_t at = remove_entry(jar, cookie->name, path, domain);
	struct record record = {.expires_s = expiry_of(cookie, now_s),
		.name_length = (uint16_t)cookie->name.length,
		.value_length = (uint16_t)cookie->value.length,
		.path_length = (uint16_t)path.length,
		.domain_length = (uint8_t)domain.length,
		.is_secure = cookie->is_secure};
	size_t size = sizeof(record) + cookie->name.length + cookie->value.length + path.length + domain.length;

	if (record.expires_s <= now_s)
		return true;
	if (size > COOKIE_JAR_MAX - jar->length)
		return false;
	char *into = jar->bytes + at;

	memmove(into + size, into, jar->length - at);
	memcpy(into, &record, sizeof(record));
	into += sizeof(record);
	memcpy(into, cookie->name.at, cookie->name.length);
	into += cookie->name.length;
	memcpy(into, cookie->value.at, cookie->value.length);
	into += cookie->value.length;
	memcpy(into, path.at, path.length);
	memcpy(into + path.length, domain.at, domain.length);
	jar->length += size;
	return true;
}

/* §5.1.4 */
static bool
is_of_path(const struct entry *entry, const char *path, size_t length)
{
	size_t n = entry->record.path_length;

	return n <= length && memcmp(path, entry->path, n) == 0 &&
	       (n == length || entry->path[n - 1] == '/' || path[n] == '/');
}

static char *
put_entry(const struct entry *entry, bool is_first, char *into)
{
	if (!is_first) {
		*into++ = ';';
		*into++ = ' ';
	}
	memcpy(into, entry->name, entry->record.name_length);
	into += entry->record.name_length;
	*into++ = '=';
	memcpy(into, entry->value, entry->record.value_length);
	return into + entry->record.value_length;
}

/* The longest path below `below`, of those that go along; 0: none. */
static size_t
next_path_length(const struct cookie_jar *jar, size_t below)
{
	struct entry entry;
	size_t longest = 0, at = 0;

	while (next_entry(jar, &at, &entry))
		if (entry.record.path_length < below && entry.record.path_length > longest)
			longest = entry.record.path_length;
	return longest;
}

char *
cookie_jar_put(const struct cookie_jar *jar, const struct cookie_origin *origin, const char *path, size_t length,
	int64_t now_s, char *into)
{
	const char *query = memchr(path, '?', length), *begin = into;
	struct entry entry;

	if (query != NULL)
		length = (size_t)(query - path);
	for (size_t n = next_path_length(jar, SIZE_MAX), at; n > 0; n = next_path_length(jar, n))
		for (at = 0; next_entry(jar, &at, &entry);)
			if (entry.record.path_length == n && entry.record.expires_s > now_s &&
				(origin->is_secure || !entry.record.is_secure) && is_of_path(&entry, path, length))
				into = put_entry(&entry, into == begin, into);
	return into;
}
