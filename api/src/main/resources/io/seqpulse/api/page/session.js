import { pauseAfter, retryAfter, wait } from '/assets/asking.js';

/** Who one is to the service. The secrets are its own: no script can read the cookie. */

const channel = new BroadcastChannel('seqpulse.session');

/** Calls back when somebody came or went in another tab. */
export const onChange = (changed) => { channel.onmessage = changed; };

const exchange = (scheme, secret) =>
  fetch('/session', { method: 'POST', headers: { Authorization: `${scheme} ${secret}` } });

/** What somebody pasted: a token, a ticket, or the whole address that one of them stands in. */
function credentials(text) {
  const [, kind, secret] = text.match(/[#?&](ticket|token)=([^&#\s]+)/) ?? [];
  if (kind) {
    return [[kind === 'ticket' ? 'Ticket' : 'Bearer', secret]];
  }
  const bare = text.trim().replace(/^(bearer|ticket)\s+/i, '');
  return [['Bearer', bare], ['Ticket', bare]];
}

/** Signs in with what somebody pasted; the service's answer, or null. */
export async function signIn(text) {
  let answer = null;
  for (const [scheme, secret] of credentials(text)) {
    if (/[^\x21-\x7e]/.test(secret)) {
      return new Response('{}', { status: 401 });
    }
    answer = await exchange(scheme, secret).catch(() => null);
    if (answer?.status !== 401) {
      break;
    }
  }
  if (answer?.ok) {
    channel.postMessage('in');
  }
  return answer;
}

/** Signs out here and in all other tabs. */
export async function signOut() {
  const answer = await fetch('/session', { method: 'DELETE' }).catch(() => null);
  if (answer?.ok) {
    channel.postMessage('out');
  }
  return answer?.ok ?? false;
}

/**
 * The ticket of the address, which leaves the address at once. A token does, too, but opens nothing
 * from there: an address is no place for it.
 */
export function ticketOfAddress() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const ticket = hash.get('ticket');
  if (ticket || hash.has('token')) {
    history.replaceState(null, '', location.pathname + location.search);
  }
  return ticket;
}

/**
 * Who one is: `{ name, role }`, or null for nobody. A service that is away or busy is asked again
 * until it says so.
 *
 * @param delayed called each time that it has to be asked again
 */
export async function who(delayed) {
  for (let failures = 0; ; failures += 1) {
    const answer = await fetch('/session').catch(() => null);
    if (answer?.ok) {
      return answer.json();
    }
    if (answer?.status === 401) {
      return null;
    }
    delayed(answer);
    await wait(Math.max(pauseAfter(failures), retryAfter(answer)));
  }
}
