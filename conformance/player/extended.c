/* The player that also imports WSAAsyncSelect, AcceptEx, GetAcceptExSockaddrs and TransmitFile. See player.h. */
#define WITH_EXTENSIONS
#include "player.h"
