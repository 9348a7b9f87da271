#include "campaign/campaign_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/rng.h"

/* Which run this is, and when it began. */

static void
note_files(struct campaign *campaign)
{
	size_t n = 0;
	uint64_t hash;

	for (const struct plan_file *file = campaign->options->plan->files; file != NULL; file = file->next)
		n++;
	campaign->files = must_calloc(n + 1, sizeof(*campaign->files));
	campaign->identity.files = campaign->files;
	for (const struct plan_file *file = campaign->options->plan->files; file != NULL; file = file->next) {
		struct run_file *into = &campaign->files[campaign->identity.files_n++];

		into->shown = file->shown;
		if (file_hash(file->path, &hash))
			snprintf(into->hash, sizeof(into->hash), "%016" PRIx64, hash);
	}
}

void
campaign_make_identity(struct campaign *campaign)
{
	char stamp[32];

	const struct campaign_options *options = campaign->options;

	campaign->identity = (struct run_identity){.started_wall_ns = wall_now_ns(),
		.shard = options->shard,
		.shards = campaign_is_shard(campaign) ? options->shards : 1,
		.start_at_wall_ns = options->start_at_wall_ns};
	wall_text_compact(campaign->identity.started_wall_ns, stamp, sizeof(stamp));
	snprintf(campaign->id, sizeof(campaign->id), "%s-%06x", stamp,
		(unsigned)(rng_mix((uint64_t)campaign->identity.started_wall_ns ^ (uint64_t)getpid()) & 0xffffff));
	campaign->identity.id = campaign->id;
	note_files(campaign);
}

/* How far the shards of a load were apart is known by their clocks alone. */
void
campaign_note_beginning(struct campaign *campaign, int64_t at_ns)
{
	struct run_identity *identity = &campaign->identity;

	if (identity->began_wall_ns != 0 || (!campaign_is_shard(campaign) && identity->start_at_wall_ns == 0))
		return;
	identity->began_wall_ns = wall_now_ns();
	snprintf(campaign->began_text, sizeof(campaign->began_text), "%" PRId64, identity->began_wall_ns);
	digest_note(
		&campaign->digest, &(struct note){.kind = NOTE_BEGAN, .start_ns = at_ns, .text = campaign->began_text});
}
