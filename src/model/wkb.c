#include "model/wkb.h"

#include "base/num.h"
#include "base/reader.h"

#include <math.h>

enum {
	LITTLE_ENDIAN_MARK = 1,
	COUNT_SIZE = 4,
	DEPTH_MAX = 64, /* of collections in collections */
};

enum shape {
	POINT = 1,
	LINESTRING,
	POLYGON,
	MULTIPOINT,
	MULTILINESTRING,
	MULTIPOLYGON,
	COLLECTION,
	SHAPE_COUNT,
};

static const char *const names[SHAPE_COUNT] = {
	[POINT] = "POINT",
	[LINESTRING] = "LINESTRING",
	[POLYGON] = "POLYGON",
	[MULTIPOINT] = "MULTIPOINT",
	[MULTILINESTRING] = "MULTILINESTRING",
	[MULTIPOLYGON] = "MULTIPOLYGON",
	[COLLECTION] = "GEOMETRYCOLLECTION",
};

static void put_double(struct reader *r, struct buf *out)
{
	const uint8_t *at = reader_bytes(r, sizeof(double));
	double v;
	if (at == NULL)
		return;
	memcpy(&v, at, sizeof(v));
	if (!isfinite(v))
		r->failed = true;
	out->len += num_f64(buf_reserve(out, NUM_FLOAT_MAX), v);
}

static void put_coordinates(struct reader *r, struct buf *out)
{
	put_double(r, out);
	buf_char(out, ' ');
	put_double(r, out);
}

static void put_points(struct reader *r, struct buf *out)
{
	uint32_t n = (uint32_t)reader_uint(r, COUNT_SIZE);
	buf_char(out, '(');
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_coordinates(r, out);
	}
	buf_char(out, ')');
}

static void put_rings(struct reader *r, struct buf *out)
{
	uint32_t n = (uint32_t)reader_uint(r, COUNT_SIZE);
	buf_char(out, '(');
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_points(r, out);
	}
	buf_char(out, ')');
}

/* Reads byte order and type. Returns 0 if they are not valid. */
static unsigned read_shape(struct reader *r)
{
	unsigned order = (unsigned)reader_uint(r, 1);
	uint32_t shape = (uint32_t)reader_uint(r, 4);
	if (r->failed || order != LITTLE_ENDIAN_MARK || shape < POINT || shape >= SHAPE_COUNT) {
		r->failed = true;
		return 0;
	}
	return shape;
}

static void put_shape(struct reader *r, unsigned shape, unsigned depth, struct buf *out);

/* Writes the parts of a MULTI shape, which have a type of their own, or those of a collection, whose names are written. */
static void put_parts(struct reader *r, unsigned shape, unsigned depth, struct buf *out)
{
	uint32_t n = (uint32_t)reader_uint(r, COUNT_SIZE);
	if (n == 0 && !r->failed) {
		buf_put(out, SLICE(" EMPTY"));
		return;
	}
	buf_char(out, '(');
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		unsigned part = read_shape(r);
		if (i > 0)
			buf_char(out, ',');
		if (shape != COLLECTION && part != shape - MULTIPOINT + POINT)
			r->failed = true;
		else if (shape == COLLECTION && part > 0)
			buf_put(out, slice_str(names[part]));
		put_shape(r, part, depth + 1, out);
	}
	buf_char(out, ')');
}

static void put_shape(struct reader *r, unsigned shape, unsigned depth, struct buf *out)
{
	if (depth > DEPTH_MAX)
		r->failed = true;
	if (r->failed)
		return;
	switch (shape) {
	case POINT:
		buf_char(out, '(');
		put_coordinates(r, out);
		buf_char(out, ')');
		return;
	case LINESTRING:
		put_points(r, out);
		return;
	case POLYGON:
		put_rings(r, out);
		return;
	default:
		put_parts(r, shape, depth, out);
	}
}

bool wkb_text(struct slice wkb, struct buf *out)
{
	struct reader r;
	unsigned shape;
	reader_init(&r, wkb.ptr, wkb.len);
	shape = read_shape(&r);
	if (r.failed)
		return false;
	buf_put(out, slice_str(names[shape]));
	put_shape(&r, shape, 0, out);
	return !r.failed && reader_left(&r) == 0;
}
