/* cell: decoders of single cells of the binlog. Full sync uses some of them too.
 * Pure functions. Thread: any. Owner: text is in the packet or in the given arena. */
#ifndef TIDEWAY_CELL_H
#define TIDEWAY_CELL_H

#include "model/row.h"

/* The size class of a cell. A value below CELL_PREFIX is the number of bytes. CELL_PREFIX + n means
 * that a little-endian length of n bytes precedes the cell. */
enum { CELL_PREFIX = 0x80 };

/* Bytes of MariaDB's types that the binlog contains as BINARY. */
enum { CELL_UUID_SIZE = 16, CELL_INET4_SIZE = 4, CELL_INET6_SIZE = 16 };

/* Normalises the type code and the metadata of a TABLE_MAP. CHAR, ENUM and SET, which share a code
 * there, get different codes. *meta becomes one number: bytes of CHAR and VARCHAR, bits, precision
 * << 8 | scale, fractional digits, or bytes of the length before a BLOB. Returns false if the
 * metadata is not valid for the type. */
bool cell_normalize(uint8_t *wire, uint16_t *meta);
/* Returns the size class of a normalised type; -1: the type cannot be decoded. */
int cell_size(uint8_t wire, uint16_t meta);
/* Writes the description of a normalised type for messages: "VARCHAR of 40 bytes". */
void cell_describe(uint8_t wire, uint16_t meta, char *dst, size_t cap);
/* Returns whether cells of a normalised type match the column's definition in the catalog. */
bool cell_matches(const struct column *column, uint8_t wire, uint16_t meta);
/* Returns the decoder for cells that match; NULL: they cannot be decoded. */
cell_decode_fn *cell_decoder(const struct column *column, uint8_t wire, uint16_t meta);

/* Returns whether cells of the type are compressed. */
bool cell_is_compressed(uint8_t wire);
/* Returns whether the type is the TIME, DATETIME or TIMESTAMP of MySQL 5.5 and MariaDB 5.3. */
bool cell_has_old_time(uint8_t wire);

/* Decoders that also serve for the binary protocol. */
cell_decode_fn cell_i8, cell_u8, cell_i16, cell_u16, cell_i32, cell_u32, cell_i64, cell_u64;
cell_decode_fn cell_f32, cell_f64, cell_text, cell_bytes, cell_padded, cell_bit;
/* Decoders of MariaDB's types (inet.c). */
cell_decode_fn cell_uuid, cell_inet4, cell_inet6;

/* Returns the cell with zeros appended up to `size` bytes, because the binlog omits trailing zeros
 * of a BINARY(n). Returns ptr itself if the cell is long enough. */
const uint8_t *cell_pad(const uint8_t *ptr, uint32_t len, uint32_t size, struct arena *arena);

#endif
