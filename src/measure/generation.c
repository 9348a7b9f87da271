#include "measure/generation.h"

const char *const finish_names[FINISH_COUNT] = {
#define FINISH(NAME, finish_name, help) [FINISH_##NAME] = #finish_name,
#include "measure/finish.def"
#undef FINISH
};
