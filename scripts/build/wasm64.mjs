/**
 * An `asc` transform that makes AssemblyScript emit 64-bit code. The compiler has a complete generator for it behind no
 * flag: the target, the module's pointer type and, once compiled, the memory's index type have to say so. Plain
 * JavaScript, because the compiler loads it itself.
 */
import binaryen from "assemblyscript/binaryen";
import { Transform } from "assemblyscript/transform";

/** `Target.Wasm64` and `Feature.Memory64` of the compiler's own enumerations. */
const TARGET_WASM64 = 2;
const FEATURE_MEMORY64 = 1 << 11;

export default class Wasm64 extends Transform {
  afterParse() {
    this.program.options.target = TARGET_WASM64;
    this.program.options.features |= FEATURE_MEMORY64;
    this.program.module.sizeType = binaryen.i64;
  }

  afterCompile(module) {
    module.setFeatures(module.getFeatures() | binaryen.Features.Memory64);
    const name = binaryen._malloc(2);
    binaryen.__i32_store8(name, "0".charCodeAt(0));
    binaryen.__i32_store8(name + 1, 0);
    binaryen._BinaryenSetMemory(module.ptr, 0, -1, 0, 0, 0, 0, 0, 0, 0, false, true, name);
    binaryen._free(name);
  }
}
