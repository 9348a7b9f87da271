#include "campaign/campaign_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "campaign/conclude.h"
#include "campaign/regression.h"

#define REPORT_CEILING ((size_t)256 * 1024 * 1024)

static void
say_error(const struct error *err)
{
	char text[1400];

	log_error("%s", error_text(err, text, sizeof(text)));
}

int
campaign_refuse(struct campaign *campaign, const struct error *err)
{
	say_error(err);
	if (campaign->result_dir != NULL)
		result_dir_discard(campaign->result_dir);
	campaign->result_dir = campaign->digest.result_dir = NULL;
	return EXIT_USAGE;
}

static bool
write_all_to(FILE *stream, const struct buf *text)
{
	bool is_written = fwrite(text->bytes, 1, text->length, stream) == text->length;

	return fflush(stream) == 0 && is_written;
}

bool
conclude_print(const struct report *report, const struct printing *printing)
{
	bool is_stdout_taken =
		printing->is_json || (printing->events_path != NULL && strcmp(printing->events_path, "-") == 0);
	FILE *stream = is_stdout_taken ? stderr : stdout;
	struct terminal_style style = terminal_style_of(stream);
	bool is_printed = true;
	struct buf text;

	buf_init(&text, REPORT_CEILING);
	if (printing->is_json)
		is_printed = document_by_file(RESULT_FILE)->write(report, &text) && write_all_to(stdout, &text);
	buf_clear(&text);
	if (!printing->is_quiet || report->verdict->exit_code != 0) {
		terminal_report(report, &style, &text);
		is_printed = write_all_to(stream, &text) && is_printed;
	}
	buf_fini(&text);
	return is_printed;
}

/* To whoever waits for it: the experiment that this run is a part of, or people. */
static void
campaign_hand_over(struct campaign *campaign, const struct report *report)
{
	const struct campaign_options *options = campaign->options;
	struct printing printing = {
		.is_json = options->is_json, .is_quiet = options->is_quiet, .events_path = options->events_path};

	if (options->part != NULL) {
		options->part->on_end(
			options->part->context, report, &campaign->facts, summary_take_blocks(campaign->summary));
	} else if (!conclude_print(report, &printing))
		log_warn("the report could not be printed: %s", strerror(errno));
}

static const char *
results_dir_of(const struct campaign *campaign)
{
	if (campaign->result_dir == NULL)
		return NULL;
	return campaign->options->part != NULL ? campaign->options->part->results_dir
					       : result_dir_path(campaign->result_dir);
}

/* What its figures say, and what they say beside a baseline's. */
static const struct verdict *
campaign_judge(struct campaign *campaign)
{
	struct regression *regression = campaign->options->regression;
	const struct verdict *verdict = judge_run(campaign->judge, campaign->summary, &campaign->facts);

	return regression == NULL ? verdict
				  : regression_judge(regression, campaign->summary, &campaign->identity,
					    results_dir_of(campaign), verdict);
}

struct shard_records
campaign_shards(const struct campaign *campaign)
{
	struct driver *driver = campaign->driver;

	return driver->ops->shards == NULL || !campaign->was_driving ? (struct shard_records){.n = 0}
								     : driver->ops->shards(driver);
}

int
campaign_conclude(struct campaign *campaign)
{
	char address[160] = "?";
	struct error err = {0};

	if (campaign->addresses != NULL)
		address_text(&campaign->addresses->list[0], address, sizeof(address));
	campaign_course_end(campaign);
	const struct verdict *verdict = campaign_judge(campaign);
	struct report report = {
		.plan = campaign->plan,
		.summary = campaign->summary,
		.identity = campaign->identity,
		.duration_ns = campaign->ended_ns,
		.workers = campaign->facts.workers > 0 ? campaign->facts.workers : 1,
		.shards = campaign_shards(campaign),
		.pacing = campaign->facts.paced_relaxed ? "relaxed" : "precise",
		.results_dir = results_dir_of(campaign),
		.target_address = address,
		.verdict = verdict,
		.chronicle = &campaign->chronicle,
		.against = regression_against(campaign->options->regression),
		.documents = campaign->options->documents,
	};

	event_encode_end(&campaign->digest.events, verdict, campaign->ended_ns);
	digest_write_events(&campaign->digest);
	if (campaign->result_dir != NULL && !result_dir_finish(campaign->result_dir, &report, &err)) {
		say_error(&err);
		campaign->facts.result_lost = true;
		snprintf(campaign->facts.error_text, sizeof(campaign->facts.error_text), "%.150s", err.message);
		report.verdict = verdict = campaign_judge(campaign);
		report.results_dir = NULL;
	}
	if (campaign->live != NULL)
		live_view_clear(campaign->live);
	campaign_hand_over(campaign, &report);
	return verdict->exit_code;
}

int
campaign_conclude_unreachable(struct campaign *campaign, const struct error *err)
{
	log_error("%s", err->message);
	campaign->facts.was_unreachable = true;
	snprintf(campaign->facts.unreachable_text, sizeof(campaign->facts.unreachable_text), "%.200s", err->message);
	return campaign_conclude(campaign);
}

int
campaign_conclude_internal(struct campaign *campaign, const struct error *err)
{
	say_error(err);
	campaign->facts.internal_error = true;
	snprintf(campaign->facts.error_text, sizeof(campaign->facts.error_text), "%.150s", err->message);
	return campaign_conclude(campaign);
}
