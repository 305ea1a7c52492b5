#include "engine/sync/child.h"

#include "base/thread.h"

static void *child_main(void *arg)
{
	struct child *child = arg;
	child->rc = child->run(child->arg, &child->err);
	atomic_store(&child->has_ended, true);
	child->on_end(child->arg);
	return NULL;
}

void child_start(struct child *child)
{
	child->err = (struct err)ERR_INIT;
	atomic_store(&child->has_ended, false);
	child->is_started = true;
	thread_start(&child->thread, child->name, child_main, child);
}

bool child_has_ended(const struct child *child)
{
	return child->is_started && atomic_load(&child->has_ended);
}

int child_join(struct child *child, struct err *err)
{
	thread_join(child->thread);
	child->is_started = false;
	if (child->rc < 0)
		*err = child->err;
	return child->rc;
}
