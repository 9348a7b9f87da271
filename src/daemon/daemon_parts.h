#pragma once

#include "daemon/admission.h"
#include "daemon/agenda.h"
#include "daemon/alarm.h"
#include "daemon/api.h"
#include "daemon/daemon.h"
#include "daemon/monitor.h"
#include "daemon/retention.h"

/* What the files of daemon share. */

#define SERVERS_MAX 16

struct daemon {
	const struct daemon_options *options;
	struct config *config;       /* stays where it is; a reload changes what is in it */
	struct config *config_texts; /* who owns what came by the last reload; NULL: there was none */
	int lock;                    /* of the data directory */
	struct ledger *ledger;
	struct admission admission; /* the desk's */
	uv_loop_t loop;
	uv_signal_t on_hup, on_int, on_term;
	struct desk *desk;
	struct jobs *jobs;
	struct api *api;
	struct agenda *agenda;
	struct alarm *alarm;
	struct monitor *monitor;
	struct retention *retention;
	struct httpd *servers[SERVERS_MAX];
	struct api_door doors[SERVERS_MAX];
	struct origin_names names[SERVERS_MAX];
	struct assets *assets;
	struct tokens *tokens;     /* NULL: none */
	struct sessions *sessions; /* of all who come over TCP */
	struct httpd_tls *tls;     /* NULL: in the clear */
	struct audit *audit;
	struct audit_syncs *audit_syncs;
	struct halt halt;
	size_t servers_n, stopped_n;
	bool is_ending, is_reloading, is_reload_wanted;
	bool is_monitor_only; /* as it was at the start */
};

/* SIGHUP. One that comes while another is under way follows it. */
void daemon_reload(struct daemon *daemon);
