#include "sink/sink.h"

enum {
	MURMUR_M = 0x5bd1e995,
	MURMUR_R = 24,
};

#define MURMUR_SEED 0x9747b28cu

static uint32_t word(const unsigned char *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t mix_tail(uint32_t h, const unsigned char *at, size_t n)
{
	if (n == 0)
		return h;
	for (size_t i = 0; i < n; i++)
		h ^= (uint32_t)at[i] << (8 * i);
	return h * MURMUR_M;
}

uint32_t murmur2(struct slice key)
{
	const unsigned char *at = (const unsigned char *)key.ptr;
	uint32_t h = MURMUR_SEED ^ (uint32_t)key.len;
	size_t left = key.len;
	for (; left >= 4; at += 4, left -= 4) {
		uint32_t k = word(at) * MURMUR_M;
		k ^= k >> MURMUR_R;
		h = h * MURMUR_M ^ k * MURMUR_M;
	}
	h = mix_tail(h, at, left);
	h ^= h >> 13;
	h *= MURMUR_M;
	h ^= h >> 15;
	return h & 0x7fffffff;
}
