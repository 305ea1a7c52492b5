/* crc32: the checksum of binlog events, with zlib's polynomial. Thread: any. */
#ifndef TIDEWAY_CRC32_H
#define TIDEWAY_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Return the checksum continued over `len` bytes. `crc` is the checksum of the bytes before; 0: none. */
uint32_t crc32_update(uint32_t crc, const void *ptr, size_t len);
/* Return the same without the instructions that not every processor has. */
uint32_t crc32_by_table(uint32_t crc, const void *ptr, size_t len);

#endif
