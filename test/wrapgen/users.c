/* Calls something of many DLLs and prints what it gives: the same, whoever stands behind them. */
#define COBJMACROS
#define DIRECTINPUT_VERSION 0x0800
#include <winsock2.h>
#include <windows.h>
#include <bcrypt.h>
#include <dinput.h>
#include <imagehlp.h>
#include <iphlpapi.h>
#include <lm.h>
#include <mmsystem.h>
#include <oleauto.h>
#include <psapi.h>
#include <setupapi.h>
#include <shlwapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <tlhelp32.h>
#include <userenv.h>
#include <wincrypt.h>
#include <wininet.h>
#include <winver.h>

static void hex(const unsigned char *bytes, unsigned count) {
  while (count-- > 0) printf("%02x", *bytes++);
  printf("\n");
}

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void c_library(void) {
  int numbers[] = { 5, -1, 3 };
  char text[64];
  qsort(numbers, 3, sizeof *numbers, compare);
  printf("msvcrt: %d %d %d, %s, %ld, %.3f", numbers[0], numbers[1], numbers[2], _strupr(strcpy(text, "upper")), strtol("0x1f", NULL, 0), strtod("2.5e3", NULL));
  printf(", %d environment, %d arguments", getenv("PATH") != NULL && _environ != NULL, __argc);
  FILE *file = fopen("no such file", "r");
  printf(", %d %d\n", file == NULL, errno);
}

static void files(void) {
  DWORD handle = 7, size = GetFileVersionInfoSizeA("kernel32.dll", &handle);
  void *data = malloc(size);
  VS_FIXEDFILEINFO *info = NULL;
  UINT length = 0;
  printf("version: %d", GetFileVersionInfoA("kernel32.dll", 0, size, data));
  printf(" %d", VerQueryValueA(data, "\\", (void **)&info, &length));
  printf(" %lx\n", info == NULL ? 0 : info->dwSignature);
  char path[MAX_PATH] = "C:\\one\\two.txt";
  printf("shlwapi: %s", PathFindExtensionA(path));
  PathRemoveFileSpecA(path);
  printf(" %s %d\n", path, PathMatchSpecA("file.c", "*.c"));
  HINF inf = SetupOpenInfFileA("nothing.inf", NULL, INF_STYLE_WIN4, NULL);
  printf("setupapi: %d", inf == INVALID_HANDLE_VALUE);
  printf(" %lx\n", GetLastError());
  char folder[MAX_PATH] = "";
  DWORD room = sizeof folder;
  printf("userenv: %d\n", GetProfilesDirectoryA(folder, &room) && strlen(folder) > 3);
}

static void sockets(void) {
  WSADATA data;
  struct sockaddr_in address = { .sin_family = AF_INET };
  int length = sizeof address;
  printf("ws2_32: %d", WSAStartup(0x0202, &data));
  SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  printf(" %d", bind(s, (struct sockaddr *)&address, sizeof address));
  printf(" %d %s", getsockname(s, (struct sockaddr *)&address, &length), inet_ntoa(address.sin_addr));
  printf(" %d", recv(s, (char *)&data, 1, 0));
  printf(" %d", WSAGetLastError());
  printf(" %d", closesocket(s));
  printf(" %d\n", WSACleanup());
  ULONG size = 0;
  printf("iphlpapi: %lu\n", GetAdaptersInfo(NULL, &size) & ~(ULONG)ERROR_BUFFER_OVERFLOW);
  URL_COMPONENTSA parts = { .dwStructSize = sizeof parts, .dwHostNameLength = 1 };
  printf("wininet: %d", InternetCrackUrlA("http://name.example:81/path", 0, 0, &parts));
  printf(" %.*s %u\n", (int)parts.dwHostNameLength, parts.lpszHostName, parts.nPort);
}

static void sound_and_input(void) {
  TIMECAPS caps = { 0, 0 };
  printf("winmm: %u %u %d %d\n", timeGetDevCaps(&caps, sizeof caps), caps.wPeriodMin, timeGetTime() != 0, mmioStringToFOURCCA("RIFF", 0) == mmioFOURCC('R', 'I', 'F', 'F'));
  IDirectInput8A *input = NULL;
  HRESULT result = DirectInput8Create(GetModuleHandleA(NULL), DIRECTINPUT_VERSION, &IID_IDirectInput8A, (void **)&input, NULL);
  printf("dinput8: %lx %d\n", result, input != NULL);
  if (input != NULL) IDirectInput8_Release(input);
}

static void secrets(void) {
  BCRYPT_ALG_HANDLE algorithm = NULL;
  BCRYPT_HASH_HANDLE hash = NULL;
  unsigned char digest[32] = "";
  BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0);
  BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0);
  BCryptHashData(hash, (unsigned char *)"abc", 3, 0);
  BCryptFinishHash(hash, digest, sizeof digest, 0);
  BCryptDestroyHash(hash);
  BCryptCloseAlgorithmProvider(algorithm, 0);
  printf("bcrypt: ");
  hex(digest, sizeof digest);
  char text[64];
  DWORD length = sizeof text;
  printf("crypt32: %d", CryptBinaryToStringA((const BYTE *)"hello", 5, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, text, &length));
  printf(" %s\n", text);
}

static void objects(void) {
  BSTR text = SysAllocString(L"four");
  VARIANT number;
  VariantInit(&number);
  V_VT(&number) = VT_BSTR;
  V_BSTR(&number) = SysAllocString(L"42");
  printf("oleaut32: %u %lx", SysStringLen(text), VariantChangeType(&number, &number, 0, VT_I4));
  printf(" %ld\n", V_I4(&number));
  SysFreeString(text);
  GUID guid;
  WCHAR written[64] = L"";
  printf("ole32: %lx", CLSIDFromString(L"{00020400-0000-0000-C000-000000000046}", &guid));
  printf(" %d %lx\n", StringFromGUID2(&guid, written, 64), guid.Data1);
}

static void system_calls(void) {
  char name[MAX_PATH] = "";
  printf("psapi: %d\n", GetModuleBaseNameA(GetCurrentProcess(), NULL, name, sizeof name) > 0);
  printf("imagehlp: %d\n", ImageNtHeader(GetModuleHandleA(NULL)) != NULL);
  BYTE *server = NULL;
  printf("netapi32: %lu\n", NetApiBufferAllocate(16, (void **)&server));
  NetApiBufferFree(server);
  HKEY key = NULL;
  printf("advapi32: %ld", RegOpenKeyExA(HKEY_LOCAL_MACHINE, "Software\\No such key", 0, KEY_READ, &key));
  SID_IDENTIFIER_AUTHORITY world = SECURITY_WORLD_SID_AUTHORITY;
  PSID sid = NULL;
  printf(" %d", AllocateAndInitializeSid(&world, 1, 0, 0, 0, 0, 0, 0, 0, 0, &sid));
  printf(" %d\n", IsValidSid(sid));
}

/* Built by others, and not on every machine. */
static void packing(void) {
  unsigned char packed[128], again[64] = "";
  unsigned long length = sizeof packed, whole = sizeof again;
  HMODULE dll = LoadLibraryA("zlib1.dll");
  if (dll == NULL) return;
  const char *(*version)(void) = (void *)GetProcAddress(dll, "zlibVersion");
  int (*compress)(void *, unsigned long *, const void *, unsigned long) = (void *)GetProcAddress(dll, "compress");
  int (*uncompress)(void *, unsigned long *, const void *, unsigned long) = (void *)GetProcAddress(dll, "uncompress");
  unsigned long (*crc32)(unsigned long, const void *, unsigned) = (void *)GetProcAddress(dll, "crc32");
  printf("zlib1: %s %d", version(), compress(packed, &length, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 31));
  printf(" %lu", length);
  printf(" %d", uncompress(again, &whole, packed, length));
  printf(" %s %lx\n", again, crc32(0, "123456789", 9));
}

/* Which DLLs were taken from the program's own folder, on standard error: this may differ. */
static void own_modules(void) {
  HMODULE modules[512];
  DWORD bytes = 0;
  char own[MAX_PATH], path[MAX_PATH];
  size_t folder = (size_t)(strrchr((GetModuleFileNameA(NULL, own, sizeof own), own), '\\') - own) + 1;
  EnumProcessModules(GetCurrentProcess(), modules, sizeof modules, &bytes);
  for (DWORD n = 1; n < bytes / sizeof *modules; n++) {
    GetModuleFileNameA(modules[n], path, sizeof path);
    if (_strnicmp(path, own, folder) == 0) fprintf(stderr, "%s\n", _strlwr(path + folder));
  }
}

int main(void) {
  c_library();
  files();
  sockets();
  sound_and_input();
  secrets();
  objects();
  system_calls();
  packing();
  own_modules();
  return 0;
}
