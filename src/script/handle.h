/* handle: the change or the row that a handle refers to.
 * Thread: the script's. Owner: struct script; a handle is valid until its epoch has ended. */
#ifndef TIDEWAY_HANDLE_H
#define TIDEWAY_HANDLE_H

#include "script/script_priv.h"

/* A row or change in Lua is a handle: a light userdata. Pushing a handle allocates nothing. A
 * handle that a script keeps expires: it never refers to a later change. Its bits:
 *
 *   |63|62         2|1    0|
 *   | 1|    epoch   | kind |
 *
 * No address has the highest bit set. Each call of a function of the script begins an epoch. A
 * handle is valid when its epoch is script->bound.oldest or later. */
enum handle_kind { HANDLE_BEFORE = IMAGE_BEFORE, HANDLE_AFTER = IMAGE_AFTER, HANDLE_CHANGE };
#define HANDLE_MARK ((uintptr_t)1 << 63)
#define HANDLE_KIND ((uintptr_t)3)
#define HANDLE_EPOCH (HANDLE_KIND + 1)
static_assert(sizeof(uintptr_t) == 8, "a handle has 64 bits");

static inline uintptr_t handle_at(lua_State *L, int idx)
{
	return (uintptr_t)lua_touserdata(L, idx);
}

static inline enum handle_kind handle_kind(uintptr_t handle)
{
	return (enum handle_kind)(handle & HANDLE_KIND);
}

static inline bool handle_is(uintptr_t handle)
{
	return handle >= HANDLE_MARK;
}

/* Raise the reason why the handle is not valid. */
int handle_dead(lua_State *L, uintptr_t handle);

/* Return the handle at idx. Raise when it has expired or is not a handle, which is less than every
 * epoch. */
static inline uintptr_t handle_live(lua_State *L, int idx)
{
	uintptr_t handle = handle_at(L, idx);
	if (__builtin_expect(handle < script_of(L)->bound.oldest, 0))
		handle_dead(L, handle);
	return handle;
}

/* Push a row or change with the epoch of `handle`. */
static inline void handle_push(lua_State *L, uintptr_t handle, enum handle_kind kind)
{
	lua_pushlightuserdata(L, (void *)((handle & ~HANDLE_KIND) | kind));
}

bool handle_is_row(lua_State *L, int idx);
bool handle_is_change(lua_State *L, int idx);
/* Return the table of the change at idx, or the view of the row at idx. Raise when the value is
 * something else or has expired. */
struct script_table *handle_change(lua_State *L, int idx);
struct row_view *handle_row(lua_State *L, int idx);

#endif
