/* charset: the character sets that a column may have, by the server's names. model/charset_text.h
 * converts text. Thread: any; constants only. */
#ifndef TIDEWAY_MODEL_CHARSET_H
#define TIDEWAY_MODEL_CHARSET_H

#include "base/slice.h"

/* X(id, server name, bytes of the longest character) */
#define CHARSETS(X)                                                                                \
	X(BINARY, "binary", 1)                                                                     \
	X(UTF8MB4, "utf8mb4", 4)                                                                   \
	X(UTF8MB3, "utf8mb3", 3)                                                                   \
	X(ASCII, "ascii", 1)                                                                       \
	X(LATIN1, "latin1", 1)                                                                     \
	X(LATIN2, "latin2", 1)                                                                     \
	X(LATIN5, "latin5", 1)                                                                     \
	X(LATIN7, "latin7", 1)                                                                     \
	X(CP850, "cp850", 1)                                                                       \
	X(CP852, "cp852", 1)                                                                       \
	X(CP866, "cp866", 1)                                                                       \
	X(CP1250, "cp1250", 1)                                                                     \
	X(CP1251, "cp1251", 1)                                                                     \
	X(CP1256, "cp1256", 1)                                                                     \
	X(CP1257, "cp1257", 1)                                                                     \
	X(DEC8, "dec8", 1)                                                                         \
	X(HP8, "hp8", 1)                                                                           \
	X(KOI8R, "koi8r", 1)                                                                       \
	X(KOI8U, "koi8u", 1)                                                                       \
	X(SWE7, "swe7", 1)                                                                         \
	X(GREEK, "greek", 1)                                                                       \
	X(HEBREW, "hebrew", 1)                                                                     \
	X(ARMSCII8, "armscii8", 1)                                                                 \
	X(KEYBCS2, "keybcs2", 1)                                                                   \
	X(MACCE, "macce", 1)                                                                       \
	X(MACROMAN, "macroman", 1)                                                                 \
	X(TIS620, "tis620", 1)                                                                     \
	X(GEOSTD8, "geostd8", 1)                                                                   \
	X(UCS2, "ucs2", 2)                                                                         \
	X(UTF16, "utf16", 4)                                                                       \
	X(UTF16LE, "utf16le", 4)                                                                   \
	X(UTF32, "utf32", 4)                                                                       \
	X(BIG5, "big5", 2)                                                                         \
	X(GB2312, "gb2312", 2)                                                                     \
	X(GBK, "gbk", 2)                                                                           \
	X(GB18030, "gb18030", 4)                                                                   \
	X(SJIS, "sjis", 2)                                                                         \
	X(CP932, "cp932", 2)                                                                       \
	X(UJIS, "ujis", 3)                                                                         \
	X(EUCJPMS, "eucjpms", 3)                                                                   \
	X(EUCKR, "euckr", 2)

enum charset {
#define X(id, name, bytes) CHARSET_##id,
	CHARSETS(X)
#undef X
		CHARSET_COUNT
};

const char *charset_name(enum charset charset);
/* Finds a set by its CHARACTER_SET_NAME; "utf8" is utf8mb3. Returns false if the set is unknown. */
bool charset_parse(struct slice name, enum charset *charset);
/* Finds the set of a collation by the part of its name before the first '_'. Returns false if the
 * set is unknown. */
bool charset_of_collation(struct slice collation, enum charset *charset);
/* Finds the set of a collation id of the binlog or the protocol, of MySQL or MariaDB. Returns false
 * if the id is unknown. */
bool charset_of_id(unsigned id, enum charset *charset);
/* Returns the bytes of the longest character. */
unsigned charset_max_bytes(enum charset charset);

#endif
