#pragma once

#include <uv.h>

#include "daemon/config.h"
#include "daemon/desk.h"

/* Lets results go that are older, or more, than the operator keeps (`retention:`): their files; the row stays, with its
 * verdict and figures. Runs that have not ended are left alone, and baselines are copies of their own. One run at a
 * time, each behind what else waits for the desk.
 *
 * The row says that there are no files before the first of them goes: killed in between, the daemon finds a directory
 * that no row speaks for when it starts again, and removes that. The other way round a run would claim a report that is
 * half there. */
struct retention;

struct retention *retention_new(uv_loop_t *loop, struct desk *desk, const struct config *config);
/* What an earlier life did not get to; then whatever there is to do, from time to time. */
void retention_start(struct retention *retention);
/* Something has ended, or the limits have changed. */
void retention_look(struct retention *retention);
/* Begins nothing any more; turns the loop. */
void retention_close(struct retention *retention);
void retention_free(struct retention *retention); /* after desk_free */
