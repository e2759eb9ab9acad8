import { byteMutants } from "./bytes.js";
import { decidingMutants } from "./deciding.js";
import { leavingMutants } from "./leaving.js";
import { messageMutants } from "./messages.js";
import type { Mutant } from "./mutant.js";
import { operationMutants } from "./operations.js";
import { pieceMutants } from "./pieces.js";
import { regressions } from "./regressions.js";
import { wakingMutants } from "./waking.js";

/** All mistakes that the simulation must find. */
export const mutants: readonly Mutant[] = [
  ...wakingMutants,
  ...byteMutants,
  ...decidingMutants,
  ...messageMutants,
  ...pieceMutants,
  ...operationMutants,
  ...leavingMutants,
  ...regressions,
];
