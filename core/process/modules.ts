/**
 * The other modules of this process: which of them could use a socket behind the wrapper, and whose calls on handles of the
 * system (`ReadFile` and so on) are led to the core, by changing what they import. There are such modules on Windows only.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { runtime } from "../runtime";
import * as sync from "../sync";
import { beginsWith, endOfText } from "./text";

/** More modules than a process has in practice; the rest is not looked at. */
const MODULES_MOST: u32 = 2048;
const FUNCTIONS_MOST: u32 = 128;
/** Longer paths are looked at as far as that. */
const PATH_BYTES: u32 = 1024;
const THIS_PROCESS: usize = ~(<usize>0);
const BACKSLASH: u32 = 0x5c;

// Where in a module's image the list of its imports is found (PE format; fields of the 32-bit one stand 16 bytes before).
const DOS_HEADER_TO_PE: usize = 0x3c;
const PE_TO_IMPORTS: usize = sizeof<usize>() == 8 ? 144 : 128;
const IMPORTS_BYTES: usize = 20;
const IMPORTS_NAME: usize = 12;
const IMPORTS_BOUND: usize = 16;

/** What a look at the modules works with. The lists end with a 0. */
@unmanaged
class Look {
  modules: usize;
  /** The sockets calls behind the wrapper. */
  calls: usize;
  /** Functions whose imports are changed, and what into. */
  from: usize;
  to: usize;
  /** Path of the system's folder. */
  windows: usize;
  windowsBytes: u32;
  /** Path of a module. */
  path: usize;
  /** For the numbers that calls fill in. */
  word: u32;
}

/** POLICY_ bits of this process. Cheap when no module was loaded since the last time. Changes no last error. */
export function processPolicy(): u32 {
  if (os.modulesChanged()) {
    const error = ws.WSAGetLastError();
    lookAtModules();
    ws.WSASetLastError(error);
  }
  return runtime().policy;
}

function lookAtModules(): void {
  const lists = MODULES_MOST + 3 * FUNCTIONS_MOST;
  const memory = os.alloc(offsetof<Look>() + lists * sizeof<usize>() + 2 * PATH_BYTES);
  if (memory == 0) return;
  const look = changetype<Look>(memory);
  look.modules = memory + offsetof<Look>();
  look.calls = look.modules + MODULES_MOST * sizeof<usize>();
  look.from = look.calls + FUNCTIONS_MOST * sizeof<usize>();
  look.to = look.from + FUNCTIONS_MOST * sizeof<usize>();
  look.windows = look.to + FUNCTIONS_MOST * sizeof<usize>();
  look.path = look.windows + PATH_BYTES;
  look.windowsBytes = ws.GetWindowsDirectoryA(look.windows, PATH_BYTES);
  findCalls(look);
  // The same function may be there twice: one DLL's leads to the other's.
  const found = findRedirected(look, layout.TEXT_SYSTEM, 0);
  findRedirected(look, layout.TEXT_SYSTEM_BASE, found);
  const word = memory + offsetof<Look>("word");
  if (ws.K32EnumProcessModules(THIS_PROCESS, look.modules, MODULES_MOST * <u32>sizeof<usize>(), word) != 0) {
    const count = min(look.word / <u32>sizeof<usize>(), MODULES_MOST);
    for (let n: u32 = 0; n < count; n++) lookAt(look, load<usize>(look.modules + n * sizeof<usize>()));
  }
  os.free(memory);
}

function findCalls(look: Look): void {
  const sockets = ws.GetModuleHandleA(os.moduleText(layout.TEXT_SOCKETS));
  let found: u32 = 0;
  for (let n: u32 = layout.TEXT_CALLS; sockets != 0 && found < FUNCTIONS_MOST - 1; n++) {
    const name = os.moduleText(n);
    if (name == 0) break;
    const call = ws.GetProcAddress(sockets, name);
    if (call != 0) store<usize>(look.calls + found++ * sizeof<usize>(), call);
  }
}

/** Adds what that DLL has of the functions that are redirected. Returns how many there are then. */
function findRedirected(look: Look, dllText: u32, found: u32): u32 {
  const dll = ws.GetModuleHandleA(os.moduleText(dllText));
  for (let n: u32 = 0; dll != 0 && found < FUNCTIONS_MOST - 1; n++) {
    const name = os.redirection(n, false);
    if (name == 0) break;
    const original = ws.GetProcAddress(dll, name);
    if (original == 0) continue;
    store<usize>(look.from + found * sizeof<usize>(), original);
    store<usize>(look.to + found * sizeof<usize>(), os.redirection(n, true));
    found++;
  }
  return found;
}

function lookAt(look: Look, module: usize): void {
  if (module == os.wrapper()) return;
  const length = min(ws.GetModuleFileNameA(module, look.path, PATH_BYTES), PATH_BYTES - 1);
  const system = look.windowsBytes != 0 && beginsWith(look.path, look.windows, look.windowsBytes);
  if (!system && walkImports(look, module, look.calls, 0)) runtime().policy |= layout.POLICY_MIXED;
  // The C runtime's files and pipes are the application's.
  if (!system || isRuntime(look.path, length)) walkImports(look, module, look.from, look.to);
}

/** True for the C runtimes that come with the system. */
function isRuntime(path: usize, length: u32): bool {
  let name = path + length;
  while (name > path && <u32>load<u8>(name - 1) != BACKSLASH) name--;
  for (let n: u32 = layout.TEXT_RUNTIMES; n < <u32>layout.TEXT_CALLS; n++) {
    const begin = os.moduleText(n);
    if (begin != 0 && beginsWith(name, begin, <u32>(endOfText(begin) - begin))) return true;
  }
  return false;
}

/** Whether imports of the module lead to one of those functions; with `to`, they lead to those instead afterwards. */
function walkImports(look: Look, module: usize, from: usize, to: usize): bool {
  const headers = module + load<u32>(module + DOS_HEADER_TO_PE);
  const list = load<u32>(headers + PE_TO_IMPORTS);
  const bytes = load<u32>(headers + PE_TO_IMPORTS + 4);
  if (list == 0 || bytes == 0) return false;
  let any = false;
  for (let entry = module + list; load<u32>(entry + IMPORTS_NAME) != 0; entry += IMPORTS_BYTES) {
    for (let bound = module + load<u32>(entry + IMPORTS_BOUND); load<usize>(bound) != 0; bound += sizeof<usize>()) {
      for (let at: usize = 0; ; at += sizeof<usize>()) {
        const one = load<usize>(from + at);
        if (one == 0) break;
        if (load<usize>(bound) != one) continue;
        any = true;
        if (to != 0) change(look, bound, load<usize>(to + at));
        break;
      }
    }
  }
  return any;
}

/** Other threads may be calling through it: they see the one or the other. */
function change(look: Look, bound: usize, value: usize): void {
  const word = changetype<usize>(look) + offsetof<Look>("word");
  if ((runtime().policy & layout.POLICY_REDIRECTED) == 0) {
    // From now on the wrapper must stay, whatever the application does with its own handle to it.
    ws.GetModuleHandleExA(ws.GET_MODULE_HANDLE_EX_FLAG_PIN | ws.GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, os.wrapper(), look.path);
    runtime().policy |= layout.POLICY_REDIRECTED;
  }
  if (ws.VirtualProtect(bound, sizeof<usize>(), ws.PAGE_EXECUTE_READWRITE, word) == 0) return;
  sync.storePointer(bound, value);
  ws.VirtualProtect(bound, sizeof<usize>(), look.word, word);
}
