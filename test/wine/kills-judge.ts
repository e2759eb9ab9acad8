import type { Aftermath, Outcome } from "./kills-arena.js";
import { type Account, type Ledger, nobody } from "./kills-ledger.js";

/** The results of a survivor's words, by which kernel and wrapper are compared. */
export function answersOf({ outcomes }: Aftermath): string[] {
  return outcomes.map(({ text }) => text);
}

/**
 * Answers that mean the same as `text`: if the kernel gives one of them, `text` is as good.
 */
export function equivalents(text: string): string[] {
  const same = [text];
  // After a reset Windows says WSAECONNRESET, as we do where a thread waited however briefly, or where Wine has not let go of
  // the dead process's socket; Wine says 0 to a `recv` that comes after the reset, and WSAECONNRESET to one that was waiting.
  if (/read=\S+ (select=rw- recv=0|write=WSAECONNRESET).* send=WSAECONNRESET/.test(text)) {
    same.push(text.replace(/read=WSAECONNRESET/, "read=0"), text.replace(/read=0/, "read=WSAECONNRESET"));
  }
  // The same where nothing can be sent any more, and where what was sent lay unread when the peer died.
  if (/ half=ok read=WSAECONNRESET select=rw- recv=WSAECONNRESET/.test(text)) {
    const later = text.replace(/ recv=WSAECONNRESET/g, " recv=0");
    same.push(later, later.replace(/ read=WSAECONNRESET/, " read=0"));
  }
  same.push(text.replace(/ (s\d+)=ok (r\d+)=WSAECONNRESET/, " $1=ok $2=0"));
  // The kernel's connect, which finds nobody any more, or was accepted in the last moment.
  if (text === "open=WSAECONNRESET") same.push("open=WSAECONNREFUSED");
  if (/ send=WSAECONNRESET send=WSAECONNRESET/.test(text))
    same.push(text.replace(/(read|recv)=WSAECONNRESET/g, "$1=0"));
  // A socket of a dead process that Wine has not let go of takes whatever is sent; then only `recv` tells of the end.
  same.push(text.replace(/ send=bytes send=bytes recv=WSAECONNRESET/, " send=bytes send=WSAECONNRESET recv=0"));
  // The first send after the peer's end is what calls forth the reset, unless that is there already.
  return same.flatMap((one) => [
    one,
    one.replace(/ send=WSAECONNRESET send=/, " send=bytes send="),
    one.replace(/ send=bytes send=WSAECONNRESET/, " send=WSAECONNRESET send=WSAECONNRESET"),
  ]);
}

/** What no death may do, whatever the kernel's answers are: a list of what is wrong. */
export function wrongsOf(after: Aftermath, wrapped: boolean): string[] {
  const wrongs: string[] = [];
  const { outcomes, victim, host } = after;
  for (const outcome of outcomes) {
    if (outcome.wrong) wrongs.push(`survivor's slot ${outcome.slot} read ${outcome.wrong} wrong pieces`);
  }
  const streams = outcomes.filter(({ from }) => from !== nobody).map((o) => `${o.from}.${o.fromIteration}`);
  if (new Set(streams).size !== streams.length) wrongs.push(`one stream came to two connections: ${streams.join(" ")}`);
  for (const account of victim?.accounts ?? []) {
    if (account.wrong) wrongs.push(`the victim read ${account.wrong} wrong pieces`);
  }
  if (victim) for (const outcome of outcomes) wrongs.push(...lost(outcome, victim, wrapped));
  if (victim && host) wrongs.push(...exceeded(victim, host, "victim"), ...exceeded(host, victim, "host"));
  return wrongs;
}

/**
 * Through the wrapper, all bytes whose send had returned when the victim died must come before the end, if the survivor
 * reads to the end. (The kernel throws some away with a reset; and Wine's `recv` then says 0 all the same.) With or
 * without it, no byte may come that was not sent.
 */
function lost(outcome: Outcome, victim: Ledger, wrapped: boolean): string[] {
  const sender = outcome.from === nobody ? undefined : victim.accounts[outcome.from];
  if (!sender || sender.iteration !== outcome.fromIteration) return [];
  const told = `slot ${outcome.slot} read ${outcome.received} of ${sender.acked} to ${sender.started} bytes: ${outcome.text}`;
  if (outcome.received > sender.started) return [`more than was sent: ${told}`];
  const end = outcome.text.match(/\bread=(\S+)/)?.[1];
  return wrapped && end !== undefined && outcome.received < sender.acked ? [`bytes were lost: ${told}`] : [];
}

/** Both died: what one has read, the other must have begun to send. */
function exceeded(reader: Ledger, writer: Ledger, who: string): string[] {
  return reader.accounts.flatMap((account: Account) => {
    const sender = account.from === nobody ? undefined : writer.accounts[account.from];
    if (account.wrong) return [`the ${who} read ${account.wrong} wrong pieces`];
    if (!sender || sender.iteration !== account.fromIteration || account.received <= sender.started) return [];
    return [`the ${who} read ${account.received} bytes, of which only ${sender.started} were sent`];
  });
}
