#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/token.h"

#define LONG_ENOUGH "0123456789abcdef0123"
/* printf %s password | sha256sum */
#define SUM_OF_PASSWORD "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"

static struct tokens *
parse(const char *text)
{
	struct error err = {0};
	struct tokens *tokens = tokens_parse(text, strlen(text), "tokens", &err);

	if (tokens == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return tokens;
}

static const struct token *
find(const struct tokens *tokens, const char *text)
{
	return tokens_find(tokens, text, strlen(text));
}

static void
test_tokens_are_found_by_their_text_plain_or_by_its_sum(void **state)
{
	struct tokens *tokens = parse("# who may\n\nci run sha256:" SUM_OF_PASSWORD
				      "\r\n\talice  admin\tplain:" LONG_ENOUGH "\nbob view plain:" LONG_ENOUGH "x");

	(void)state;
	assert_int_equal(tokens_n(tokens), 3);
	assert_string_equal(find(tokens, "password")->name, "ci");
	assert_int_equal(find(tokens, "password")->role, ROLE_RUN);
	assert_string_equal(find(tokens, LONG_ENOUGH)->name, "alice");
	assert_int_equal(find(tokens, LONG_ENOUGH)->role, ROLE_ADMIN);
	assert_string_equal(find(tokens, LONG_ENOUGH "x")->name, "bob");
	assert_null(find(tokens, ""));
	assert_null(find(tokens, "Password"));
	assert_null(find(tokens, SUM_OF_PASSWORD)); /* whoever has the file has no token yet */
	assert_null(find(tokens, "sha256:" SUM_OF_PASSWORD));
	tokens_free(tokens);
}

static void
test_a_bearer_is_who_shows_a_token_in_the_right_form(void **state)
{
	struct tokens *tokens = parse("ci run sha256:" SUM_OF_PASSWORD);
	char much[TOKEN_LENGTH_MAX + 32];

	(void)state;
	assert_non_null(tokens_find_bearer(tokens, "Bearer password"));
	assert_non_null(tokens_find_bearer(tokens, "bearer  password"));
	assert_null(tokens_find_bearer(tokens, "password"));
	assert_null(tokens_find_bearer(tokens, "Bearer"));
	assert_null(tokens_find_bearer(tokens, "Bearer "));
	assert_null(tokens_find_bearer(tokens, "Bearer password "));
	assert_null(tokens_find_bearer(tokens, "Bearer password, Bearer password"));
	assert_null(tokens_find_bearer(tokens, "Basic password"));
	snprintf(much, sizeof(much), "Bearer %0*d", TOKEN_LENGTH_MAX + 1, 0);
	assert_null(tokens_find_bearer(tokens, much));
	tokens_free(tokens);
}

static void
test_each_role_may_what_those_before_it_may(void **state)
{
	(void)state;
	for (int has = 0; has < ROLE_COUNT; has++)
		for (int needs = 0; needs < ROLE_COUNT; needs++)
			assert_int_equal(role_may((enum role)has, (enum role)needs), has >= needs);
	enum role role;

	assert_true(role_of_name("admin", &role) && role == ROLE_ADMIN);
	assert_false(role_of_name("root", &role) || role_of_name("", &role) || role_of_name("Admin", &role));
}

static void
test_mistakes_are_told_with_their_line_and_no_secret(void **state)
{
	static const struct {
		const char *text, *where, *said;
	} wrong[] = {
		{"", "", "holds no token"},
		{"# nobody\n", "", "holds no token"},
		{"ci run\n", "tokens:1:1", "three words"},
		{"\nci run plain:" LONG_ENOUGH " s3cret\n", "tokens:2:1", "three words"},
		{"ci god plain:" LONG_ENOUGH, "tokens:1:1", "ci: the second word is a role"},
		{"ci viewrunadmin plain:" LONG_ENOUGH, "tokens:1:1", "view, run or admin"},
		{".ci run plain:" LONG_ENOUGH, "tokens:1:1", "does not begin with a dot"},
		{"c/i run plain:" LONG_ENOUGH, "tokens:1:1", "a name has"},
		{"ci run s3cret", "tokens:1:1", "begins with plain: or sha256:"},
		{"ci run plain:s3cret", "tokens:1:1", "20 to 512 characters"},
		{"ci run plain:s3cret;s3cret;s3cret;s3cret", "tokens:1:1", "letters, digits and"},
		{"ci run sha256:s3cret", "tokens:1:1", "64 hexadecimal digits"},
		{"a run sha256:" SUM_OF_PASSWORD "\na view plain:" LONG_ENOUGH, "tokens:2:1",
			"a: there is one of this name"},
		{"a run sha256:" SUM_OF_PASSWORD "\nb view sha256:" SUM_OF_PASSWORD, "tokens:2:1",
			"same token as a has"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = {0};

		assert_null(tokens_parse(wrong[i].text, strlen(wrong[i].text), "tokens", &err));
		if (strcmp(err.where, wrong[i].where) != 0 || strstr(err.message, wrong[i].said) == NULL)
			fail_msg("%s: %s: %s", wrong[i].text, err.where, err.message);
		assert_null(strstr(err.message, "s3cret"));
	}
}

static void
test_a_file_that_others_may_read_is_no_secret(void **state)
{
	static const struct {
		mode_t mode;
		bool is_good; /* where it is root's */
	} modes[] = {{0600, true}, {0400, true}, {0640, true}, {0440, true}, {0660, false}, {0644, false},
		{0604, false}, {0602, false}, {0620, false}};
	char path[] = "/tmp/brunt-tokens-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(write(fd, "ci run plain:" LONG_ENOUGH "\n", 34) == 34);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct error err = {0};
		bool may_group = geteuid() == 0 || (modes[i].mode & 0070) == 0;

		fchmod(fd, modes[i].mode);
		struct tokens *tokens = tokens_load(path, &err);

		if ((tokens != NULL) != (modes[i].is_good && may_group))
			fail_msg("%03o: %s", (unsigned)modes[i].mode, err.message);
		assert_true(tokens != NULL || strstr(err.message, "chmod 06") != NULL);
		tokens_free(tokens);
	}
	if (geteuid() == 0) { /* somebody else's, who could change it at any time */
		struct error err = {0};

		fchmod(fd, 0600);
		assert_int_equal(fchown(fd, 65534, 65534), 0);
		assert_null(tokens_load(path, &err));
		assert_non_null(strstr(err.message, "belongs to user 65534"));
	}
	close(fd);
	unlink(path);
	struct error err = {0};

	assert_null(tokens_load(path, &err));
	assert_non_null(strstr(err.message, "No such file"));
	err = (struct error){0};
	assert_null(tokens_load("/dev/null", &err));
	assert_non_null(strstr(err.message, "is no file"));
}

static void
test_a_token_is_still_there_under_its_name_and_role_alone(void **state)
{
	struct tokens *before = parse("ci run plain:" LONG_ENOUGH),
		      *same = parse("x view plain:" LONG_ENOUGH "x\nci run plain:" LONG_ENOUGH);
	struct tokens *less = parse("ci view plain:" LONG_ENOUGH), *renamed = parse("cd run plain:" LONG_ENOUGH);
	struct token token = *find(before, LONG_ENOUGH);

	(void)state;
	assert_true(tokens_have(same, &token));
	assert_false(tokens_have(less, &token) || tokens_have(renamed, &token));
	tokens_free(before);
	tokens_free(same);
	tokens_free(less);
	tokens_free(renamed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens_are_found_by_their_text_plain_or_by_its_sum),
		cmocka_unit_test(test_a_bearer_is_who_shows_a_token_in_the_right_form),
		cmocka_unit_test(test_each_role_may_what_those_before_it_may),
		cmocka_unit_test(test_mistakes_are_told_with_their_line_and_no_secret),
		cmocka_unit_test(test_a_file_that_others_may_read_is_no_secret),
		cmocka_unit_test(test_a_token_is_still_there_under_its_name_and_role_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
