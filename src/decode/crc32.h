/* crc32: the checksum of binlog events (zlib's polynomial). Pure. Thread: any. */
#ifndef TIDEWAY_CRC32_H
#define TIDEWAY_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continues from `crc`, the result for the bytes before; 0 at the start. */
uint32_t crc32_update(uint32_t crc, const void *ptr, size_t len);

#endif
