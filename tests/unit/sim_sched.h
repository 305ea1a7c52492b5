/* sim_sched: virtual time and threads that run one at a time (base/simulated.h). Whoever waits passes the turn to a thread that can
 * continue, chosen at random; when none can, time passes to the next deadline. So a seed always gives the same run.
 * Thread: the turn is passed under one lock. */
#ifndef TIDEWAY_TESTS_SIM_SCHED_H
#define TIDEWAY_TESTS_SIM_SCHED_H

#include "base/mem.h"
#include "base/simulated.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIM_TASKS = 64 };

struct sim_task {
	bool is_used, has_ended;
	bool can_run;     /* woken, or its time has come */
	bool woken;       /* what its wait returns */
	const void *key;  /* that it waits for */
	int64_t until_ns; /* and how long at most */
	pthread_t thread;
	pthread_cond_t turn;
	void *(*run)(void *arg);
	void *arg;
};

struct sim_sched {
	pthread_mutex_t lock;
	struct sim_task tasks[SIM_TASKS];
	struct sim_task *running;
	uint64_t random;
	int64_t now_ns;
};

static struct sim_sched sim = {.lock = PTHREAD_MUTEX_INITIALIZER};
static _Thread_local struct sim_task *sim_self;

/* splitmix64 */
static uint64_t sim_random(void)
{
	uint64_t z = (sim.random += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned sim_below(unsigned n)
{
	return (unsigned)(sim_random() % n);
}

/* True once in n. */
static bool sim_once_in(unsigned n)
{
	return sim_below(n) == 0;
}

/* One of the tasks that can run, after time has passed until there is one. */
static struct sim_task *sim_choose(void)
{
	struct sim_task *can[SIM_TASKS];
	unsigned n = 0;
	int64_t next_ns = INT64_MAX;
	for (unsigned i = 0; i < SIM_TASKS; i++) {
		struct sim_task *task = &sim.tasks[i];
		if (!task->is_used || task->has_ended)
			continue;
		if (task->can_run || task->until_ns <= sim.now_ns)
			can[n++] = task;
		else if (task->until_ns < next_ns)
			next_ns = task->until_ns;
	}
	if (n > 0)
		return can[sim_below(n)];
	if (next_ns == INT64_MAX) {
		fprintf(stderr, "simulation: every thread waits for ever\n");
		abort();
	}
	sim.now_ns = next_ns;
	return sim_choose();
}

/* Under the lock. */
static void sim_pass_turn(struct sim_task *self)
{
	sim.running = sim_choose();
	if (sim.running != self)
		pthread_cond_signal(&sim.running->turn);
}

static void sim_take_turn(struct sim_task *self)
{
	while (sim.running != self)
		pthread_cond_wait(&self->turn, &sim.lock);
	self->can_run = false;
	self->key = NULL;
}

static bool sim_wait(const void *key, int64_t until_ns)
{
	struct sim_task *self = sim_self;
	pthread_mutex_lock(&sim.lock);
	self->key = key;
	self->until_ns = until_ns;
	self->woken = false;
	sim_pass_turn(self);
	sim_take_turn(self);
	pthread_mutex_unlock(&sim.lock);
	return self->woken;
}

static void sim_wake(const void *key)
{
	for (unsigned i = 0; i < SIM_TASKS; i++)
		if (sim.tasks[i].is_used && sim.tasks[i].key == key)
			sim.tasks[i].can_run = sim.tasks[i].woken = true;
}

static int64_t sim_now_ns(bool wall)
{
	return sim.now_ns + (wall ? INT64_C(1700000000) * 1000000000 : 0);
}

static void *sim_main(void *arg)
{
	struct sim_task *self = sim_self = arg;
	pthread_mutex_lock(&sim.lock);
	sim_take_turn(self);
	pthread_mutex_unlock(&sim.lock);
	self->run(self->arg);
	pthread_mutex_lock(&sim.lock);
	self->has_ended = true;
	sim_wake(self);
	sim_pass_turn(self);
	pthread_mutex_unlock(&sim.lock);
	return NULL;
}

static struct sim_task *sim_add_task(void)
{
	for (unsigned i = 0; i < SIM_TASKS; i++)
		if (!sim.tasks[i].is_used) {
			struct sim_task *task = &sim.tasks[i];
			*task = (struct sim_task){.is_used = true, .can_run = true};
			pthread_cond_init(&task->turn, NULL);
			return task;
		}
	abort();
}

static void sim_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
	struct sim_task *task = sim_add_task();
	(void)name;
	task->run = run;
	task->arg = arg;
	if (pthread_create(&task->thread, NULL, sim_main, task) != 0)
		abort();
	*thread = task->thread;
}

static void sim_join(pthread_t thread)
{
	struct sim_task *task = sim.tasks;
	while (!task->is_used || !pthread_equal(task->thread, thread))
		task++;
	while (!task->has_ended)
		sim_wait(task, INT64_MAX);
	pthread_join(thread, NULL);
	pthread_cond_destroy(&task->turn);
	task->is_used = false;
}

static const struct simulated sim_world = {sim_now_ns, sim_wait, sim_wake, sim_start, sim_join};

/* The calling thread is the first one. */
static void sim_begin(uint64_t seed)
{
	sim.random = seed;
	sim.now_ns = INT64_C(1000000000000);
	sim_self = sim.running = sim_add_task();
	sim_self->thread = pthread_self();
	simulated = &sim_world;
}

static void sim_end(void)
{
	simulated = NULL;
	pthread_cond_destroy(&sim_self->turn);
	sim_self->is_used = false;
}

#endif
