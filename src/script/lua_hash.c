/* lua_hash: tideway.hash: digests as lower-case hex, checksums as integers. The digests are OpenSSL's. A lane keeps one
 * context for each: fetching an algorithm anew takes three times as long as the digest of a short value. */
#include "script/script_priv.h"

#include "decode/crc32.h"

#include <openssl/evp.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { BLOCK = 64, DIGEST_MAX = EVP_MAX_MD_SIZE };

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512, DIGESTS };

/* The names in Lua and in OpenSSL. */
static const struct {
	const char *name, *algorithm;
} kinds[DIGESTS] = {
	[DIGEST_MD5] = {"md5", "MD5"},
	[DIGEST_SHA1] = {"sha1", "SHA1"},
	[DIGEST_SHA256] = {"sha256", "SHA256"},
	[DIGEST_SHA512] = {"sha512", "SHA512"},
};

/* The contexts of one Lua state: a userdata, the first upvalue of each function. */
struct digests {
	EVP_MD_CTX *contexts[DIGESTS]; /* NULL: not used yet */
};

/* Make the context of an algorithm. Return NULL when OpenSSL does not offer the algorithm. */
static EVP_MD_CTX *new_context(enum digest_kind kind)
{
	EVP_MD *md = EVP_MD_fetch(NULL, kinds[kind].algorithm, NULL);
	EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
	if (ctx && EVP_DigestInit_ex2(ctx, md, NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MD_free(md); /* the context has its own reference */
	return ctx;
}

/* Return a context that has begun a new digest. */
static EVP_MD_CTX *begin(lua_State *L, enum digest_kind kind)
{
	struct digests *digests = lua_touserdata(L, lua_upvalueindex(1));
	EVP_MD_CTX *ctx = digests->contexts[kind];
	if (ctx == NULL)
		ctx = digests->contexts[kind] = new_context(kind);
	else if (EVP_DigestInit_ex2(ctx, NULL, NULL) != 1)
		ctx = NULL;
	if (ctx == NULL)
		state_raise(L,
			    "hash.%s: OpenSSL of this machine does not offer %s (its FIPS mode "
			    "allows only the SHA-2 family)",
			    kinds[kind].name, kinds[kind].algorithm);
	return ctx;
}

/* Write the digest to `out`. Return its number of bytes. */
static size_t end(lua_State *L, EVP_MD_CTX *ctx, uint8_t out[DIGEST_MAX])
{
	unsigned n = 0;
	if (EVP_DigestFinal_ex(ctx, out, &n) != 1)
		state_raise(L, "hash: OpenSSL could not make the digest");
	return n;
}

static void add(lua_State *L, EVP_MD_CTX *ctx, const void *ptr, size_t len)
{
	if (EVP_DigestUpdate(ctx, ptr, len) != 1)
		state_raise(L, "hash: OpenSSL could not make the digest");
}

static int free_digests(lua_State *L)
{
	struct digests *digests = lua_touserdata(L, 1);
	for (unsigned i = 0; i < DIGESTS; i++) {
		EVP_MD_CTX_free(digests->contexts[i]);
		digests->contexts[i] = NULL;
	}
	return 0;
}

static int push_hex(lua_State *L, const uint8_t *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char text[2 * DIGEST_MAX];
	for (size_t i = 0; i < n; i++) {
		text[2 * i] = hex[bytes[i] >> 4];
		text[2 * i + 1] = hex[bytes[i] & 15];
	}
	lua_pushlstring(L, text, 2 * n);
	return 1;
}

/* Return the string at idx, or the text of the integer. */
static struct slice text_at(lua_State *L, int idx)
{
	size_t len;
	const char *text;
	if (lua_type(L, idx) != LUA_TSTRING && !lua_isinteger(L, idx))
		state_raise(L, "hash: expected a string or an integer, got %s",
			    luaL_typename(L, idx));
	text = luaL_tolstring(L, idx, &len);
	return slice_of(text, len);
}

static int hash(lua_State *L)
{
	struct slice text = text_at(L, 1);
	uint8_t out[DIGEST_MAX] = {0};
	EVP_MD_CTX *ctx = begin(L, (enum digest_kind)lua_tointeger(L, lua_upvalueindex(2)));
	add(L, ctx, text.ptr, text.len);
	return push_hex(L, out, end(L, ctx, out));
}

/* HMAC-SHA-256 (RFC 2104). It is made of two digests, since the kept context makes them faster than OpenSSL's HMAC. */
static int hmac_sha256(lua_State *L)
{
	struct slice key = lua_secret_text(L, 1), text = text_at(L, 2);
	uint8_t pad[BLOCK] = {0}, out[DIGEST_MAX] = {0};
	EVP_MD_CTX *ctx = begin(L, DIGEST_SHA256);
	size_t n;
	if (key.ptr == NULL)
		key = text_at(L, 1);
	if (key.len > BLOCK) {
		add(L, ctx, key.ptr, key.len);
		memcpy(pad, out, end(L, ctx, out));
		begin(L, DIGEST_SHA256);
	} else if (key.len > 0) {
		memcpy(pad, key.ptr, key.len);
	}
	for (unsigned i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	add(L, ctx, pad, BLOCK);
	add(L, ctx, text.ptr, text.len);
	n = end(L, ctx, out);
	for (unsigned i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	begin(L, DIGEST_SHA256);
	add(L, ctx, pad, BLOCK);
	add(L, ctx, out, n);
	return push_hex(L, out, end(L, ctx, out));
}

/* XXH64 with the seed 0. Hex, as xxhsum prints it: half of the values do not fit a Lua integer. */
static int xxh64(lua_State *L)
{
	struct slice text = text_at(L, 1);
	XXH64_canonical_t bytes = {{0}};
	XXH64_canonicalFromHash(&bytes, XXH64(text.ptr, text.len, 0));
	return push_hex(L, bytes.digest, sizeof(bytes.digest));
}

/* The CRC-32 of zip, gzip and the binlog. */
static int crc32_text(lua_State *L)
{
	struct slice text = text_at(L, 1);
	lua_pushinteger(L, crc32_update(0, text.ptr, text.len));
	return 1;
}

static uint32_t load_le(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* murmur2 & 0x7fffffff, by which Kafka's Java client chooses a partition. */
static int murmur2_text(lua_State *L)
{
	const uint32_t m = 0x5bd1e995;
	struct slice text = text_at(L, 1);
	const uint8_t *at = (const uint8_t *)text.ptr;
	uint32_t h = 0x9747b28c ^ (uint32_t)text.len;
	size_t left = text.len;
	for (; left >= 4; at += 4, left -= 4) {
		uint32_t k = load_le(at) * m;
		h = (h * m) ^ ((k ^ (k >> 24)) * m);
	}
	if (left >= 3)
		h ^= (uint32_t)at[2] << 16;
	if (left >= 2)
		h ^= (uint32_t)at[1] << 8;
	if (left >= 1)
		h = (h ^ at[0]) * m;
	h = (h ^ (h >> 13)) * m;
	lua_pushinteger(L, (h ^ (h >> 15)) & 0x7fffffff);
	return 1;
}

/* Push the userdata of the contexts. */
static void push_digests(lua_State *L)
{
	struct digests *digests = lua_newuserdatauv(L, sizeof(*digests), 0);
	*digests = (struct digests){{NULL}};
	lua_newtable(L);
	lua_pushcfunction(L, free_digests);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
}

int lua_hash_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"hmac_sha256", hmac_sha256},
					     {"crc32", crc32_text},
					     {"murmur2", murmur2_text},
					     {"xxh64", xxh64},
					     {NULL, NULL}};
	luaL_newlibtable(L, functions);
	push_digests(L);
	for (unsigned i = 0; i < DIGESTS; i++) {
		lua_pushvalue(L, -1);
		lua_pushinteger(L, i);
		lua_pushcclosure(L, hash, 2);
		lua_setfield(L, -3, kinds[i].name);
	}
	luaL_setfuncs(L, functions, 1);
	return 1;
}
