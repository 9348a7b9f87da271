#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "daemon/alarm.h"
#include "daemon/delivery.h"
#include "daemon/sink.h"

/* What the files of alarm share. */

struct alarm {
	struct alarm_config config;
	const struct alert_rules *rules; /* the config's */
	struct alert_book *book;         /* NULL until it is restored */
	struct alert_ear ear;
	struct sinks *sinks;          /* NULL: they are closed */
	struct list lapsed, unjudged; /* orders of telling and judging, from alarm_restore to alarm_start */
};

/* News of an alert on its way: into the ledger with whom it is to be told to, then to them. */
struct telling {
	struct desk_order order;
	struct alarm *alarm;
	struct notice notice;
	struct arena arena;
	const char **sinks; /* sinks_n of them */
	size_t sinks_n;
	struct buf row; /* as the API shows it */
};

void alarm_tell(void *context, const struct alert *alert, enum alert_news news);
struct telling *telling_new(struct alarm *alarm, const struct alert *alert, enum alert_news news);
struct telling *telling_of(struct desk_order *order);
void telling_free(struct telling *telling);

/* For sinks_hear. */
void alarm_on_settled(void *context, const char *sink, uint64_t number, enum alert_news news);

/* A run that ended, on its way to the rules about such: with what runs of its name were like before. */
struct judging {
	struct desk_order order;
	struct alarm *alarm;
	char id[HISTORY_ID_MAX];
	bool is_read;    /* the rest is known; else it is read from the ledger and the run's files */
	bool is_nothing; /* it never began, or was deleted: nobody looks at it */
	uint64_t number;
	struct history_run run;
	double before[UNUSUAL_RUNS_MAX][HISTORY_FIGURES_N];
	size_t before_n;
};

struct judging *judging_new(struct alarm *alarm, const char *id);
void judging_take(struct judging *judging, const struct ledger_run *run, const struct job_result *result);
struct judging *judging_of(struct desk_order *order);
void judging_free(struct judging *judging);
