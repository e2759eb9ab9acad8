import type { Scenario } from "../scenario.js";
import { acceptingGroup } from "./accepting.js";
import { addressesGroup } from "./addresses.js";
import { closingGroup } from "./closing.js";
import { connectingGroup } from "./connecting.js";
import { endingGroup } from "./ending.js";
import { extensionsGroup } from "./extensions.js";
import { flagsGroup } from "./flags.js";
import { handlesGroup } from "./handles.js";
import { listeningGroup } from "./listening.js";
import { messageRulesGroup } from "./message-rules.js";
import { messageStatesGroup } from "./message-states.js";
import { messagesGroup } from "./messages.js";
import { nonblockingGroup } from "./nonblocking.js";
import { operationsGroup } from "./operations.js";
import { optionsGroup } from "./options.js";
import { selectArgumentsGroup } from "./select-arguments.js";
import { selectingGroup } from "./selecting.js";
import { shutdownGroup } from "./shutdown.js";
import { startingGroup } from "./starting.js";
import { statesGroup } from "./states.js";
import { transferGroup } from "./transfer.js";
import { urgentGroup } from "./urgent.js";
import { urgentMarksGroup } from "./urgent-marks.js";
import { variantsGroup } from "./variants.js";
import { waitingGroup } from "./waiting.js";

const groups = [
  addressesGroup,
  listeningGroup,
  acceptingGroup,
  connectingGroup,
  transferGroup,
  variantsGroup,
  flagsGroup,
  waitingGroup,
  nonblockingGroup,
  selectingGroup,
  selectArgumentsGroup,
  optionsGroup,
  urgentGroup,
  urgentMarksGroup,
  shutdownGroup,
  closingGroup,
  endingGroup,
  statesGroup,
  startingGroup,
  messagesGroup,
  messageRulesGroup,
  messageStatesGroup,
  extensionsGroup,
  handlesGroup,
  operationsGroup,
];

/** All scenarios, in the groups' order. */
export const allScenarios: readonly Scenario[] = groups.flatMap((group) => group.scenarios);
