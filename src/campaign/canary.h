#pragma once

#include "measure/canary.h"

/* The stages of a canary, each a round of its split: while one is held, what both sides write is followed, and the
 * rules that take the candidate back are looked at; when it is over the sides are compared like any two arms, and the
 * stage is promoted or not. The arms of the study are those of the last stage that was run. */
struct study;

/* All of it; the exit code. */
int study_go_canary(struct study *study);

/* How far it came, before what the last stage's figures say; one that was rolled back has failed, and so has one whose
 * promotion did. */
void canary_conclude(struct verdict *verdict, const struct canary_record *canary);
