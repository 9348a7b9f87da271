#include "import/shell.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "import/literal.h"
#include "measure/utf8.h"

#define WORD_CEILING ((size_t)16 * 1024 * 1024)

void
shell_init(struct shell *shell, struct arena *arena, const char *text, size_t length)
{
	*shell = (struct shell){.arena = arena, .at = text, .end = text + length, .line = 1};
}

static char
peek(const struct shell *shell, size_t ahead)
{
	return (size_t)(shell->end - shell->at) > ahead ? shell->at[ahead] : '\0';
}

static char
next(struct shell *shell)
{
	char c = *shell->at++;

	shell->line += c == '\n';
	return c;
}

static bool
is_at_end(const struct shell *shell)
{
	return shell->at == shell->end;
}

static void
fail(struct shell_command *command, const char *problem)
{
	if (command->problem == NULL)
		command->problem = problem;
}

/* A backslash before a line's end is no character at all. */
static bool
skip_joined_line(struct shell *shell)
{
	size_t length = peek(shell, 0) != '\\'                             ? 0
			: peek(shell, 1) == '\n'                           ? 2
			: peek(shell, 1) == '\r' && peek(shell, 2) == '\n' ? 3
									   : 0;

	for (size_t i = 0; i < length; i++)
		next(shell);
	return length > 0;
}

/* Behind a '$': NAME or {NAME}; whatever else a shell would do there is a problem. */
static void
read_variable(struct shell *shell, struct shell_command *command, struct buf *word)
{
	bool is_braced = peek(shell, 0) == '{';
	size_t length = 0;

	if (is_braced)
		next(shell);
	while (isalnum((unsigned char)peek(shell, length)) || peek(shell, length) == '_')
		length++;
	if (length == 0 || isdigit((unsigned char)peek(shell, 0)) || (is_braced && peek(shell, length) != '}'))
		fail(command, "it holds a '$' that is no plain variable; write what it stands for");
	else if (!literal_add_env(word, shell->at, length))
		fail(command, "a '$' stands right before a variable, which a profile cannot say");
	for (size_t i = 0; i < length; i++)
		next(shell);
	if (is_braced && peek(shell, 0) == '}')
		next(shell);
}

static void
read_single_quoted(struct shell *shell, struct shell_command *command, struct buf *word)
{
	while (!is_at_end(shell)) {
		char c = next(shell);

		if (c == '\'')
			return;
		literal_add(word, &c, 1);
	}
	fail(command, "a quote ' is not closed");
}

/* '$' outside of single quotes. */
static void
read_dollar(struct shell *shell, struct shell_command *command, struct buf *word)
{
	char c = peek(shell, 0);

	if (c == '(')
		fail(command, "it runs another command, $(…); write what that prints");
	else if (isalpha((unsigned char)c) || c == '_' || c == '{')
		read_variable(shell, command, word);
	else if (isdigit((unsigned char)c) || (c != '\0' && strchr("@*#?!$-", c) != NULL))
		fail(command, "it holds a '$' that is no plain variable; write what it stands for");
	else
		literal_add(word, "$", 1);
}

static void
read_double_quoted(struct shell *shell, struct shell_command *command, struct buf *word)
{
	while (!is_at_end(shell)) {
		if (skip_joined_line(shell))
			continue;
		char c = next(shell);

		if (c == '"')
			return;
		if (c == '\\' && peek(shell, 0) != '\0' && strchr("$`\"\\", peek(shell, 0)) != NULL)
			c = next(shell);
		else if (c == '$') {
			read_dollar(shell, command, word);
			continue;
		} else if (c == '`')
			fail(command, "it runs another command, `…`; write what that prints");
		literal_add(word, &c, 1);
	}
	fail(command, "a quote \" is not closed");
}

/* Digits of an escape, `most` at most. */
static uint32_t
read_digits(struct shell *shell, unsigned base, unsigned most)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < most; i++) {
		int digit = hex_digit(peek(shell, 0));

		if (digit < 0 || (unsigned)digit >= base)
			break;
		value = value * base + (unsigned)digit;
		next(shell);
	}
	return value;
}

static void
add_character(struct shell_command *command, struct buf *word, uint32_t code, bool is_byte)
{
	char bytes[4] = {(char)code};
	size_t length = is_byte ? 1 : utf8_put(code, bytes);

	if (code == 0)
		fail(command, "it holds a NUL byte, which no command line can");
	else
		literal_add(word, bytes, length);
}

/* bash(1), QUOTING: what may follow a backslash within $'…'. */
static void
read_escape(struct shell *shell, struct shell_command *command, struct buf *word)
{
	static const char names[] = "abeEfnrtv\\'\"?", values[] = "\a\b\033\033\f\n\r\t\v\\'\"?";
	char c = peek(shell, 0);
	const char *name = c != '\0' ? strchr(names, c) : NULL;

	if (c >= '0' && c <= '7') {
		add_character(command, word, read_digits(shell, 8, 3) & 0xff, true);
		return;
	}
	if (is_at_end(shell))
		return;
	next(shell);
	if (name != NULL)
		literal_add(word, &values[name - names], 1);
	else if (c == 'x')
		add_character(command, word, read_digits(shell, 16, 2), true);
	else if (c == 'u' || c == 'U')
		add_character(command, word, read_digits(shell, 16, c == 'u' ? 4 : 8), false);
	else
		literal_add(word, (char[]){'\\', c}, 2);
}

static void
read_ansi_quoted(struct shell *shell, struct shell_command *command, struct buf *word)
{
	while (!is_at_end(shell)) {
		char c = next(shell);

		if (c == '\'')
			return;
		if (c == '\\')
			read_escape(shell, command, word);
		else
			literal_add(word, &c, 1);
	}
	fail(command, "a quote $' is not closed");
}

static bool
ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n;&|<>()", c) != NULL;
}

/* cmd.exe's, which browsers copy as well: ^ before a quote or a line's end. */
static void
look_for_cmd(const struct shell *shell, struct shell_command *command)
{
	if (peek(shell, 0) == '^' && (peek(shell, 1) == '"' || peek(shell, 1) == '\r' || peek(shell, 1) == '\n'))
		fail(command, "it is written for cmd.exe; copy it as cURL (bash)");
}

/* One piece of a word. */
static void
read_piece(struct shell *shell, struct shell_command *command, struct buf *word)
{
	look_for_cmd(shell, command);
	char c = next(shell);

	if (c == '\'')
		read_single_quoted(shell, command, word);
	else if (c == '"')
		read_double_quoted(shell, command, word);
	else if (c == '$' && peek(shell, 0) == '\'') {
		next(shell);
		read_ansi_quoted(shell, command, word);
	} else if (c == '$' && peek(shell, 0) == '"') {
		next(shell);
		read_double_quoted(shell, command, word);
	} else if (c == '$')
		read_dollar(shell, command, word);
	else if (c == '`')
		fail(command, "it runs another command, `…`; write what that prints");
	else if (c == '\\' && !is_at_end(shell)) {
		c = next(shell);
		literal_add(word, &c, 1);
	} else
		literal_add(word, &c, 1);
}

static void
read_word(struct shell *shell, struct shell_command *command)
{
	struct buf word;

	buf_init(&word, WORD_CEILING);
	while (!is_at_end(shell)) {
		if (skip_joined_line(shell))
			continue;
		if (ends_word(peek(shell, 0)))
			break;
		read_piece(shell, command, &word);
	}
	/* 2>/dev/null: the number belongs to what follows. */
	bool is_descriptor = (peek(shell, 0) == '>' || peek(shell, 0) == '<') && word.length == 1 &&
			     isdigit((unsigned char)word.bytes[0]);

	if (word.overflowed)
		fail(command, "a word of it is larger than 16 MiB");
	else if (command->words_n == SHELL_WORDS_MAX)
		fail(command, "it has more than 1024 words");
	else if (!is_descriptor)
		command->words[command->words_n++] =
			arena_strndup(shell->arena, word.length > 0 ? word.bytes : "", word.length);
	buf_fini(&word);
}

/* Where its output goes is of no interest; where its input comes from is. */
static void
read_redirection(struct shell *shell, struct shell_command *command)
{
	bool is_input = peek(shell, 0) == '<';
	size_t words_n;

	while (peek(shell, 0) == '<' || peek(shell, 0) == '>' || peek(shell, 0) == '&')
		next(shell);
	while (peek(shell, 0) == ' ' || peek(shell, 0) == '\t')
		next(shell);
	words_n = command->words_n;
	if (!is_at_end(shell) && !ends_word(peek(shell, 0)))
		read_word(shell, command);
	command->words_n = words_n;
	if (is_input)
		fail(command, "it reads its input, '<'; write what that holds");
}

static void
skip_comment(struct shell *shell)
{
	while (!is_at_end(shell) && peek(shell, 0) != '\n')
		next(shell);
}

bool
shell_next(struct shell *shell, struct shell_command *command)
{
	command->words_n = 0;
	command->problem = NULL;
	command->line = shell->line;
	while (!is_at_end(shell)) {
		char c = peek(shell, 0);

		if (skip_joined_line(shell))
			continue;
		if (c == '\n' || c == ';' || c == '|' || c == '&' || c == '(' || c == ')') {
			if (command->words_n > 0)
				return true;
			next(shell);
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\0')
			next(shell);
		else if (c == '#')
			skip_comment(shell);
		else if (c == '<' || c == '>')
			read_redirection(shell, command);
		else {
			if (command->words_n == 0)
				command->line = shell->line;
			read_word(shell, command);
		}
	}
	return command->words_n > 0;
}
