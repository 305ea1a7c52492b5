/* lua_hash: tideway.hash: digests as lower-case hex, checksums as integers. */
#include "script/script_priv.h"

#include "decode/crc32.h"

enum { BLOCK = 64, DIGEST_MAX = 32 };

/* The state of one digest. All three algorithms work on blocks of 64 bytes. The last block ends
 * with the length in bits. */
struct digest {
	uint32_t state[8];
	uint64_t len;         /* bytes so far */
	uint8_t block[BLOCK]; /* the last, incomplete block */
	const struct digest_kind *kind;
};

struct digest_kind {
	const char *name;
	unsigned words; /* words of the state that are the result */
	bool big_endian;
	uint32_t start[8];
	void (*block)(uint32_t *state, const uint8_t *block);
};

static uint32_t rotl(uint32_t v, unsigned n)
{
	return (v << n) | (v >> (32 - n));
}

static uint32_t rotr(uint32_t v, unsigned n)
{
	return (v >> n) | (v << (32 - n));
}

static uint32_t load_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t load_le(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* ---- MD5 (RFC 1321) ---- */

static const uint32_t md5_sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

static void md5_block(uint32_t *state, const uint8_t *block)
{
	static const unsigned char turns[4][4] = {
		{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	for (unsigned i = 0; i < 64; i++) {
		uint32_t f, next = d;
		unsigned g;
		if (i < 16)
			f = (b & c) | (~b & d), g = i;
		else if (i < 32)
			f = (d & b) | (~d & c), g = (5 * i + 1) % 16;
		else if (i < 48)
			f = b ^ c ^ d, g = (3 * i + 5) % 16;
		else
			f = c ^ (b | ~d), g = (7 * i) % 16;
		d = c;
		c = b;
		b += rotl(a + f + md5_sines[i] + load_le(block + (size_t)4 * g),
			  turns[i / 16][i % 4]);
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

/* ---- SHA-1 and SHA-256 (FIPS 180-4) ---- */

static void sha1_block(uint32_t *state, const uint8_t *block)
{
	uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
	for (unsigned i = 0; i < 16; i++)
		w[i] = load_be(block + (size_t)4 * i);
	for (unsigned i = 16; i < 80; i++)
		w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < 80; i++) {
		uint32_t f, k, next;
		if (i < 20)
			f = (b & c) | (~b & d), k = 0x5a827999;
		else if (i < 40)
			f = b ^ c ^ d, k = 0x6ed9eba1;
		else if (i < 60)
			f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
		else
			f = b ^ c ^ d, k = 0xca62c1d6;
		next = rotl(a, 5) + f + e + k + w[i];
		e = d;
		d = c;
		c = rotl(b, 30);
		b = a;
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

static const uint32_t sha256_roots[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static void sha256_block(uint32_t *state, const uint8_t *block)
{
	uint32_t w[64], v[8];
	for (unsigned i = 0; i < 16; i++)
		w[i] = load_be(block + (size_t)4 * i);
	for (unsigned i = 16; i < 64; i++) {
		uint32_t x = w[i - 15], y = w[i - 2];
		w[i] = w[i - 16] + (rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3)) + w[i - 7] +
		       (rotr(y, 17) ^ rotr(y, 19) ^ (y >> 10));
	}
	memcpy(v, state, sizeof(v));
	for (unsigned i = 0; i < 64; i++) {
		uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
		uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha256_roots[i] + w[i];
		uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
		uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

static const struct digest_kind kinds[] = {
	{"md5", 4, false, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0, 0, 0, 0}, md5_block},
	{"sha1",
	 5,
	 true,
	 {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0, 0, 0, 0},
	 sha1_block},
	{"sha256",
	 8,
	 true,
	 {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
	  0x5be0cd19},
	 sha256_block},
};

/* ---- all digests ---- */

static void digest_start(struct digest *d, const struct digest_kind *kind)
{
	memcpy(d->state, kind->start, sizeof(d->state));
	d->len = 0;
	d->kind = kind;
}

static void digest_add(struct digest *d, const void *ptr, size_t len)
{
	const uint8_t *at = ptr;
	while (len > 0) {
		size_t used = d->len % BLOCK, n = BLOCK - used < len ? BLOCK - used : len;
		memcpy(d->block + used, at, n);
		d->len += n;
		at += n;
		len -= n;
		if (d->len % BLOCK == 0)
			d->kind->block(d->state, d->block);
	}
}

/* Write the digest to `out`. Return its number of bytes. */
static size_t digest_end(struct digest *d, uint8_t out[DIGEST_MAX])
{
	static const uint8_t end[BLOCK] = {0x80};
	uint64_t bits = d->len * 8;
	uint8_t length[8];
	digest_add(d, end, 1 + (BLOCK + 55 - d->len % BLOCK) % BLOCK);
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> 8 * (d->kind->big_endian ? 7 - i : i));
	digest_add(d, length, 8);
	for (unsigned i = 0; i < d->kind->words * 4; i++)
		out[i] =
			(uint8_t)(d->state[i / 4] >> 8 * (d->kind->big_endian ? 3 - i % 4 : i % 4));
	return d->kind->words * (size_t)4;
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
	struct digest d;
	digest_start(&d, &kinds[lua_tointeger(L, lua_upvalueindex(1))]);
	digest_add(&d, text.ptr, text.len);
	return push_hex(L, out, digest_end(&d, out));
}

/* HMAC-SHA-256 (RFC 2104) */
static int hmac_sha256(lua_State *L)
{
	struct slice key = text_at(L, 1), text = text_at(L, 2);
	uint8_t pad[BLOCK] = {0}, out[DIGEST_MAX] = {0};
	struct digest d;
	size_t n;
	if (key.len > BLOCK) {
		digest_start(&d, &kinds[2]);
		digest_add(&d, key.ptr, key.len);
		digest_end(&d, pad);
	} else {
		memcpy(pad, key.ptr, key.len);
	}
	for (unsigned i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	digest_start(&d, &kinds[2]);
	digest_add(&d, pad, BLOCK);
	digest_add(&d, text.ptr, text.len);
	n = digest_end(&d, out);
	for (unsigned i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	digest_start(&d, &kinds[2]);
	digest_add(&d, pad, BLOCK);
	digest_add(&d, out, n);
	return push_hex(L, out, digest_end(&d, out));
}

/* The CRC-32 of zip, gzip and the binlog. */
static int crc32_text(lua_State *L)
{
	struct slice text = text_at(L, 1);
	lua_pushinteger(L, crc32_update(0, text.ptr, text.len));
	return 1;
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

int lua_hash_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"hmac_sha256", hmac_sha256},
					     {"crc32", crc32_text},
					     {"murmur2", murmur2_text},
					     {NULL, NULL}};
	luaL_newlib(L, functions);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		lua_pushinteger(L, i);
		lua_pushcclosure(L, hash, 1);
		lua_setfield(L, -2, kinds[i].name);
	}
	return 1;
}
