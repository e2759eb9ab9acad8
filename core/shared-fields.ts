/** Fields of 8 bytes in memory that others may be changing: read and written in halves, so that all targets can. */
import * as sync from "./sync";

/** The field's value. Its halves belong together only if nobody was changing it: something else must tell that. */
export function loadField(address: usize): u64 {
  return (<u64>sync.loadRelaxed(address)) | ((<u64>sync.loadRelaxed(address + 4)) << 32);
}

export function storeField(address: usize, value: u64): void {
  sync.storeRelease(address, <u32>value);
  sync.storeRelease(address + 4, <u32>(value >> 32));
}
