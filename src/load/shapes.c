#include "load/shape.h"

#include "base/check.h"

#define SHAPE(name) extern const struct shape_ops name##_shape;
#include "load/shapes.def"
#undef SHAPE

const struct shape_ops *const shapes[] = {
#define SHAPE(name) &name##_shape,
#include "load/shapes.def"
#undef SHAPE
	NULL,
};

const struct plan_choice *const shape_choices[] = {
#define SHAPE(name) &name##_shape.choice,
#include "load/shapes.def"
#undef SHAPE
	NULL,
};

const struct shape_ops *
shape_of(const struct plan_chosen *chosen)
{
	return container_of(chosen->choice, const struct shape_ops, choice);
}
