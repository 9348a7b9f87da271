#pragma once

/* What a streamed answer of the bench's servers says: so many tokens, why it ended, what was used, and that it is done.
 */
#define EVENT_HEAD                                                                                                     \
	"data: {\"id\":\"chatcmpl-2a9f3c61e0d94a0b\",\"object\":\"chat.completion.chunk\",\"created\":1732233600,"     \
	"\"model\":\"bench\",\"choices\":["
#define TOKEN EVENT_HEAD "{\"index\":0,\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}\n\n"
#define FINISH EVENT_HEAD "{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
#define USAGE EVENT_HEAD "],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":%llu,\"total_tokens\":%llu}}\n\n"
#define DONE "data: [DONE]\n\n"

#define PIECE_BYTES 1024 /* whatever is due at one moment of one answer has room in so many */
