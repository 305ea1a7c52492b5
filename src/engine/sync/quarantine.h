/* quarantine: send nothing more of a table whose error concerns it alone, so that the other tables of the sync continue
 * (on_table_error = "quarantine", docs/decisions/0038). The record of the selection keeps that.
 * Thread: the sync's own, while no lane runs. */
#ifndef TIDEWAY_QUARANTINE_H
#define TIDEWAY_QUARANTINE_H

#include "engine/sync/supervisor_priv.h"

/* Log the tables that are in quarantine or paused. */
void quarantine_remind(const struct supervisor *supervisor);
/* Before what the attempt has looked up is freed: return whether there is a position, and a captured table that its error does not name. */
bool quarantine_has_others(const struct attempt *attempt);
/* The attempt has ended with an error. If that concerns a captured table alone, put the table into quarantine and save that. Return
 * whether the next attempt may begin without the table. If the save fails, the attempt has that error. */
bool quarantine_table(struct supervisor *supervisor, struct attempt *attempt);

#endif
