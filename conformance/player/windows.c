/* The player that also imports WSAAsyncSelect, and has windows. See player.h. */
#define WITH_MESSAGES
#include "player.h"
