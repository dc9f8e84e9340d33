/* evidence/encoding.h - files as Windows writes them: `>` of PowerShell 5 gives UTF-16 with a byte order
 * mark, Out-File gives UTF-8 with one, lines end with CR LF. Pure. */
#pragma once
#include "base/text.h"

/* Turns the text into UTF-8 without a mark and with LF alone. False: it is UTF-16 that is damaged (half
 * a character); the text is then unchanged. What is plain already stays as it is. */
MUST_USE bool text_plain(struct text *t);
