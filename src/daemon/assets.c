#include "daemon/assets.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* From the assembly that cmake/HtmlPage.cmake writes. The policy names what may run by its hash. */
extern const char daemon_page[], daemon_page_end[], daemon_page_etag[], daemon_page_policy[];
extern const char daemon_page_icon[], daemon_page_icon_end[], daemon_page_icon_etag[];

#define HEADERS_MAX 1536

static const struct asset {
	const char *path, *content_type, *bytes, *end, *etag;
	const char *policy; /* NULL: nothing in it runs */
} assets_table[] = {
	{"/", "text/html; charset=utf-8", daemon_page, daemon_page_end, daemon_page_etag, daemon_page_policy},
	{"/icon.svg", "image/svg+xml", daemon_page_icon, daemon_page_icon_end, daemon_page_icon_etag, NULL},
};

struct assets {
	struct httpd_reply *whole[ARRAY_LEN(assets_table)];
	struct httpd_reply *unchanged[ARRAY_LEN(assets_table)];
	struct httpd_reply *wrong_method;
};

/* A browser asks each time whether what it has is still current (no-cache): a new brunt is seen at once. Nobody may
 * show the page within one of his own, and it leaves no trace of itself where its links lead. */
static void
headers_of(const struct asset *asset, char headers[HEADERS_MAX])
{
	int length = snprintf(headers, HEADERS_MAX,
		"Content-Type: %s\r\n"
		"Content-Security-Policy: %s; frame-ancestors 'none'\r\n"
		"ETag: %s\r\n"
		"Cache-Control: no-cache\r\n"
		"X-Content-Type-Options: nosniff\r\n"
		"Referrer-Policy: no-referrer\r\n"
		"Cross-Origin-Opener-Policy: same-origin\r\n"
		"Cross-Origin-Resource-Policy: same-origin\r\n",
		asset->content_type, asset->policy != NULL ? asset->policy : "default-src 'none'", asset->etag);

	CHECK_OP(length, <, HEADERS_MAX);
}

struct assets *
assets_new(void)
{
	struct assets *assets = must_alloc(sizeof(*assets));
	char headers[HEADERS_MAX];

	for (size_t i = 0; i < ARRAY_LEN(assets_table); i++) {
		const struct asset *asset = &assets_table[i];

		headers_of(asset, headers);
		assets->whole[i] = httpd_reply_new(200, headers, asset->bytes, (size_t)(asset->end - asset->bytes));
		assets->unchanged[i] = httpd_reply_new(304, headers, NULL, 0);
	}
	assets->wrong_method = httpd_reply_new(405, "Allow: GET, HEAD\r\n", NULL, 0);
	return assets;
}

void
assets_free(struct assets *assets)
{
	if (assets == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(assets_table); i++) {
		httpd_reply_free(assets->whole[i]);
		httpd_reply_free(assets->unchanged[i]);
	}
	httpd_reply_free(assets->wrong_method);
	free(assets);
}

bool
assets_is_current(const char *if_none_match, const char *etag)
{
	const char *at = if_none_match;

	if (at == NULL)
		return false;
	while (*(at += strspn(at, " \t,")) != '\0') {
		if (*at == '*')
			return true;
		if (strncmp(at, "W/", 2) == 0)
			at += 2;
		const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;

		if (end == NULL) /* not a list of tags */
			return false;
		if ((size_t)(end + 1 - at) == strlen(etag) && strncmp(at, etag, strlen(etag)) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

static bool
is_path_of(const struct asset *asset, const char *target)
{
	size_t length = strcspn(target, "?");

	return strlen(asset->path) == length && strncmp(asset->path, target, length) == 0;
}

bool
assets_answer(const struct assets *assets, struct httpd_request *request)
{
	for (size_t i = 0; i < ARRAY_LEN(assets_table); i++) {
		if (!is_path_of(&assets_table[i], request->target))
			continue;
		const char *known = httpd_request_header(request, "If-None-Match");

		if (!request->is_head && strcmp(request->method, "GET") != 0)
			httpd_answer(request, assets->wrong_method);
		else if (assets_is_current(known, assets_table[i].etag))
			httpd_answer(request, assets->unchanged[i]);
		else
			httpd_answer(request, assets->whole[i]);
		return true;
	}
	return false;
}
