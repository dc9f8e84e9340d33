/* wire/bgp_names.c - NOTIFICATION codes as people say them (IANA "BGP Error Codes"). */
#include "wire/bgp.h"

struct name {
    uint8_t code, subcode;
    const char *text;
};

/* clang-format off */
static const struct name names[] = {
    {1, 0, "message header error"},
    {1, 1, "message header error: connection not synchronized"},
    {1, 2, "message header error: bad message length"},
    {1, 3, "message header error: bad message type"},
    {2, 0, "open error"},
    {2, 1, "open error: unsupported version"},
    {2, 2, "open error: bad peer AS"},
    {2, 3, "open error: bad BGP identifier"},
    {2, 4, "open error: unsupported optional parameter"},
    {2, 6, "open error: unacceptable hold time"},
    {2, 7, "open error: unsupported capability"},
    {2, 11, "open error: role mismatch"},
    {3, 0, "update error"},
    {3, 1, "update error: malformed attribute list"},
    {3, 2, "update error: unrecognized well-known attribute"},
    {3, 3, "update error: missing well-known attribute"},
    {3, 4, "update error: attribute flags"},
    {3, 5, "update error: attribute length"},
    {3, 6, "update error: invalid ORIGIN"},
    {3, 8, "update error: invalid NEXT_HOP"},
    {3, 9, "update error: optional attribute"},
    {3, 10, "update error: invalid network field"},
    {3, 11, "update error: malformed AS_PATH"},
    {4, 0, "hold timer expired"},
    {5, 0, "state machine error"},
    {5, 1, "state machine error: unexpected message in OpenSent"},
    {5, 2, "state machine error: unexpected message in OpenConfirm"},
    {5, 3, "state machine error: unexpected message in Established"},
    {6, 0, "cease"},
    {6, 1, "cease: maximum prefixes reached"},
    {6, 2, "cease: administrative shutdown"},
    {6, 3, "cease: peer de-configured"},
    {6, 4, "cease: administrative reset"},
    {6, 5, "cease: connection rejected"},
    {6, 6, "cease: other configuration change"},
    {6, 7, "cease: connection collision resolution"},
    {6, 8, "cease: out of resources"},
    {6, 9, "cease: hard reset"},
    {6, 10, "cease: BFD down"},
    {7, 0, "route refresh error"},
    {7, 1, "route refresh error: invalid message length"},
    {8, 0, "send hold timer expired"},
};
/* clang-format on */

static const char *find(uint8_t code, uint8_t subcode)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].code == code && names[i].subcode == subcode) return names[i].text;
    return NULL;
}

const char *bgp_notification_name(uint8_t code, uint8_t subcode)
{
    const char *exact = find(code, subcode), *general = find(code, 0);
    return exact ? exact : general ? general : "unknown error";
}
