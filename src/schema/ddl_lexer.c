#include "schema/ddl_lexer.h"

void lexer_init(struct lexer *lexer, struct slice sql, const struct ddl_context *context,
		struct arena *arena)
{
	*lexer = (struct lexer){.sql = sql, .context = context, .arena = arena};
}

/* Returns the byte n places ahead; 0 after the end. */
static unsigned char byte_at(const struct lexer *lexer, size_t n)
{
	size_t at = lexer->at + n;
	return at < lexer->sql.len ? (unsigned char)lexer->sql.ptr[at] : 0;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '$' || c >= 0x80;
}

static void skip_line(struct lexer *lexer)
{
	while (lexer->at < lexer->sql.len && lexer->sql.ptr[lexer->at] != '\n')
		lexer->at++;
}

/* Skips the rest of a comment. `nested`: a versioned comment that may contain one level of other
 * comments. Returns false if the comment does not end. */
static bool skip_comment(struct lexer *lexer, bool nested)
{
	for (; lexer->at < lexer->sql.len; lexer->at++) {
		if (byte_at(lexer, 0) == '*' && byte_at(lexer, 1) == '/') {
			lexer->at += 2;
			return true;
		}
		if (nested && byte_at(lexer, 0) == '/' && byte_at(lexer, 1) == '*') {
			lexer->at += 2;
			if (!skip_comment(lexer, false))
				return false;
			lexer->at--;
		}
	}
	return false;
}

/* Returns whether a versioned comment applies on the server that wrote the statement. */
static bool version_counts(const struct ddl_context *context, unsigned version, bool mariadb_only)
{
	unsigned server = context->version ? context->version : 999999;
	if (mariadb_only && !context->mariadb)
		return false;
	/* MariaDB ignores comments for MySQL versions that are newer than its common code */
	if (context->mariadb && !mariadb_only && version >= 50700 && version <= 99999)
		return false;
	return version <= server;
}

/* Skips a comment that begins here. Skips only the start of a versioned comment that applies. */
static bool skip_or_enter_comment(struct lexer *lexer)
{
	bool mariadb_only = byte_at(lexer, 2) == 'M' && byte_at(lexer, 3) == '!';
	bool versioned = mariadb_only || byte_at(lexer, 2) == '!';
	unsigned version = 0, digits = 0;
	lexer->at += mariadb_only ? 4 : versioned ? 3 : 2;
	if (!versioned)
		return skip_comment(lexer, false);
	while (digits < 6 && is_digit(byte_at(lexer, digits)))
		version = version * 10 + (unsigned)(byte_at(lexer, digits++) - '0');
	if (digits < 5) /* not a version: part of the text */
		version = digits = 0;
	lexer->at += digits;
	if (!version_counts(lexer->context, version, mariadb_only))
		return skip_comment(lexer, true);
	lexer->in_comment = true;
	return true;
}

/* Skips to the next token. Returns false if a comment does not end. */
static bool skip_blank(struct lexer *lexer)
{
	for (;;) {
		unsigned char c = byte_at(lexer, 0), next = byte_at(lexer, 1);
		if (lexer->at >= lexer->sql.len)
			return true;
		if (is_space(c)) {
			lexer->at++;
		} else if (c == '#' || (c == '-' && next == '-' &&
					(byte_at(lexer, 2) <= ' ' || byte_at(lexer, 2) == 0x7f))) {
			skip_line(lexer);
		} else if (c == '/' && next == '*') {
			if (!skip_or_enter_comment(lexer))
				return false;
		} else if (lexer->in_comment && c == '*' && next == '/') {
			lexer->in_comment = false;
			lexer->at += 2;
		} else {
			return true;
		}
	}
}

static struct token cut(struct lexer *lexer, enum token_kind kind, size_t len)
{
	struct token token = {kind, slice_of(lexer->sql.ptr + lexer->at, len)};
	lexer->at += len;
	return token;
}

/* Returns the character that closes a quote; for "[" that is "]". */
static unsigned char closing(unsigned char quote)
{
	return quote == '[' ? ']' : quote;
}

/* Returns the length from here to the end of the quoted text that begins `from` bytes ahead, quotes
 * included; 0: it does not end. */
static size_t quoted_length(const struct lexer *lexer, size_t from, bool escapes)
{
	unsigned char quote = closing(byte_at(lexer, from));
	size_t n = from + 1;
	for (; lexer->at + n < lexer->sql.len; n++) {
		unsigned char c = byte_at(lexer, n);
		if (c == '\\' && escapes)
			n++;
		else if (c == quote && byte_at(lexer, n + 1) == quote)
			n++;
		else if (c == quote)
			return n + 1;
	}
	return 0;
}

static struct token cut_quoted(struct lexer *lexer, enum token_kind kind, size_t prefix)
{
	bool escapes =
		kind == TOKEN_STRING && !(lexer->context->sql_mode & SQL_MODE_NO_BACKSLASH_ESCAPES);
	size_t n = quoted_length(lexer, prefix, escapes);
	if (n > 0 && kind == TOKEN_STRING && lexer->mode_open &&
	    memchr(lexer->sql.ptr + lexer->at, '\\', n) != NULL)
		n = 0;
	if (n == 0)
		return cut(lexer, TOKEN_BAD, lexer->sql.len - lexer->at);
	return cut(lexer, kind, n);
}

static size_t count_digits(const struct lexer *lexer, size_t from)
{
	size_t n = 0;
	while (is_digit(byte_at(lexer, from + n)))
		n++;
	return n;
}

/* Returns the length of the number that begins here; 0: it is a word like 2024_log. */
static size_t number_length(const struct lexer *lexer)
{
	size_t n = count_digits(lexer, 0);
	if (byte_at(lexer, n) == '.')
		n += 1 + count_digits(lexer, n + 1);
	unsigned char c = byte_at(lexer, n);
	if (c == 'e' || c == 'E') {
		size_t sign = byte_at(lexer, n + 1) == '-' || byte_at(lexer, n + 1) == '+';
		size_t digits = count_digits(lexer, n + 1 + sign);
		if (digits > 0)
			n += 1 + sign + digits;
	}
	return is_word(byte_at(lexer, n)) ? 0 : n;
}

static size_t word_length(const struct lexer *lexer)
{
	size_t n = 0;
	while (lexer->at + n < lexer->sql.len && is_word(byte_at(lexer, n)))
		n++;
	return n;
}

static bool is_hex(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Returns whether the word is 0xAB or 0b01: every character after the prefix must be a digit of its
 * base. */
static bool is_hex_word(struct slice word)
{
	if (word.len < 3 || word.ptr[0] != '0' || (word.ptr[1] != 'x' && word.ptr[1] != 'b'))
		return false;
	for (size_t i = 2; i < word.len; i++) {
		unsigned char c = (unsigned char)word.ptr[i];
		if (word.ptr[1] == 'b' ? c != '0' && c != '1' : !is_hex(c))
			return false;
	}
	return true;
}

static struct token cut_word(struct lexer *lexer, bool after_dot)
{
	unsigned char c = byte_at(lexer, 0) | 0x20, next = byte_at(lexer, 1);
	size_t n = word_length(lexer);
	if (next == '\'' && !after_dot) {
		if (c == 'x' || c == 'b')
			return cut_quoted(lexer, TOKEN_HEX, 1);
		if (c == 'n')
			return cut_quoted(lexer, TOKEN_STRING, 1);
	}
	if (is_digit(byte_at(lexer, 0)) && !after_dot) {
		size_t digits = number_length(lexer);
		if (digits > 0)
			return cut(lexer, TOKEN_NUMBER, digits);
		if (is_hex_word(slice_of(lexer->sql.ptr + lexer->at, n)))
			return cut(lexer, TOKEN_HEX, n);
	}
	return cut(lexer, TOKEN_WORD, n);
}

static struct token cut_token(struct lexer *lexer)
{
	if (!skip_blank(lexer))
		return cut(lexer, TOKEN_BAD, 0);
	if (lexer->at >= lexer->sql.len)
		return cut(lexer, lexer->in_comment ? TOKEN_BAD : TOKEN_END, 0);
	unsigned char c = byte_at(lexer, 0);
	bool after_dot = lexer->after_dot;
	lexer->after_dot = c == '.';
	if (c == '`')
		return cut_quoted(lexer, TOKEN_NAME, 0);
	if (c == '"')
		return cut_quoted(lexer,
				  lexer->context->sql_mode & SQL_MODE_ANSI_QUOTES ? TOKEN_NAME
										  : TOKEN_STRING,
				  0);
	if (c == '\'')
		return cut_quoted(lexer, TOKEN_STRING, 0);
	if (c == '[' && (lexer->context->sql_mode & SQL_MODE_MSSQL))
		return cut_quoted(lexer, TOKEN_NAME, 0);
	if (is_word(c))
		return cut_word(lexer, after_dot);
	return cut(lexer, TOKEN_PUNCT, 1);
}

const struct token *lexer_peek(struct lexer *lexer, unsigned n)
{
	while (lexer->count <= n) {
		lexer->ahead[(lexer->first + lexer->count) % LEXER_AHEAD] = cut_token(lexer);
		lexer->count++;
	}
	return &lexer->ahead[(lexer->first + n) % LEXER_AHEAD];
}

struct token lexer_next(struct lexer *lexer)
{
	struct token token = *lexer_peek(lexer, 0);
	lexer->first = (lexer->first + 1) % LEXER_AHEAD;
	lexer->count--;
	return token;
}

char lexer_unescape(char c)
{
	switch (c) {
	case '0':
		return '\0';
	case 'b':
		return '\b';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'Z':
		return '\032';
	default:
		return c;
	}
}

/* Returns the text between the quotes of raw, without escapes and doubled quotes. */
static struct slice unquote(struct lexer *lexer, struct slice raw, bool escapes)
{
	char quote = (char)closing((unsigned char)raw.ptr[0]);
	char *out = arena_alloc(lexer->arena, raw.len);
	size_t n = 0;
	for (size_t i = 1; i + 1 < raw.len; i++) {
		char c = raw.ptr[i];
		if (c == '\\' && escapes) {
			c = raw.ptr[++i];
			if (c == '%' || c == '_') /* keep the escape, which LIKE needs */
				out[n++] = '\\';
			c = lexer_unescape(c);
		} else if (c == quote) {
			i++;
		}
		out[n++] = c;
	}
	return slice_of(out, n);
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* Converts digits of 1 or 4 bits each to bytes. The last digit is in the lowest bits. */
static struct slice decode_digits(struct lexer *lexer, struct slice digits, unsigned bits)
{
	size_t n = (digits.len * bits + 7) / 8;
	unsigned char *out = arena_array(lexer->arena, n, 1);
	for (size_t i = 0; i < digits.len; i++) {
		size_t bit = (digits.len - 1 - i) * bits;
		if (!is_hex((unsigned char)digits.ptr[i]))
			return (struct slice){"", 0};
		out[n - 1 - bit / 8] |= (unsigned char)(hex_digit(digits.ptr[i]) << (bit % 8));
	}
	return slice_of(out, n);
}

static struct slice hex_text(struct lexer *lexer, struct slice raw)
{
	bool quoted = raw.ptr[1] == '\'';
	char kind = quoted ? raw.ptr[0] : raw.ptr[1];
	struct slice digits = slice_of(raw.ptr + 2, raw.len - (quoted ? 3 : 2));
	return decode_digits(lexer, digits, (kind | 0x20) == 'x' ? 4 : 1);
}

struct slice lexer_text(struct lexer *lexer, const struct token *token)
{
	struct slice raw = token->raw;
	bool escapes = !(lexer->context->sql_mode & SQL_MODE_NO_BACKSLASH_ESCAPES);
	switch (token->kind) {
	case TOKEN_NAME:
		return unquote(lexer, raw, false);
	case TOKEN_STRING:
		if (raw.ptr[0] == 'n' || raw.ptr[0] == 'N')
			raw = slice_of(raw.ptr + 1, raw.len - 1);
		return unquote(lexer, raw, escapes);
	case TOKEN_HEX:
		return hex_text(lexer, raw);
	default:
		return arena_copy(lexer->arena, raw);
	}
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && slice_equal_nocase(token->raw, slice_str(word));
}

bool token_is_punct(const struct token *token, char c)
{
	return token->kind == TOKEN_PUNCT && token->raw.ptr[0] == c;
}
