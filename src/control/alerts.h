/* alerts: turns the events of a sync into alerts (model/alert.h): one when a condition begins, and one
 * when it is over, however often the events repeat it. An alert that nobody has taken yet merges
 * with a later one of its kind, so that whoever is slow delays nobody and loses no condition.
 * Thread: alerts_take any one; events arrive in any. Owner: alerts_new / alerts_free. */
#ifndef TIDEWAY_ALERTS_H
#define TIDEWAY_ALERTS_H

#include "engine/state/sync_events.h"
#include "model/alert.h"

struct alerts;

/* Reads all later events. wake(arg) is called when alerts_take may return something else; it must not
 * block. alerts_free only after the last event. */
struct alerts *alerts_new(struct sync_events *events, void (*wake)(void *arg), void *arg);
void alerts_free(struct alerts *alerts);
/* Takes the next alert that is due. Returns false if none is; then *wait_ms is the time until the next
 * one, -1 if there is none. */
bool alerts_take(struct alerts *alerts, struct alert *alert, int64_t *wait_ms);

#endif
