/* ddl_lexer: splits SQL text into tokens like the servers' lexers: with comments, versioned
 * comments, and quotes by sql_mode. The text is UTF-8. One pass with four tokens of lookahead.
 * Thread: any. Owner: borrows the text; unquoted copies live in the arena. */
#ifndef TIDEWAY_DDL_LEXER_H
#define TIDEWAY_DDL_LEXER_H

#include "base/arena.h"
#include "model/ddl.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* unquoted: a keyword or a name */
	TOKEN_NAME,   /* quoted name; raw includes the quotes */
	TOKEN_STRING, /* raw includes the quotes */
	TOKEN_NUMBER,
	TOKEN_HEX,   /* 0x.., x'..', 0b.., b'..'; raw includes prefix and quotes */
	TOKEN_PUNCT, /* one character */
	TOKEN_BAD,   /* a quote or comment that does not end */
};

struct token {
	enum token_kind kind;
	struct slice raw; /* as written in the text */
};

enum { LEXER_AHEAD = 4 };

struct lexer {
	struct slice sql;
	size_t at;       /* index of the first byte after the tokens so far */
	bool in_comment; /* inside a versioned comment that applies */
	bool after_dot;  /* the last token was '.': digits are a name */
	bool mode_open;  /* the sql_mode is unknown: a string with a backslash cannot be read */
	const struct ddl_context *context;
	struct arena *arena;
	struct token ahead[LEXER_AHEAD]; /* ring of the tokens read ahead */
	unsigned first, count;
};

void lexer_init(struct lexer *lexer, struct slice sql, const struct ddl_context *context,
		struct arena *arena);
/* Returns the n-th token from here, 0 <= n < LEXER_AHEAD. */
const struct token *lexer_peek(struct lexer *lexer, unsigned n);
struct token lexer_next(struct lexer *lexer);
/* Returns the character that c means after a backslash. */
char lexer_unescape(char c);
/* Returns the text of a name, word or string without quotes and escapes, or the bytes of a
 * TOKEN_HEX. */
struct slice lexer_text(struct lexer *lexer, const struct token *token);

/* Returns whether the token is this keyword, in any case. */
bool token_is(const struct token *token, const char *word);
bool token_is_punct(const struct token *token, char c);

enum { /* bits of sql_mode */
       SQL_MODE_REAL_AS_FLOAT = 1 << 0,
       SQL_MODE_ANSI_QUOTES = 1 << 2,
       SQL_MODE_ORACLE = 1 << 9, /* MariaDB */
       SQL_MODE_MSSQL = 1 << 10, /* MariaDB: [name] */
       SQL_MODE_MAXDB = 1 << 12, /* MariaDB: TIMESTAMP is DATETIME */
       SQL_MODE_NO_BACKSLASH_ESCAPES = 1 << 20,
};

#endif
