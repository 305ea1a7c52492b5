/* trx_ahead: finds the outcome of a transaction that is too large to hold. Reads through it with a second packet source
 * and keeps no events, so that rolled-back rows are known before the rows are returned (rule: outcome-known).
 * Thread: the reader's. */
#ifndef TIDEWAY_TRX_AHEAD_H
#define TIDEWAY_TRX_AHEAD_H

#include "binlog/trx_reader.h"

/* Fills reader->ahead. */
int trx_ahead_read(struct trx_reader *reader, struct err *err) MUST_CHECK;

#endif
