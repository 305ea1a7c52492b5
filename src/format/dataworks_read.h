/* dataworks_read: messages of this format that were read from a topic (docs/decisions/0040). Pure. Thread: any. */
#ifndef TIDEWAY_DATAWORKS_READ_H
#define TIDEWAY_DATAWORKS_READ_H

#include "format/format.h"

/* As struct format has them. */
enum seen_kind dataworks_see(const struct format_names *names, struct slice value);
bool dataworks_has_key(const struct format_key_rule *rule, struct slice value, struct slice key);
void dataworks_write_delete(const struct format_delete *row, struct buf *out);

#endif
