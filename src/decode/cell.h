/* cell: decoders for single cells of the binlog, and what both phases share of them.
 * Pure. Thread: any. Owner: text is in the packet or in the arena that is passed. */
#ifndef TIDEWAY_CELL_H
#define TIDEWAY_CELL_H

#include "model/row.h"

/* How long a cell is on the wire, in one byte: below CELL_PREFIX that many bytes; otherwise
 * CELL_PREFIX + n says that a length of n bytes (little-endian) stands in front. */
enum { CELL_PREFIX = 0x80 };

/* Bytes of MariaDB's types that come as BINARY. */
enum { CELL_UUID_SIZE = 16, CELL_INET4_SIZE = 4, CELL_INET6_SIZE = 16 };

/* Makes wire and meta uniform: CHAR, ENUM and SET are told apart (they share a code in the TABLE_MAP) and
 * meta becomes the number that matters (bytes of CHAR and VARCHAR, bits, precision << 8 | scale, fraction
 * digits, bytes of the length in front of a BLOB). False: no such metadata for this type. */
bool cell_normalize(uint8_t *wire, uint16_t *meta);
/* Size class of a normalised type; -1: a type that has none. */
int cell_size(uint8_t wire, uint16_t meta);
/* What a normalised type is called, for messages: "VARCHAR of 40 bytes". */
void cell_describe(uint8_t wire, uint16_t meta, char *dst, size_t cap);
/* Whether cells of this normalised type can be the column as the catalog knows it. */
bool cell_matches(const struct column *column, uint8_t wire, uint16_t meta);
/* The decoder of a cell that matches. NULL: cannot be decoded. */
cell_decode_fn *cell_decoder(const struct column *column, uint8_t wire, uint16_t meta);

/* Whether its cells are compressed. */
bool cell_is_compressed(uint8_t wire);
/* TIME, DATETIME and TIMESTAMP of MySQL 5.5 and MariaDB 5.3. */
bool cell_has_old_time(uint8_t wire);

/* Decoders that the binary protocol has too. */
cell_decode_fn cell_i8, cell_u8, cell_i16, cell_u16, cell_i32, cell_u32, cell_i64, cell_u64;
cell_decode_fn cell_f32, cell_f64, cell_text, cell_bytes, cell_padded, cell_bit;
/* MariaDB's (inet.c). */
cell_decode_fn cell_uuid, cell_inet4, cell_inet6;

/* ptr, followed by zeros up to `size`: the binlog leaves out zeros at the end of a BINARY(n). */
const uint8_t *cell_pad(const uint8_t *ptr, uint32_t len, uint32_t size, struct arena *arena);

#endif
