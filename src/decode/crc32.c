#include "decode/crc32.h"

#include <pthread.h>
#include <string.h>

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

uint32_t crc32_update(uint32_t crc, const void *ptr, size_t len)
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
