#include "decode/crc32.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Eight tables process eight bytes at a time ("slicing by 8"). */
enum { CRC_SLICES = 8 };

static uint32_t tables[CRC_SLICES][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t v = i;
		for (int bit = 0; bit < 8; bit++)
			v = (v >> 1) ^ ((v & 1) ? 0xedb88320u : 0);
		tables[0][i] = v;
	}
	for (uint32_t i = 0; i < 256; i++) {
		for (int t = 1; t < CRC_SLICES; t++)
			tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
	}
}

static uint32_t eight_bytes(uint32_t v, const uint8_t *at)
{
	uint32_t low, high;
	memcpy(&low, at, 4);
	memcpy(&high, at + 4, 4);
	low ^= v;
	return tables[7][low & 0xff] ^ tables[6][(low >> 8) & 0xff] ^
	       tables[5][(low >> 16) & 0xff] ^ tables[4][low >> 24] ^ tables[3][high & 0xff] ^
	       tables[2][(high >> 8) & 0xff] ^ tables[1][(high >> 16) & 0xff] ^
	       tables[0][high >> 24];
}

uint32_t crc32_by_table(uint32_t crc, const void *ptr, size_t len)
{
	const uint8_t *at = ptr;
	uint32_t v = ~crc;
	pthread_once(&tables_once, make_tables);
	for (; len >= 8; at += 8, len -= 8)
		v = eight_bytes(v, at);
	for (; len > 0; at++, len--)
		v = (v >> 8) ^ tables[0][(v ^ *at) & 0xff];
	return ~v;
}

#if defined(__x86_64__)

/* Carry-less multiplication. Take the bytes as a polynomial over GF(2), 16 bytes as one block: bit 0 of byte 0 is its highest
 * power. To append a block multiplies what is before it by x^128. fold() does that modulo the checksum's polynomial, so that
 * the result has 128 bits again: each half is multiplied by its power of x modulo the polynomial. All constants are such
 * powers with their bits reversed, shifted left by one since the product of two reversed polynomials lacks one bit. */
#define CARRY_LESS __attribute__((target("pclmul,sse4.1")))

enum {
	CRC_BLOCK = 16,
	CRC_LANES_FROM = 128, /* from here on, four independent folds at a time are faster */
};

CARRY_LESS static inline __m128i load_block(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* x times the powers of x in `by`, one for each half, plus the next block. */
CARRY_LESS static inline __m128i fold(__m128i x, __m128i by, __m128i next)
{
	__m128i early = _mm_clmulepi64_si128(x, by, 0x00);
	__m128i late = _mm_clmulepi64_si128(x, by, 0x11);
	return _mm_xor_si128(_mm_xor_si128(early, late), next);
}

CARRY_LESS static inline __m128i by_one_block(void)
{
	return _mm_set_epi64x(0x0ccaa009e, 0x1751997d0); /* x^96, x^160 */
}

CARRY_LESS static inline __m128i by_four_blocks(void)
{
	return _mm_set_epi64x(0x1c6e41596, 0x154442bd4); /* x^480, x^544 */
}

/* The remainder of x times x^32: 128 bits to 96, to 64, and by Barrett's method to 32. */
CARRY_LESS static inline uint32_t remainder_of(__m128i x)
{
	const __m128i by_64 = _mm_set_epi64x(0, 0x163cd6124);             /* x^64 */
	const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641); /* x^64 / P, P */
	const __m128i low = _mm_setr_epi32(-1, 0, 0, 0);
	__m128i quotient, product;
	x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, by_one_block(), 0x10));
	product = _mm_clmulepi64_si128(_mm_and_si128(x, low), by_64, 0x00);
	x = _mm_xor_si128(_mm_srli_si128(x, 4), product);
	quotient = _mm_clmulepi64_si128(_mm_and_si128(x, low), barrett, 0x10);
	product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low), barrett, 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, product), 1);
}

/* At least one block. Zeros in front do not change a remainder, so the first block is the odd bytes after zeros. */
CARRY_LESS static uint32_t crc32_by_product(uint32_t crc, const uint8_t *at, size_t len)
{
	/* for _mm_shuffle_epi8: from `odd`, move `odd` bytes to the end; from 16 + odd, drop `odd` bytes. 0x80 gives 0. */
	static const uint8_t moves[3 * CRC_BLOCK] = {
		[0 ... 15] = 0x80,  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		[32 ... 47] = 0x80,
	};
	const uint8_t *end = at + len;
	size_t odd = len % CRC_BLOCK;
	__m128i before = _mm_cvtsi32_si128((int)~crc); /* is added to the first four bytes */
	__m128i x =
		_mm_shuffle_epi8(_mm_xor_si128(load_block(at), before), load_block(moves + odd));
	before = _mm_shuffle_epi8(before, load_block(moves + CRC_BLOCK + odd));
	x = fold(x, by_one_block(), _mm_xor_si128(load_block(at + odd), before));
	at += odd + CRC_BLOCK;
	if (end - at >= CRC_LANES_FROM) {
		__m128i b = load_block(at), c = load_block(at + 16), d = load_block(at + 32);
		for (at += 48; end - at >= 64; at += 64) {
			x = fold(x, by_four_blocks(), load_block(at));
			b = fold(b, by_four_blocks(), load_block(at + 16));
			c = fold(c, by_four_blocks(), load_block(at + 32));
			d = fold(d, by_four_blocks(), load_block(at + 48));
		}
		x = fold(fold(fold(x, by_one_block(), b), by_one_block(), c), by_one_block(), d);
	}
	for (; at < end; at += CRC_BLOCK)
		x = fold(x, by_one_block(), load_block(at));
	return ~remainder_of(x);
}

uint32_t crc32_update(uint32_t crc, const void *ptr, size_t len)
{
	if (len >= CRC_BLOCK && __builtin_cpu_supports("pclmul") &&
	    __builtin_cpu_supports("sse4.1"))
		return crc32_by_product(crc, ptr, len);
	return crc32_by_table(crc, ptr, len);
}

#else

uint32_t crc32_update(uint32_t crc, const void *ptr, size_t len)
{
	return crc32_by_table(crc, ptr, len);
}

#endif
