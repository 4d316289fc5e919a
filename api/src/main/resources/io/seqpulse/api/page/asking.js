/** Asks the service; where it is away or busy, again, with pauses that grow. */

const PAUSES = [500, 1_500, 4_000];
const LONGEST = 30_000;
const PASSING = [429, 502, 503, 504];

/** Before an attempt, after so many that failed; no two pages wait equally long. */
export const pauseAfter = (failures) =>
  Math.min(LONGEST, 1_000 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);

export const wait = (millis) => new Promise((done) => { setTimeout(done, millis); });

/** How long the service asks to be left alone, in ms; 0: it does not say. */
export const retryAfter = (answer) => 1_000 * (Number(answer?.headers.get('Retry-After')) || 0);

/**
 * The answer to a question that may be asked any number of times; null: there was none. After a few
 * attempts the last answer is given, whatever it is.
 */
export async function ask(path, options) {
  for (let failures = 0; ; failures += 1) {
    const answer = await fetch(path, options).catch(() => null);
    if ((answer && !PASSING.includes(answer.status)) || failures === PAUSES.length) {
      return answer;
    }
    await wait(Math.max(PAUSES[failures], Math.min(LONGEST, retryAfter(answer))));
  }
}
