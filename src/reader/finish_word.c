#include "reader/finish_word.h"

#include "base/check.h"

#define FINISH_ERROR FINISH_COUNT

static const struct {
	const char *word;
	enum finish finish;
} words[] = {
#define FINISH_WORD(word, FINISH) {word, FINISH_##FINISH},
#include "reader/finish_words.def"
#undef FINISH_WORD
};

static enum finish
find(const struct json_value *word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (json_says(word, words[i].word))
			return words[i].finish;
	return FINISH_OTHER;
}

enum finish
finish_of_word(const struct json_value *word)
{
	enum finish finish = find(word);

	return finish == FINISH_ERROR ? FINISH_OTHER : finish;
}

bool
finish_is_error(const struct json_value *word)
{
	return find(word) == FINISH_ERROR;
}
