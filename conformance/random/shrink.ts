/**
 * The shortest list that can be had from `list` by leaving things out, one run after the other, so that `fails` still
 * holds; `fails` is asked at most `limit` times. Delta debugging: large pieces first, then ever smaller ones.
 */
export async function shrink<T>(
  list: readonly T[],
  fails: (candidate: readonly T[]) => Promise<boolean>,
  limit = 200,
): Promise<T[]> {
  let best = [...list];
  let asked = 0;
  for (let size = Math.ceil(best.length / 2); size >= 1 && asked < limit; ) {
    let shorter = false;
    for (let from = best.length - size; from > -size && asked < limit; from -= size) {
      const start = Math.max(0, from);
      const candidate = [...best.slice(0, start), ...best.slice(start + size)];
      if (candidate.length === 0 || candidate.length === best.length) continue;
      asked++;
      if (await fails(candidate)) {
        best = candidate;
        shorter = true;
      }
    }
    if (size === 1 && !shorter) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return best;
}
