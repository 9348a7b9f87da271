#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon_parts.h"
#include "daemon/notify.h"
#include "httpd/tls.h"

/* SIGHUP: brunt.yaml is read anew by the desk, and put in force as a whole by the loop, or not at all; then the desk
 * takes over what it admits submissions by, and what was in force before is freed. The files that it names (tokens,
 * certificate) and the audit log are each read anew for itself: a token is withdrawn whatever else is wrong. */

struct reload {
	struct desk_order order;
	struct daemon *daemon;
	struct config *config;      /* the new one; NULL: it is wrong, or in force */
	struct config *spent;       /* whose texts nobody uses any more */
	struct admission admission; /* the new one, then the old */
	char *tokens_path;
	struct tokens *tokens; /* NULL: there is no file, or it is wrong */
	struct error err, tokens_err;
};

static void
say(const char *what, const struct error *err)
{
	char text[1400];

	log_error("%s: %s", what, error_text(err, text, sizeof(text)));
}

/* What is not right says so; who sent the signal is nobody's to know. */
static void
note(struct daemon *daemon, const char *action, const char *what, const struct error *err)
{
	bool is_right = !error_is_set(err);
	char text[1400];

	(void)audit_write(daemon->audit, /* one that is lost is counted, and a token is withdrawn all the same */
		&(struct audit_entry){.who = "brunt",
			.action = action,
			.what = what,
			.outcome = is_right ? "ok" : "failed",
			.detail = is_right ? NULL : error_text(err, text, sizeof(text))},
		wall_now_ns());
}

static void
reload_end(struct reload *reload)
{
	struct daemon *daemon = reload->daemon;
	bool is_wanted = daemon->is_reload_wanted && !daemon->is_ending;

	admission_fini(&reload->admission);
	config_free(reload->config);
	config_free(reload->spent);
	if (reload->tokens != NULL)
		tokens_free(reload->tokens);
	free(reload->tokens_path);
	free(reload);
	notify_send("READY=1");
	daemon->is_reloading = daemon->is_reload_wanted = false;
	if (is_wanted)
		daemon_reload(daemon);
}

/* --- the desk reads --- */

static void
read_work(struct desk_order *order, struct ledger *ledger)
{
	struct reload *reload = container_of(order, struct reload, order);
	const char *path = reload->tokens_path;

	(void)ledger;
	reload->config = config_load(reload->daemon->options->config, &reload->err);
	if (reload->config != NULL && !admission_init(&reload->admission, reload->config, &reload->err)) {
		config_free(reload->config);
		reload->config = NULL;
	}
	if (reload->config != NULL)
		path = reload->config->tokens;
	if (path != NULL)
		reload->tokens = tokens_load(path, &reload->tokens_err);
}

/* --- the loop puts it in force --- */

static void
use_tokens(struct reload *reload)
{
	struct daemon *daemon = reload->daemon;
	struct tokens *before = daemon->tokens;

	if (daemon->tokens != NULL || reload->tokens != NULL || error_is_set(&reload->tokens_err))
		note(daemon, "reload.tokens", NULL, &reload->tokens_err);
	if (error_is_set(&reload->tokens_err)) {
		say("the tokens stay as they were", &reload->tokens_err);
		return;
	}
	for (size_t i = 0; i < daemon->servers_n; i++)
		guard_use_tokens(&daemon->doors[i].guard, reload->tokens);
	daemon->tokens = reload->tokens;
	reload->tokens = before;
}

static bool
is_tcp(const struct daemon *daemon, size_t i)
{
	return !daemon->doors[i].guard.config.is_unix;
}

/* What is checked at the start by listeners, which stay. */
static bool
suits_listeners(const struct daemon *daemon, const struct config *config, struct origin_names *names, struct error *err)
{
	for (size_t i = 0; i < daemon->servers_n; i++) {
		const char *url = httpd_url(daemon->servers[i]);

		if (!is_tcp(daemon, i))
			continue;
		if (config->tokens == NULL)
			return error_set(err, "%s: tokens: whoever reaches %s must show one", config->path, url);
		if (!origin_names_init(&names[i], url, config->names.items, config->names.n, err))
			return error_place(err, config->path, 0, 0);
	}
	return true;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_same_list(const struct plan_list *a, const struct plan_list *b)
{
	const char *const *left = a->items, *const *right = b->items;

	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (strcmp(left[i], right[i]) != 0)
			return false;
	return a->n == b->n;
}

static void
say_what_waits(const struct config *now, const struct config *wanted)
{
	const struct {
		const char *key;
		bool is_same;
	} all[] = {{"listen", is_same_list(&now->listen, &wanted->listen)},
		{"data", is_same_text(now->data, wanted->data)},
		{"monitor", monitor_config_is_same(&now->watch.monitor, &wanted->watch.monitor)},
		{"tls", is_same_text(now->tls.cert, wanted->tls.cert) && is_same_text(now->tls.key, wanted->tls.key)}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!all[i].is_same)
			log_warn("%s: a change of it is for the next start of the daemon", all[i].key);
}

static void swap_work(struct desk_order *order, struct ledger *ledger);
static void swap_done(struct desk_order *order);

/* Nothing of this can fail. */
static void
put_in_force(struct reload *reload, struct sinks *sinks, const struct origin_names *names)
{
	struct daemon *daemon = reload->daemon;
	struct config *config = reload->config;

	say_what_waits(daemon->config, config);
	alarm_use(daemon->alarm, config->watch.rules, sinks);
	config_swap(daemon->config, config);
	watch_config_fini(&config->watch); /* what was, by now */
	reload->spent = daemon->config_texts;
	daemon->config_texts = config;
	reload->config = NULL;
	for (size_t i = 0; i < daemon->servers_n; i++)
		if (is_tcp(daemon, i))
			daemon->names[i] = names[i];
	agenda_reload(daemon->agenda);
	jobs_reload(daemon->jobs, reload->admission.allow_text.bytes);
	reload->order = (struct desk_order){.work = swap_work, .done = swap_done};
	desk_give(daemon->desk, &reload->order);
}

static void
read_done(struct desk_order *order)
{
	struct reload *reload = container_of(order, struct reload, order);
	struct daemon *daemon = reload->daemon;
	struct origin_names *names = must_calloc(SERVERS_MAX, sizeof(*names));
	struct sinks *sinks = NULL;
	bool is_of_same_file = reload->config == NULL || is_same_text(reload->config->tokens, daemon->config->tokens);

	if (!daemon->is_ending && reload->config != NULL &&
		suits_listeners(daemon, reload->config, names, &reload->err))
		sinks = alarm_open_sinks(&daemon->loop, &reload->config->watch, &reload->err);
	if (!daemon->is_ending && (sinks != NULL || is_of_same_file))
		use_tokens(reload);
	if (sinks != NULL)
		put_in_force(reload, sinks, names);
	else {
		if (!daemon->is_ending) {
			say("all stays as it was", &reload->err);
			note(daemon, "reload", daemon->options->config, &reload->err);
		}
		reload_end(reload);
	}
	free(names);
}

/* --- the desk takes over --- */

/* Nobody else is at the desk: who submits from now on is held to what is new. */
static void
swap_work(struct desk_order *order, struct ledger *ledger)
{
	struct reload *reload = container_of(order, struct reload, order);
	struct admission before = reload->daemon->admission;

	(void)ledger;
	reload->daemon->admission = reload->admission;
	reload->admission = before;
	jobs_use_profiles(reload->daemon->jobs, reload->daemon->config->profiles);
}

static void
swap_done(struct desk_order *order)
{
	struct reload *reload = container_of(order, struct reload, order);
	struct daemon *daemon = reload->daemon;

	log_info("%s was read anew", daemon->options->config != NULL ? daemon->options->config : "the configuration");
	note(daemon, "reload", daemon->options->config, &reload->err);
	if (!daemon->is_ending)
		retention_look(daemon->retention);
	reload_end(reload);
}

void
daemon_reload(struct daemon *daemon)
{
	struct error err = {0};

	if (daemon->is_reloading) {
		daemon->is_reload_wanted = true;
		return;
	}
	struct reload *reload = must_alloc(sizeof(*reload));

	notify_reloading();
	daemon->is_reloading = true;
	if (daemon->tls != NULL && !httpd_tls_reload(daemon->tls, &err))
		say("the certificate stays as it was", &err);
	err = (struct error){0};
	if (!audit_reopen(daemon->audit, &err))
		say("the audit log stays where it was", &err);
	reload->daemon = daemon;
	reload->tokens_path = daemon->config->tokens != NULL ? must_strdup(daemon->config->tokens) : NULL;
	reload->order = (struct desk_order){.work = read_work, .done = read_done};
	desk_give(daemon->desk, &reload->order);
}
