/* Any bits as a number: the text fits the buffer and reads back to the same bits. */
#include "base/num.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_f64(double v)
{
	char text[NUM_FLOAT_MAX + 1];
	text[num_f64(text, v)] = '\0';
	double back = strtod(text, NULL);
	if (isfinite(v) && memcmp(&back, &v, sizeof(v)) != 0)
		abort();
}

static void check_f32(float v)
{
	char text[NUM_FLOAT_MAX + 1];
	text[num_f32(text, v)] = '\0';
	float back = strtof(text, NULL);
	if (isfinite(v) && memcmp(&back, &v, sizeof(v)) != 0)
		abort();
}

static void check_i64(int64_t v)
{
	char text[NUM_INT_MAX];
	int64_t back;
	if (!num_parse_i64(slice_of(text, num_i64(text, v)), &back) || back != v)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double f64;
	float f32;
	int64_t i64;
	uint64_t u64;
	num_parse_u64(slice_of(data, size), &u64);
	num_parse_i64(slice_of(data, size), &i64);
	if (size < sizeof(f64))
		return 0;
	memcpy(&f64, data, sizeof(f64));
	memcpy(&f32, data, sizeof(f32));
	memcpy(&i64, data, sizeof(i64));
	check_f64(f64);
	check_f32(f32);
	check_i64(i64);
	return 0;
}
