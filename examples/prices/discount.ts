// Everything that costs more than a euro is half price. All other functions of the library stay as they are.
// AssemblyScript: pointers are `usize`, and "./original" declares the intercepted functions as the headers do.
import { prices_of as original } from "./original";

export function prices_of(item: usize): i32 {
  const price = original(item);
  return price > 100 ? price / 2 : price;
}
