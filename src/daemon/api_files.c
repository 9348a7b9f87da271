#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/api_parts.h"
#include "daemon/download.h"
#include "daemon/folder.h"

/* What a run has left behind. Opened by the desk, since a disk may be slow, and sent piece by piece. */

struct content_type {
	const char *ending, *type;
};

static const struct content_type types[] = {
	{".json", "application/json"},
	{".ndjson", "application/x-ndjson"},
	{".html", "text/html; charset=utf-8"},
	{".md", "text/markdown; charset=utf-8"},
	{".csv", "text/csv; charset=utf-8"},
	{".xml", "application/xml"},
	{".yaml", "application/yaml"},
	{".txt", "text/plain; charset=utf-8"},
	{".hlog", "text/plain; charset=utf-8"},
	{".hgrm", "text/plain; charset=utf-8"},
	{".prom", "text/plain; charset=utf-8"},
};

static const char *
type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* A file of a run on its way out. */
struct opening {
	struct desk_order order;
	struct api_call *call;
	char below[16];       /* of the run's directory, "results" or "" */
	const char *paths[2]; /* the first that is there; the call's own, or constant */
	const char *path;
	int fd;
	bool is_download;
};

static void
open_work(struct desk_order *order, struct ledger *ledger)
{
	struct opening *opening = container_of(order, struct opening, order);
	const struct api_call *call = opening->call;
	char dir[4096], below[4200];
	uint64_t bytes;

	(void)ledger;
	jobs_dir(api_config_of(call)->config, call->id, dir, sizeof(dir));
	snprintf(below, sizeof(below), "%s/%s", dir, opening->below);
	for (size_t i = 0; i < 2 && opening->fd < 0 && opening->paths[i] != NULL; i++) {
		opening->path = opening->paths[i];
		opening->fd = folder_open(below, opening->path, &bytes);
	}
}

/* What a browser saves it as: names of files hold no quotes that matter, the rest is left out. */
static void
add_disposition(char *into, size_t size, const struct api_call *call, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char saved[96];
	size_t n = 0;

	for (; *name != '\0' && n + 1 < sizeof(saved); name++)
		saved[n++] = strchr("\"\\;", *name) != NULL || *name < 0x20 || *name > 0x7e ? '_' : *name;
	saved[n] = '\0';
	snprintf(into, size, "Content-Disposition: attachment; filename=\"%s-%s\"\r\n", call->id, saved);
}

void
api_answer_file(struct api_call *call, int fd, const char *name, bool is_download)
{
	char headers[640], disposition[320] = "";

	if (call->request == NULL) {
		close(fd);
		api_hand_over(call);
		return;
	}
	if (is_download)
		add_disposition(disposition, sizeof(disposition), call, name);
	snprintf(headers, sizeof(headers),
		"Content-Type: %s\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n" API_SANDBOX "%s",
		type_of(name), disposition);
	download_begin(api_config_of(call)->loop, call->request, fd, headers);
	api_hand_over(call);
}

static void
open_done(struct desk_order *order)
{
	struct opening *opening = container_of(order, struct opening, order);
	struct api_call *call = opening->call;

	if (opening->fd < 0)
		api_answer_sentence(call, 404, "there is no such file; GET /api/v1/runs/ID names those that there are");
	else
		api_answer_file(call, opening->fd, opening->path, opening->is_download);
	free(opening);
}

bool
api_is_download(const struct api_call *call)
{
	char ignored[8];

	return api_query(call, "download", ignored, sizeof(ignored));
}

static void
send_file(struct api_call *call, const char *below, const char *path, const char *otherwise)
{
	struct opening *opening = must_alloc(sizeof(*opening));

	*opening = (struct opening){.order = {.work = open_work, .done = open_done},
		.call = call,
		.paths = {path, otherwise},
		.fd = -1,
		.is_download = api_is_download(call)};
	snprintf(opening->below, sizeof(opening->below), "%s", below);
	desk_give(api_config_of(call)->desk, &opening->order);
}

void
api_run_file(struct api_call *call)
{
	send_file(call, "results", call->rest, NULL);
}

void
api_run_result(struct api_call *call)
{
	size_t position;

	if (jobs_find(api_config_of(call)->jobs, call->id, &position) != NULL)
		api_answer_sentence(call, 409, "this run has not ended");
	else
		send_file(call, "results", "result.json", "suite.json");
}

void
api_run_log(struct api_call *call)
{
	send_file(call, "", "log.txt", NULL);
}
