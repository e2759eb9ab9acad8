/**
 * Which macros name the values of a parameter: no header says so. These are the calls that people trace most; others
 * are named by `WrapperConfig.symbols`. Keys are FUNCTION.PARAMETER, as the headers call it, or the parameter alone.
 */
const KNOWN: Readonly<Record<string, string>> = {
  "socket.af": "AF_",
  "socket.type": "SOCK_",
  "socket.protocol": "IPPROTO_",
  "send.flags": "MSG_",
  "sendto.flags": "MSG_",
  "recv.flags": "MSG_",
  "recvfrom.flags": "MSG_",
  "WSARecvEx.flags": "MSG_",
  "shutdown.how": "SD_",
  "getsockopt.level": "SOL_",
  "getsockopt.optname": "SO_",
  "setsockopt.level": "SOL_",
  "setsockopt.optname": "SO_",
  "ioctlsocket.cmd": "FIO",
  "WSAAsyncSelect.lEvent": "FD_",
  "CreateFileA.dwDesiredAccess": "GENERIC_",
  "CreateFileW.dwDesiredAccess": "GENERIC_",
  "CreateFileA.dwShareMode": "FILE_SHARE_",
  "CreateFileW.dwShareMode": "FILE_SHARE_",
  "VirtualAlloc.flAllocationType": "MEM_",
  "VirtualAlloc.flProtect": "PAGE_",
  "RegOpenKeyExA.samDesired": "KEY_",
  "RegOpenKeyExW.samDesired": "KEY_",
};

/** The prefix of the macros that name a parameter's values; what the user says comes first. */
export function symbolPrefix(
  said: Readonly<Record<string, string>>,
  functionName: string,
  parameter: string,
): string | undefined {
  const full = `${functionName}.${parameter}`;
  return parameter === "" ? undefined : (said[full] ?? said[parameter] ?? KNOWN[full]);
}
