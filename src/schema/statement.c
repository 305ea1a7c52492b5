#include "schema/statement.h"

#include "schema/ddl_lexer.h"

static bool accept(struct lexer *lexer, const char *word)
{
	if (!token_is(lexer_peek(lexer, 0), word))
		return false;
	lexer_next(lexer);
	return true;
}

static bool at_end(struct lexer *lexer)
{
	const struct token *token = lexer_peek(lexer, 0);
	return token->kind == TOKEN_END || token->kind == TOKEN_BAD || token_is_punct(token, ';');
}

/* Reads the name of a savepoint without its backquotes. Leaves doubled backquotes inside unchanged,
 * because both servers always write a name in the same way. */
static enum statement_kind named(struct lexer *lexer, enum statement_kind kind, struct slice *name)
{
	struct token token = lexer_next(lexer);
	if ((token.kind != TOKEN_WORD && token.kind != TOKEN_NAME) || !at_end(lexer))
		return STATEMENT_OTHER;
	*name = token.raw;
	if (token.kind == TOKEN_NAME)
		*name = slice_of(token.raw.ptr + 1, token.raw.len - 2);
	return kind;
}

/* Reads the rest of the statement as the xid, up to words such as ONE PHASE, JOIN or SUSPEND. */
static enum statement_kind with_xid(struct lexer *lexer, enum statement_kind kind,
				    struct slice *name)
{
	const char *begin = lexer_peek(lexer, 0)->raw.ptr, *end = begin;
	while (!at_end(lexer) && lexer_peek(lexer, 0)->kind != TOKEN_WORD) {
		struct token token = lexer_next(lexer);
		end = token.raw.ptr + token.raw.len;
	}
	*name = slice_of(begin, (size_t)(end - begin));
	return kind;
}

static enum statement_kind parse_xa(struct lexer *lexer, struct slice *name)
{
	if (accept(lexer, "START") || accept(lexer, "BEGIN"))
		return with_xid(lexer, STATEMENT_XA_START, name);
	if (accept(lexer, "END"))
		return with_xid(lexer, STATEMENT_XA_END, name);
	if (accept(lexer, "PREPARE"))
		return with_xid(lexer, STATEMENT_XA_PREPARE, name);
	if (accept(lexer, "COMMIT"))
		return with_xid(lexer, STATEMENT_XA_COMMIT, name);
	if (accept(lexer, "ROLLBACK"))
		return with_xid(lexer, STATEMENT_XA_ROLLBACK, name);
	return STATEMENT_OTHER;
}

static enum statement_kind parse_rollback(struct lexer *lexer, struct slice *name)
{
	accept(lexer, "WORK");
	if (!accept(lexer, "TO"))
		return STATEMENT_ROLLBACK;
	/* a savepoint may be called "savepoint" */
	if (token_is(lexer_peek(lexer, 0), "SAVEPOINT") && lexer_peek(lexer, 1)->kind != TOKEN_END)
		lexer_next(lexer);
	return named(lexer, STATEMENT_ROLLBACK_TO, name);
}

/* Parses BEGIN [WORK]. A longer statement does not begin a transaction. */
static enum statement_kind parse_begin(struct lexer *lexer)
{
	accept(lexer, "WORK");
	return at_end(lexer) ? STATEMENT_BEGIN : STATEMENT_OTHER;
}

enum statement_kind statement_parse(struct slice sql, struct slice *name)
{
	static const struct ddl_context context = {.version = 0};
	struct lexer lexer;
	lexer_init(&lexer, sql, &context, NULL); /* no arena: nothing is unquoted */
	*name = (struct slice){NULL, 0};
	if (accept(&lexer, "BEGIN"))
		return parse_begin(&lexer);
	if (accept(&lexer, "COMMIT"))
		return STATEMENT_COMMIT;
	if (accept(&lexer, "ROLLBACK"))
		return parse_rollback(&lexer, name);
	if (accept(&lexer, "SAVEPOINT"))
		return named(&lexer, STATEMENT_SAVEPOINT, name);
	if (accept(&lexer, "START"))
		return accept(&lexer, "TRANSACTION") ? STATEMENT_BEGIN : STATEMENT_OTHER;
	if (accept(&lexer, "RELEASE"))
		return accept(&lexer, "SAVEPOINT") ? named(&lexer, STATEMENT_RELEASE, name)
						   : STATEMENT_OTHER;
	if (accept(&lexer, "XA"))
		return parse_xa(&lexer, name);
	return STATEMENT_OTHER;
}
