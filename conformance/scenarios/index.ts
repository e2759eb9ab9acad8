import type { Scenario } from "../scenario.js";
import { acceptingGroup } from "./accepting.js";
import { addressesGroup } from "./addresses.js";
import { bufferSizesGroup } from "./buffer-sizes.js";
import { closingGroup } from "./closing.js";
import { connectingGroup } from "./connecting.js";
import { slowConnectGroup } from "./connecting-slowly.js";
import { crowdsGroup } from "./crowds.js";
import { duplicatesGroup } from "./duplicates.js";
import { endingGroup } from "./ending.js";
import { endingStatesGroup } from "./ending-states.js";
import { extensionsGroup } from "./extensions.js";
import { flagsGroup } from "./flags.js";
import { handlesGroup } from "./handles.js";
import { lengthsGroup } from "./lengths.js";
import { listeningGroup } from "./listening.js";
import { messageRulesGroup } from "./message-rules.js";
import { messageStatesGroup } from "./message-states.js";
import { messageThreadsGroup } from "./message-threads.js";
import { messagesGroup } from "./messages.js";
import { nonblockingGroup } from "./nonblocking.js";
import { oneThreadGroup } from "./one-thread.js";
import { operationsGroup } from "./operations.js";
import { optionsGroup } from "./options.js";
import { selectArgumentsGroup } from "./select-arguments.js";
import { selectSetsGroup } from "./select-sets.js";
import { selectingGroup } from "./selecting.js";
import { severalGroup } from "./several.js";
import { shutdownGroup } from "./shutdown.js";
import { startingGroup } from "./starting.js";
import { statesGroup } from "./states.js";
import { transferGroup } from "./transfer.js";
import { unstartedGroup } from "./unstarted.js";
import { urgentGroup } from "./urgent.js";
import { urgentMarksGroup } from "./urgent-marks.js";
import { variantsGroup } from "./variants.js";
import { waitingGroup } from "./waiting.js";

const groups = [
  addressesGroup,
  listeningGroup,
  acceptingGroup,
  connectingGroup,
  slowConnectGroup,
  oneThreadGroup,
  severalGroup,
  transferGroup,
  variantsGroup,
  lengthsGroup,
  flagsGroup,
  waitingGroup,
  crowdsGroup,
  nonblockingGroup,
  selectingGroup,
  selectArgumentsGroup,
  selectSetsGroup,
  optionsGroup,
  bufferSizesGroup,
  urgentGroup,
  urgentMarksGroup,
  shutdownGroup,
  closingGroup,
  endingGroup,
  endingStatesGroup,
  statesGroup,
  startingGroup,
  unstartedGroup,
  messagesGroup,
  messageRulesGroup,
  messageStatesGroup,
  messageThreadsGroup,
  extensionsGroup,
  handlesGroup,
  duplicatesGroup,
  operationsGroup,
];

/** All scenarios, in the groups' order. */
export const allScenarios: readonly Scenario[] = groups.flatMap((group) => group.scenarios);
