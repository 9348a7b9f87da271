#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/audit_sync.h"
#include "daemon/daemon_parts.h"
#include "daemon/notify.h"
#include "daemon/yield.h"
#include "httpd/tls.h"
#include "measure/verdict.h"

#define LAST_WORD_NS (500 * NS_PER_MS) /* to answers that are under way when all else has ended */

static const struct httpd_limits limits = {
	.connections = 500,
	.makes_room = true,
	.pipelined = 4,
	.head_bytes = (size_t)16 << 10,
	.body_bytes = (size_t)2 << 20,
	.stream_bytes = (size_t)1 << 20,
	.head_timeout_ns = 10 * NS_PER_S,
	.body_timeout_ns = 30 * NS_PER_S,
	.idle_timeout_ns = 60 * NS_PER_S,
	.write_timeout_ns = 30 * NS_PER_S,
	.linger_timeout_ns = 2 * NS_PER_S,
};

/* Two daemons on one directory would each take the other's jobs for orphans. */
static bool
take_lock(struct daemon *daemon, struct error *err)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/lock", daemon->config->data);
	daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (daemon->lock < 0)
		return error_set(err, "cannot write '%s': %s", path, strerror(errno));
	if (flock(daemon->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	return error_set(err, "another daemon uses '%s'; name another directory by `data:`", daemon->config->data);
}

static bool
make_directories(struct daemon *daemon, struct error *err)
{
	static const char *const below[] = {"", "/runs", "/baselines"};
	struct error why = {0};
	char path[4200];

	for (size_t i = 0; i < ARRAY_LEN(below); i++) {
		snprintf(path, sizeof(path), "%s%s", daemon->config->data, below[i]);
		if (!file_make_dirs(path, &why))
			return error_set(
				err, "%s; name a directory that the daemon's user may write to by 'data'", why.message);
	}
	return true;
}

static bool
open_guard(struct daemon *daemon, struct error *err)
{
	const struct config *config = daemon->config;
	struct sessions_config sessions = sessions_default_config;
	char path[4200];

	snprintf(path, sizeof(path), "%s/audit.log", config->data);
	daemon->audit = audit_open(path, err);
	snprintf(path, sizeof(path), "%s/halt", config->data);
	if (daemon->audit == NULL || !halt_init(&daemon->halt, path, err))
		return false;
	daemon->tokens = config->tokens != NULL ? tokens_load(config->tokens, err) : NULL;
	daemon->tls = config->tls.cert != NULL ? httpd_tls_new(config->tls.cert, config->tls.key, err) : NULL;
	sessions.is_tls = daemon->tls != NULL;
	daemon->sessions = sessions_new(&sessions);
	daemon->assets = assets_new();
	return !error_is_set(err);
}

/* On the desk: what the operator lets anybody ask for. */
static bool
admits(void *context, const struct submission *submission, const struct plan_experiment *experiment,
	const struct plan_suite *suite, struct error *err)
{
	const struct daemon *daemon = context;

	if (daemon->is_monitor_only)
		return error_set(err, "this daemon only watches, and starts no load: its operator wants it so (%s)",
			daemon->options->is_monitor_only ? "--monitor-only" : "monitor.only in brunt.yaml");
	return admission_check(&daemon->admission, &submission->sharing, experiment, suite, err);
}

static bool
prepare(struct daemon *daemon, struct error *err)
{
	(void)umask(077); /* what it keeps is its own */
	yield_begin();    /* before there are other threads */
	daemon->config = config_load(daemon->options->config, err);
	if (daemon->config == NULL || !make_directories(daemon, err) || !take_lock(daemon, err) ||
		!admission_init(&daemon->admission, daemon->config, err) || !open_guard(daemon, err))
		return false;
	daemon->is_monitor_only = daemon->options->is_monitor_only || daemon->config->watch.monitor.is_only;
	daemon->ledger = ledger_open(daemon->config->data, err);
	return daemon->ledger != NULL;
}

static bool
listen_on(struct daemon *daemon, const char *address, struct error *err)
{
	size_t i = daemon->servers_n;

	if (i == SERVERS_MAX)
		return error_set(err, "listen: there are more than %d addresses", SERVERS_MAX);
	struct api_door *door = &daemon->doors[i];
	bool is_unix = config_unix_path(address) != NULL;
	struct httpd *server = httpd_new(&daemon->loop,
		&(struct httpd_config){.listen = address,
			.tls = is_unix ? NULL : daemon->tls,
			.limits = limits,
			.refusal = api_refusal,
			.refusal_type = API_PROBLEM_TYPE,
			.handler = api_handler,
			.user = door},
		err);

	if (server == NULL)
		return false;
	is_unix = config_unix_path(httpd_url(server)) != NULL;
	daemon->servers[daemon->servers_n++] = server;
	door->api = daemon->api;
	door->server = server;
	guard_init(&door->guard, &(struct guard_config){.is_unix = is_unix,
					 .names = is_unix ? NULL : &daemon->names[i],
					 .sessions = daemon->sessions,
					 .tokens = daemon->tokens});
	if (!is_unix && daemon->tokens == NULL)
		return error_set(err,
			"%s: whoever reaches it must show a token; name the file that holds them by 'tokens'",
			httpd_url(server));
	log_info("listening on %s", httpd_url(server));
	return is_unix || origin_names_init(&daemon->names[i], httpd_url(server), daemon->config->names.items,
				  daemon->config->names.n, err);
}

/* The directory that the socket goes into is ours to make, where nobody did. */
static bool
make_way(const char *address, struct error *err)
{
	const char *path = config_unix_path(address);
	struct error why = {0};
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s", path);
	char *slash = strrchr(dir, '/');

	if (slash == NULL || slash == dir)
		return true;
	*slash = '\0';
	return access(dir, F_OK) == 0 || file_make_dirs(dir, &why) ||
	       error_set(err, "listen: %s; make it beforehand, or write a path that the daemon's user may write to",
		       why.message);
}

static bool
listen_on_address(struct daemon *daemon, const char *address, struct error *err)
{
	return (config_unix_path(address) == NULL || make_way(address, err)) && listen_on(daemon, address, err);
}

static bool
listen_on_all(struct daemon *daemon, struct error *err)
{
	const struct plan_list *list = &daemon->config->listen;
	const char *const *addresses = list->items;
	size_t handed_over = notify_listen_fds();
	char address[32];

	for (size_t i = 0; i < handed_over; i++) {
		snprintf(address, sizeof(address), "fd:%zu", i + 3);
		if (!listen_on(daemon, address, err))
			return false;
	}
	if (handed_over > 0) /* who opened them has said where */
		return true;
	if (daemon->options->listen != NULL)
		return listen_on_address(daemon, daemon->options->listen, err);
	for (size_t i = 0; i < list->n; i++)
		if (!listen_on_address(daemon, addresses[i], err))
			return false;
	return true;
}

static void
on_end_signal(uv_signal_t *handle, int signum)
{
	struct daemon *daemon = handle->data;

	(void)signum;
	if (daemon->is_ending)
		return;
	daemon->is_ending = true;
	notify_send("STOPPING=1");
	log_info("ending: %zu runs are stopped, %zu wait until the daemon is back", jobs_count(daemon->jobs, true),
		jobs_count(daemon->jobs, false));
	jobs_close(daemon->jobs);
}

static void
on_hup(uv_signal_t *handle, int signum)
{
	struct daemon *daemon = handle->data;

	(void)signum;
	if (!daemon->is_ending)
		daemon_reload(daemon);
}

static void
watch_signal(struct daemon *daemon, uv_signal_t *handle, int signum, uv_signal_cb callback)
{
	CHECK_OP(uv_signal_init(&daemon->loop, handle), ==, 0);
	handle->data = daemon;
	CHECK_OP(uv_signal_start(handle, callback, signum), ==, 0);
}

static void
on_run_ended(void *context, const struct ledger_run *run, const struct job_result *result)
{
	struct daemon *daemon = context;

	if (!daemon->is_ending)
		agenda_on_ended(daemon->agenda, run);
	alarm_on_ended(daemon->alarm, run, result);
	retention_look(daemon->retention);
}

static void
on_figures(void *context, const struct ledger_run *run, const cJSON *figures)
{
	struct daemon *daemon = context;

	alarm_look(daemon->alarm, run, figures);
}

/* What an earlier life has written; the desk has not begun to. */
static bool
restore(struct daemon *daemon, struct error *err)
{
	return agenda_restore(daemon->agenda, daemon->ledger, err) &&
	       alarm_restore(daemon->alarm, daemon->ledger, err) && jobs_restore(daemon->jobs, daemon->ledger, err);
}

static bool
start(struct daemon *daemon, struct error *err)
{
	signal(SIGPIPE, SIG_IGN);
	daemon->desk = desk_new(&daemon->loop, daemon->ledger);
	daemon->jobs = jobs_new(&(struct jobs_config){.loop = &daemon->loop,
		.desk = daemon->desk,
		.config = daemon->config,
		.program = daemon->options->program,
		.allow = daemon->admission.allow_text.bytes,
		.terms = {.tables = daemon->options->tables,
			.profiles = daemon->config->profiles,
			.admits = admits,
			.may_share = daemon->options->may_share,
			.context = daemon},
		.on_figures = on_figures,
		.on_ended = on_run_ended,
		.context = daemon});
	daemon->agenda = agenda_new(&(struct agenda_config){.loop = &daemon->loop,
		.desk = daemon->desk,
		.jobs = daemon->jobs,
		.config = daemon->config,
		.audit = daemon->audit});
	daemon->retention = retention_new(&daemon->loop, daemon->desk, daemon->config);
	daemon->alarm = alarm_new(
		&(struct alarm_config){
			.loop = &daemon->loop, .desk = daemon->desk, .jobs = daemon->jobs, .config = daemon->config},
		err);
	daemon->monitor = monitor_new(&daemon->loop, &daemon->config->watch.monitor);
	daemon->audit_syncs = audit_syncs_new(&daemon->loop, daemon->audit);
	daemon->api = api_new(&(struct api_config){.loop = &daemon->loop,
		.config = daemon->config,
		.jobs = daemon->jobs,
		.desk = daemon->desk,
		.started_ns = wall_now_ns(),
		.is_ending = &daemon->is_ending,
		.assets = daemon->assets,
		.sessions = daemon->sessions,
		.audit = daemon->audit,
		.audit_syncs = daemon->audit_syncs,
		.halt = &daemon->halt,
		.agenda = daemon->agenda,
		.alarm = daemon->alarm,
		.monitor = daemon->monitor,
		.is_monitor_only = daemon->is_monitor_only});
	watch_signal(daemon, &daemon->on_hup, SIGHUP, on_hup);
	watch_signal(daemon, &daemon->on_int, SIGINT, on_end_signal);
	watch_signal(daemon, &daemon->on_term, SIGTERM, on_end_signal);
	if (daemon->alarm == NULL || !restore(daemon, err) || !listen_on_all(daemon, err))
		return false;
	if (daemon->halt.is_on)
		jobs_halt(daemon->jobs);
	jobs_kick(daemon->jobs);
	agenda_start(daemon->agenda);
	alarm_start(daemon->alarm);
	monitor_start(daemon->monitor);
	retention_start(daemon->retention);
	notify_send("READY=1");
	return true;
}

static void
on_stopped(void *user)
{
	struct daemon *daemon = user;

	daemon->stopped_n++;
}

static void
close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
finish(struct daemon *daemon)
{
	jobs_close(daemon->jobs);
	while (!jobs_are_idle(daemon->jobs))
		uv_run(&daemon->loop, UV_RUN_ONCE);
	for (size_t i = 0; i < daemon->servers_n; i++)
		httpd_stop(daemon->servers[i], LAST_WORD_NS, on_stopped, daemon);
	while (daemon->stopped_n < daemon->servers_n)
		uv_run(&daemon->loop, UV_RUN_ONCE);
	agenda_free(daemon->agenda);
	if (daemon->alarm != NULL)
		alarm_close(daemon->alarm);
	monitor_free(daemon->monitor);
	retention_close(daemon->retention);
	desk_free(daemon->desk);
	retention_free(daemon->retention);
	audit_syncs_free(daemon->audit_syncs);
	alarm_free(daemon->alarm);
	jobs_free(daemon->jobs);
	for (size_t i = 0; i < daemon->servers_n; i++)
		httpd_free(daemon->servers[i]);
	api_free(daemon->api);
	close_handle((uv_handle_t *)&daemon->on_hup, NULL);
	close_handle((uv_handle_t *)&daemon->on_int, NULL);
	close_handle((uv_handle_t *)&daemon->on_term, NULL);
	while (uv_run(&daemon->loop, UV_RUN_DEFAULT) != 0)
		;
}

static void
release(struct daemon *daemon)
{
	ledger_close(daemon->ledger);
	if (daemon->audit != NULL)
		audit_close(daemon->audit);
	if (daemon->sessions != NULL)
		sessions_free(daemon->sessions);
	if (daemon->tokens != NULL)
		tokens_free(daemon->tokens);
	if (daemon->tls != NULL)
		httpd_tls_free(daemon->tls);
	if (daemon->assets != NULL)
		assets_free(daemon->assets);
	admission_fini(&daemon->admission);
	if (daemon->lock >= 0)
		close(daemon->lock);
	config_free(daemon->config);
	config_free(daemon->config_texts);
}

int
daemon_serve(const struct daemon_options *options)
{
	struct daemon daemon = {.options = options, .lock = -1};
	struct error err = {0};
	char text[1400];
	int exit_code = EXIT_PASSED;

	if (prepare(&daemon, &err)) {
		CHECK_OP(uv_loop_init(&daemon.loop), ==, 0);
		if (start(&daemon, &err))
			while (!daemon.is_ending)
				uv_run(&daemon.loop, UV_RUN_ONCE);
		finish(&daemon);
		CHECK_OP(uv_loop_close(&daemon.loop), ==, 0);
	}
	if (error_is_set(&err)) {
		log_error("%s", error_text(&err, text, sizeof(text)));
		exit_code = EXIT_USAGE;
	}
	release(&daemon);
	return exit_code;
}
