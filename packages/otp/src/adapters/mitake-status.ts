/** The status codes of Mitake's HTTP API, of an answer to `SmSend` and of a receipt. */

/** Waiting for its time, or with the carrier; `4` is on the phone already. */
export const takenStatuses = new Set(['0', '1', '2', '3', '4']);
/** Number wrong (`6`), takes no SMS (`7`), number invalid (`v`). */
export const recipientStatuses = new Set(['6', '7', 'v']);
/** Content wrong (`5`), not delivered in time (`8`, `t`), taken back (`9`), empty (`u`), too large (`x`), a field wrong (`y`). */
export const messageStatuses = new Set(['5', '8', '9', 't', 'u', 'x', 'y']);
/** System error (`*`), sending suspended (`a`, `b`), too many connections (`l`), system suspended (`r`). */
export const transientStatuses = new Set(['*', 'a', 'b', 'l', 'r']);

/** An answer is lines of `name=value` below `[clientid]`, one section a message; we send one. */
export function parseMitakeReply(text: string): Partial<Record<string, string>> {
  return Object.fromEntries(
    text.split(/\r?\n/).flatMap((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line.trim()) ?? [];
      return name !== undefined && value !== undefined ? [[name, value]] : [];
    }),
  );
}

/** What a receipt says in the end, or undefined when it is not the end. */
export function mitakeReceipt(receipt: {
  statuscode?: string | undefined;
  statusstr?: string | undefined;
}): { status: 'delivered' } | { status: 'undelivered'; failure: string } | undefined {
  // The words of SMPP 3.4 where there are any: `statuscode` alone is 0 both for a delivery and for a reservation.
  switch (receipt.statusstr) {
    case 'DELIVRD':
      return { status: 'delivered' };
    case 'EXPIRED':
    case 'SYNTAXE':
    case 'UNDELIV':
    case 'DELETED':
    case 'REJECTD':
    case 'UNKNOWN':
      return { status: 'undelivered', failure: receipt.statusstr.toLowerCase() };
  }
  switch (receipt.statuscode) {
    case '4':
      return { status: 'delivered' };
    case '5':
      return { status: 'undelivered', failure: 'content' };
    case '6':
      return { status: 'undelivered', failure: 'number' };
    case '7':
      return { status: 'undelivered', failure: 'sms_disabled' };
    case '8':
      return { status: 'undelivered', failure: 'expired' };
    case '9':
      return { status: 'undelivered', failure: 'cancelled' };
    default:
      return undefined;
  }
}
