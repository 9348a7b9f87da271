#pragma once

struct ledger;

/* What a process that was killed left behind half written. On the desk, or before it works. */

/* Files below `directory` that were to take another's place ("NAME.tmp.PID", file_write_atomic) and whose writer is no
 * more. */
void sweep_half_files(const char *directory);

/* The same in the data directory but for its runs; and directories of runs that the ledger does not know and that never
 * began: nobody was told that they had been taken. */
void sweep_data(const char *data, struct ledger *ledger);
