#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "net/address.h"

/* Whom this process may connect to, where somebody other than the profile's author decides it (`--allow`, the daemon's
 * `allow:`). Entries stand on lines of their own, or with commas between them; # begins a comment:
 *
 *     127.0.0.0/8   10.1.2.3       any port; 10.1.2.0/24:8080 and 10.1.2.3:8080: this one alone
 *     2001:db8::/32 [2001:db8::1]:443
 *     shop.example.com             any port; shop.example.com:443; *.test.example.com: whatever is below it
 *     unix:/run/x.sock
 *
 * What is asked for is what a connection is made to, after names were looked up. A name covers the addresses that it
 * has then, but for those at which it can only be meant to do harm (loopback, link-local, where clouds keep their
 * metadata, multicast): these want an entry of their own; localhost alone covers loopback. An IPv4-mapped IPv6 address
 * counts as the IPv4 address that it stands for. */

#define ALLOW_ENTRIES_MAX 1024
#define ALLOW_TEXT_MAX ((size_t)256 << 10)

/* Where the daemon's operator says nothing: this machine itself. */
#define ALLOW_DEFAULT "127.0.0.0/8, ::1"

/* Processes that this one starts are told by this environment variable, as by --allow. */
#define ALLOW_VARIABLE "BRUNT_ALLOW"

struct allow;

/* `from` is for its sentences: "FROM:LINE:COLUMN: …". NULL with err set. An empty list allows nothing. */
struct allow *allow_parse(const char *text, size_t length, const char *from, struct error *err);
/* A list, or @FILE, as --allow takes it. */
struct allow *allow_load(const char *list_or_file, struct error *err);
void allow_free(struct allow *allow);

/* `name`: what `to` was looked up for; NULL: somebody wrote the address himself. */
bool allow_has_address(const struct allow *allow, const char *name, const struct address *to);
/* What somebody else looks up (a proxy): a name, or an address as text. */
bool allow_has_name(const struct allow *allow, const char *name, unsigned port);

/* False with err set: it is certain already, without looking anything up, that the URL is not allowed. */
bool allow_check_url(const struct allow *allow, const struct plan_url *url, struct error *err);
/* False with err set: an address that the URL's name (as_name) or its author gave is not allowed. */
bool allow_check_addresses(const struct allow *allow, const struct plan_url *url, bool as_name,
	const struct addresses *addresses, struct error *err);
