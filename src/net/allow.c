#include "net/allow.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/check.h"
#include "base/file.h"

#define NAME_MAX_BYTES 253 /* RFC 1035 §2.3.4, as text */
#define ENTRY_MAX 300

enum allow_kind { ALLOW_BLOCK, ALLOW_NAME, ALLOW_BELOW, ALLOW_UNIX };

/* Addresses are kept as IPv6, IPv4 ones mapped (RFC 4291 §2.5.5.2): one comparison serves both. */
struct block {
	unsigned char bytes[16];
	unsigned bits;
};

struct allow_entry {
	enum allow_kind kind;
	unsigned port; /* 0: any */
	struct block block;
	char *text; /* the name in lower case, without its "*", or the path */
};

struct allow {
	struct allow_entry *list;
	size_t n;
};

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Where no name of the public's leads to for any good reason. Loopback and "this host" (RFC 1122 §3.2.1.3), link-local
 * (RFC 3927, RFC 4291), where the clouds of Amazon, Google, Microsoft and Alibaba keep their metadata (169.254.169.254
 * is link-local), multicast and reserved. */
static const char *const special_blocks[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32",
	"168.63.129.16/32", "224.0.0.0/3", "::/127", "fe80::/10", "fd00:ec2::254/128", "ff00::/8"};

static const char *const loopback_blocks[] = {"127.0.0.0/8", "::1/128"};

static bool
parse_address(const char *text, struct block *block)
{
	memcpy(block->bytes, mapped, sizeof(mapped));
	block->bits = 128;
	return inet_pton(AF_INET, text, block->bytes + sizeof(mapped)) == 1 ||
	       inet_pton(AF_INET6, text, block->bytes) == 1;
}

static bool
is_mapped(const unsigned char bytes[16])
{
	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

/* False: more bits than the address has. */
static bool
block_cut(struct block *block, bool is_v4, unsigned long bits)
{
	if (bits > (is_v4 ? 32 : 128))
		return false;
	block->bits = (unsigned)bits + (is_v4 ? 96 : 0);
	return true;
}

static bool
block_has(const struct block *block, const unsigned char bytes[16])
{
	unsigned whole = block->bits / 8, rest = block->bits % 8;

	return memcmp(block->bytes, bytes, whole) == 0 &&
	       (rest == 0 || ((block->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0);
}

/* Of our own tables: "ADDRESS/BITS". */
static bool
any_block_has(const char *const *blocks, size_t n, const unsigned char bytes[16])
{
	for (size_t i = 0; i < n; i++) {
		char text[INET6_ADDRSTRLEN];
		const char *slash = strchr(blocks[i], '/');
		struct block block;

		snprintf(text, sizeof(text), "%.*s", (int)(slash - blocks[i]), blocks[i]);
		CHECK(parse_address(text, &block));
		CHECK(block_cut(&block, strchr(text, ':') == NULL, strtoul(slash + 1, NULL, 10)));
		if (block_has(&block, bytes))
			return true;
	}
	return false;
}

/* In lower case, without the root's dot. False: it is no name that anybody could look up. */
static bool
normalise_name(const char *name, char into[NAME_MAX_BYTES + 1])
{
	size_t length = strlen(name);

	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length == 0 || length > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < length; i++)
		into[i] = (char)tolower((unsigned char)name[i]);
	into[length] = '\0';
	return true;
}

static bool
is_name(const char *name)
{
	const char *last = strrchr(name, '.') != NULL ? strrchr(name, '.') + 1 : name;

	/* "127.1" and "0x7f000001" are addresses to the resolver, whatever they look like (inet_aton). */
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0' && name[0] != '.' &&
	       strstr(name, "..") == NULL && *last != '\0' && !isdigit((unsigned char)*last);
}

/* An entry while it is read: "HOST", "/BITS" and ":PORT" taken apart. */
struct written {
	char host[ENTRY_MAX];
	const char *bits, *port; /* NULL: not said */
};

/* "[V6]/64:443", "V6/64", "V4/8:80", "NAME:80". */
static bool
take_apart(const char *text, struct written *written)
{
	char *rest;

	*written = (struct written){0};
	snprintf(written->host, sizeof(written->host), "%s", text);
	if (text[0] == '[') {
		rest = strchr(written->host, ']');
		if (rest == NULL)
			return false;
		memmove(written->host, written->host + 1, strlen(written->host));
		rest--;
		*rest++ = '\0';
	} else {
		bool is_v6 = strchr(text, ':') != strrchr(text, ':');

		rest = written->host + strcspn(written->host, is_v6 ? "/" : "/:");
		if (*rest == '/') {
			*rest++ = '\0';
			written->bits = rest;
			rest += strcspn(rest, ":");
		} else if (*rest == ':') {
			*rest++ = '\0';
			written->port = rest;
			return true;
		}
	}
	if (*rest == '/' && written->bits == NULL) {
		written->bits = ++rest;
		rest += strcspn(rest, ":");
	}
	if (*rest == ':') {
		*rest++ = '\0';
		written->port = rest;
		return true;
	}
	return *rest == '\0';
}

static bool
is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool
parse_number(const char *text, unsigned long least, unsigned long most, unsigned long *number)
{
	if (!is_number(text) || strlen(text) > 5)
		return false;
	*number = strtoul(text, NULL, 10);
	return *number >= least && *number <= most;
}

/* The bits beyond the prefix must be 0: else somebody meant another block than he wrote. */
static bool
check_rest(struct block *block, const char *text, struct error *err)
{
	struct block start = *block;
	char shown[INET6_ADDRSTRLEN];
	bool is_v4 = is_mapped(block->bytes) && block->bits >= 96;

	for (unsigned bit = block->bits; bit < 128; bit++)
		start.bytes[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
	if (memcmp(start.bytes, block->bytes, sizeof(start.bytes)) == 0)
		return true;
	inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? start.bytes + sizeof(mapped) : start.bytes, shown, sizeof(shown));
	return error_set(err, "'%s' is not where its block begins; write %s/%u, or the address alone", text, shown,
		is_v4 ? block->bits - 96 : block->bits);
}

static bool
parse_block(const struct written *written, const char *text, struct allow_entry *entry, struct error *err)
{
	unsigned long bits;

	entry->kind = ALLOW_BLOCK;
	if (written->bits == NULL)
		return true;
	if (!parse_number(written->bits, 0, 128, &bits) ||
		!block_cut(&entry->block, strchr(written->host, ':') == NULL, bits))
		return error_set(
			err, "'%s': a block has at most 32 bits of IPv4 or 128 of IPv6; write 10.0.0.0/8", text);
	return check_rest(&entry->block, text, err);
}

static bool
parse_name(const struct written *written, const char *text, struct allow_entry *entry, struct error *err)
{
	bool is_below = strncmp(written->host, "*.", 2) == 0;
	char name[NAME_MAX_BYTES + 1];

	if (written->bits != NULL || !normalise_name(written->host + (is_below ? 2 : 0), name) || !is_name(name))
		return error_set(err,
			"'%s' is neither an address nor a name; write 10.0.0.0/8, 10.1.2.3:8080, [2001:db8::1]:443, "
			"shop.example.com, *.test.example.com or unix:/run/x.sock",
			text);
	entry->kind = is_below ? ALLOW_BELOW : ALLOW_NAME;
	entry->text = must_strdup(name);
	return true;
}

static bool
parse_unix(const char *path, struct allow_entry *entry, struct error *err)
{
	if (path[0] != '/')
		return error_set(err, "'unix:%s': a socket's path begins with /", path);
	entry->kind = ALLOW_UNIX;
	entry->text = must_strdup(path);
	return true;
}

static bool
parse_entry(const char *text, struct allow_entry *entry, struct error *err)
{
	struct written written;
	unsigned long port;

	*entry = (struct allow_entry){0};
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, entry, err);
	bool is_apart = take_apart(text, &written);

	if (is_apart && written.port != NULL) {
		is_apart = is_number(written.port);
		if (is_apart && !parse_number(written.port, 1, 65535, &port))
			return error_set(err, "'%s': '%s' is no port; write one from 1 to 65535", text, written.port);
		entry->port = is_apart ? (unsigned)port : 0;
	}
	if (is_apart && parse_address(written.host, &entry->block))
		return parse_block(&written, text, entry, err);
	if (!is_apart)
		written.bits = ""; /* refused as no name, with what would be right */
	return parse_name(&written, text, entry, err);
}

static bool
add_entry(struct allow *allow, const char *text, struct error *err)
{
	if (allow->n == ALLOW_ENTRIES_MAX)
		return error_set(err, "more than %d entries", ALLOW_ENTRIES_MAX);
	if (!parse_entry(text, &allow->list[allow->n], err))
		return false;
	allow->n++;
	return true;
}

/* One line, without its comment. */
static bool
parse_line(struct allow *allow, const char *line, size_t length, const char *from, size_t number, struct error *err)
{
	static const char between[] = " \t\r,";
	char text[ENTRY_MAX];
	size_t at = 0;

	while (at < length) {
		size_t n = 0;

		while (at + n < length && strchr(between, line[at + n]) == NULL)
			n++;
		if (n >= sizeof(text))
			return error_at(err, from, number, at + 1, "an entry has at most %zu bytes", sizeof(text) - 1);
		memcpy(text, line + at, n);
		text[n] = '\0';
		if (n > 0 && !add_entry(allow, text, err))
			return error_place(err, from, number, at + 1);
		at += n + 1;
	}
	return true;
}

struct allow *
allow_parse(const char *text, size_t length, const char *from, struct error *err)
{
	struct allow *allow = must_alloc(sizeof(*allow));
	bool is_good = length <= ALLOW_TEXT_MAX || error_set(err, "%s: a list has at most 256 KiB", from);
	size_t number = 1;

	if (is_good && memchr(text, '\0', length) != NULL)
		is_good = error_set(err, "%s: holds a NUL byte", from);
	allow->list = must_calloc(ALLOW_ENTRIES_MAX, sizeof(*allow->list));
	for (size_t at = 0; is_good && at < length; number++) {
		const char *line = text + at;
		const char *newline = memchr(line, '\n', length - at);
		size_t whole = newline != NULL ? (size_t)(newline - line) : length - at;
		const char *comment = memchr(line, '#', whole);

		is_good =
			parse_line(allow, line, comment != NULL ? (size_t)(comment - line) : whole, from, number, err);
		at += whole + 1;
	}
	if (is_good)
		return allow;
	allow_free(allow);
	return NULL;
}

struct allow *
allow_load(const char *list_or_file, struct error *err)
{
	size_t length;

	if (list_or_file[0] != '@')
		return allow_parse(list_or_file, strlen(list_or_file), "--allow", err);
	char *text = file_read(list_or_file + 1, ALLOW_TEXT_MAX, &length, err);

	if (text == NULL)
		return NULL;
	struct allow *allow = allow_parse(text, length, list_or_file + 1, err);

	free(text);
	return allow;
}

void
allow_free(struct allow *allow)
{
	if (allow == NULL)
		return;
	for (size_t i = 0; i < allow->n; i++)
		free(allow->list[i].text);
	free(allow->list);
	free(allow);
}

static bool
entry_has_port(const struct allow_entry *entry, unsigned port)
{
	return entry->port == 0 || entry->port == port;
}

static bool
has_block(const struct allow *allow, const unsigned char bytes[16], unsigned port)
{
	for (size_t i = 0; i < allow->n; i++)
		if (allow->list[i].kind == ALLOW_BLOCK && entry_has_port(&allow->list[i], port) &&
			block_has(&allow->list[i].block, bytes))
			return true;
	return false;
}

static bool
is_below(const char *name, const char *domain)
{
	size_t length = strlen(name), below = strlen(domain);

	return length > below + 1 && name[length - below - 1] == '.' && strcmp(name + length - below, domain) == 0;
}

static bool
has_name(const struct allow *allow, const char *name, unsigned port)
{
	for (size_t i = 0; i < allow->n; i++) {
		const struct allow_entry *entry = &allow->list[i];

		if ((entry->kind == ALLOW_NAME || entry->kind == ALLOW_BELOW) && entry_has_port(entry, port) &&
			(entry->kind == ALLOW_NAME ? strcmp(entry->text, name) == 0 : is_below(name, entry->text)))
			return true;
	}
	return false;
}

static bool
has_path(const struct allow *allow, const char *path)
{
	for (size_t i = 0; i < allow->n; i++)
		if (allow->list[i].kind == ALLOW_UNIX && strcmp(allow->list[i].text, path) == 0)
			return true;
	return false;
}

/* RFC 6761 §6.3. */
static bool
is_localhost(const char *name)
{
	return strcmp(name, "localhost") == 0 || is_below(name, "localhost");
}

static bool
may_lead_to(const char *name, const unsigned char bytes[16])
{
	if (is_localhost(name))
		return any_block_has(loopback_blocks, ARRAY_LEN(loopback_blocks), bytes);
	return !any_block_has(special_blocks, ARRAY_LEN(special_blocks), bytes);
}

static unsigned
address_read(const struct address *address, unsigned char bytes[16])
{
	if (address->any.sa_family == AF_INET6) {
		memcpy(bytes, &address->v6.sin6_addr, 16);
		return ntohs(address->v6.sin6_port);
	}
	memcpy(bytes, mapped, sizeof(mapped));
	memcpy(bytes + sizeof(mapped), &address->v4.sin_addr, 4);
	return ntohs(address->v4.sin_port);
}

bool
allow_has_address(const struct allow *allow, const char *name, const struct address *to)
{
	unsigned char bytes[16];
	char normal[NAME_MAX_BYTES + 1];

	if (to->any.sa_family == AF_UNIX)
		return has_path(allow, to->unix_path.sun_path);
	unsigned port = address_read(to, bytes);

	if (has_block(allow, bytes, port))
		return true;
	return name != NULL && normalise_name(name, normal) && is_name(normal) && has_name(allow, normal, port) &&
	       may_lead_to(normal, bytes);
}

bool
allow_has_name(const struct allow *allow, const char *name, unsigned port)
{
	char normal[NAME_MAX_BYTES + 1];
	struct block block;

	if (parse_address(name, &block))
		return has_block(allow, block.bytes, port);
	return normalise_name(name, normal) && is_name(normal) && has_name(allow, normal, port);
}

bool
allow_check_url(const struct allow *allow, const struct plan_url *url, struct error *err)
{
	struct block block;

	if (url->unix_path != NULL)
		return has_path(allow, url->unix_path) ||
		       error_set(err, "'%s': the socket %s is not in the operator's allowlist", url->text,
			       url->unix_path);
	if (!parse_address(url->host, &block) || has_block(allow, block.bytes, url->port))
		return true;
	return error_set(err, "'%s': %s, port %u, is not in the operator's allowlist", url->text, url->host,
		(unsigned)url->port);
}

bool
allow_check_addresses(const struct allow *allow, const struct plan_url *url, bool as_name,
	const struct addresses *addresses, struct error *err)
{
	char shown[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < addresses->n; i++) {
		const struct address *to = &addresses->list[i];

		if (allow_has_address(allow, as_name ? url->host : NULL, to))
			continue;
		address_text(to, shown, sizeof(shown));
		if (as_name && allow_has_name(allow, url->host, url->port))
			return error_set(err,
				"'%s': the operator's allowlist has the name, but not %s, which it stands for; such an address "
				"wants an entry of its own",
				url->text, shown);
		return error_set(err, "'%s': %s is not in the operator's allowlist", url->text, shown);
	}
	return true;
}
