/** WinSock's numbers, as far as the simulated kernel knows them. A test compares them with the generated bindings. */
export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOL_SOCKET = 0xffff;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const SO_LINGER = 128;
export const SO_OOBINLINE = 256;
export const MSG_OOB = 1;
export const SO_DONTLINGER = -129;
export const SO_ERROR = 4103;
export const SO_RCVTIMEO = 4102;
export const SO_SNDTIMEO = 4101;
export const FD_READ = 1;
export const FD_WRITE = 2;
export const FD_ACCEPT = 8;
export const FD_CONNECT = 16;
export const FD_CLOSE = 32;
export const MSG_PEEK = 2;
export const FIONBIO = 0x8004667e | 0;
export const FIONREAD = 1074030207;
export const SD_RECEIVE = 0;
export const SD_SEND = 1;
export const SD_BOTH = 2;
export const INVALID_SOCKET = -1;
export const SOCKET_ERROR = -1;
export const WSAEINTR = 10004;
export const WSAEFAULT = 10014;
export const WSAEINVAL = 10022;
export const WSAEMFILE = 10024;
export const WSAEWOULDBLOCK = 10035;
export const WSAEALREADY = 10037;
export const WSAENOTSOCK = 10038;
export const WSAEOPNOTSUPP = 10045;
export const WSAEADDRINUSE = 10048;
export const WSAEADDRNOTAVAIL = 10049;
export const WSAENETDOWN = 10050;
export const WSAENETRESET = 10052;
export const WSAECONNABORTED = 10053;
export const WSAECONNRESET = 10054;
export const WSAENOBUFS = 10055;
export const WSAEISCONN = 10056;
export const WSAENOTCONN = 10057;
export const WSAESHUTDOWN = 10058;
export const WSAETIMEDOUT = 10060;
export const WSAECONNREFUSED = 10061;

/** 127.0.0.1 in network byte order, as a little-endian machine loads it. */
export const LOOPBACK = 0x0100007f;
/** Another address of the simulated machine: 10.0.0.5. */
export const OWN_ADDRESS = 0x0500000a;

/** A port number in network byte order, or back. */
export function swapPort(port: number): number {
  return ((port & 0xff) << 8) | (port >>> 8);
}
