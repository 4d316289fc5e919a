import { said, texts } from '/assets/texts.js';
import { element, whole } from '/assets/format.js';
import { ask } from '/assets/asking.js';

/** Looks through the journal: newest first, page by page. */

const by = (id) => document.getElementById(id);
const form = by('search-form');
const OUTCOMES = ['queued', 'sent', 'failed', 'suppressed'];
const PAGE = 50;

let question = null;
let next = null;
let shown = 0;
let asked = 0;
let unanswered = false;
let makeRow = null;
let makeHeldRow = null;

/** The beginning of a day where the reader is, so many days later. */
function day(text, later = 0) {
  const [year, month, date] = text.split('-').map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

/** Of the fields that are shown: a role may not see each of them. */
function questionOfForm() {
  const fields = Object.fromEntries([...new FormData(form)]
    .map(([name, value]) => [name, value.trim()])
    .filter(([name, value]) => value && form.elements[name].closest('[hidden]') === null));
  if (fields.from) {
    fields.from = day(fields.from);
  }
  if (fields.to) {
    fields.to = day(fields.to, 1);
  }
  return fields;
}

/** An address of a person goes in the body, where no log and no history keeps it. */
const find = (fields) => fields.recipient
  ? ask('/deliveries/search', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  })
  : ask(`/deliveries?${new URLSearchParams(fields)}`);

function say(text, problem = false) {
  const said = by('found-state');
  said.classList.toggle('problem', problem);
  said.textContent = text;
}

/** Why a question is refused, or got no answer. */
async function problemOf(answer) {
  const words = texts();
  if (answer?.status === 401) {
    return words.signedOut;
  }
  if (answer?.status === 403) {
    return words.searchNotAllowed;
  }
  if (answer?.status !== 422) {
    return words.askFailed;
  }
  const { parameter } = await answer.json().catch(() => ({}));
  const isReversed = parameter === 'from' && question.to && question.from >= question.to;
  return words.invalidField(words.fields[parameter] ?? parameter,
    isReversed ? words.invalid.reversed : words.invalid[parameter] ?? words.invalid.other);
}

async function load() {
  const mine = asked += 1;
  unanswered = false;
  const words = texts();
  say(words.loading);
  by('found-more').hidden = true;
  const answer = await find({ ...question, limit: PAGE, ...(next ? { before: next } : {}) });
  if (mine !== asked) {
    return;
  }
  if (!answer?.ok) {
    const problem = await problemOf(answer);
    if (mine === asked) {
      const isFinal = [401, 403, 422].includes(answer?.status);
      unanswered = !isFinal;
      say(problem, true);
      by('found-more').hidden = isFinal;
      by('found-more').textContent = words.tryAgain;
    }
    return;
  }
  const page = await answer.json();
  if (mine !== asked) {
    return;
  }
  const held = page.waiting ?? [];
  by('found').append(...held.map(makeHeldRow), ...page.deliveries.map(makeRow));
  shown += held.length + page.deliveries.length;
  next = page.next;
  by('found-more').hidden = next === null;
  by('found-more').textContent = words.older;
  say(words.found(shown, whole(shown), next !== null));
}

function begin() {
  question = questionOfForm();
  next = null;
  shown = 0;
  by('found').replaceChildren();
  by('live').hidden = true;
  by('results').hidden = false;
  load();
}

function back() {
  asked += 1;
  unanswered = false;
  question = null;
  next = null;
  form.reset();
  by('found').replaceChildren();
  say('');
  by('found-more').hidden = true;
  by('live').hidden = false;
  by('results').hidden = true;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  begin();
});
by('search-back').addEventListener('click', () => {
  forgetSearch();
  by('search').querySelector('summary').focus();
});
by('found-more').addEventListener('click', load);

/** Leaves nothing of what was asked and found: who comes next is not to see it. */
export function forgetSearch() {
  back();
  by('search').open = false;
}

/** Asks again what got no answer. */
export function searchAgain() {
  if (unanswered) {
    load();
  }
}

/** Who may ask by recipient sees the field for it. */
export function searchAs(role) {
  by('search-recipient').hidden = role === 'viewer';
}

/** Writes what is fixed in the language of now, and what was found anew. */
export function translateSearch(names) {
  const words = texts();
  const outcome = form.elements.outcome;
  const chosen = outcome.value;
  outcome.replaceChildren(element('option', { value: '' }, words.any),
    ...OUTCOMES.map((name) => element('option', { value: name }, words.outcomes[name])));
  outcome.value = chosen;
  offer(names);
  if (question) {
    next = null;
    shown = 0;
    by('found').replaceChildren();
    load();
  }
}

/** Offers the emails there are. */
export function offer(names) {
  const code = form.elements.code;
  const codes = Object.keys(names);
  if (code.dataset.offered === JSON.stringify([codes, texts().any])) {
    return;
  }
  code.dataset.offered = JSON.stringify([codes, texts().any]);
  const chosen = code.value;
  code.replaceChildren(element('option', { value: '' }, texts().any),
    ...codes.map((each) => element('option', { value: each }, `${each} · ${said(names[each])}`)));
  code.value = chosen;
}

/** Shows what is found in rows made so, of the journal and of what is under way. */
export function searchWith(row, heldRow) {
  makeRow = row;
  makeHeldRow = heldRow;
}
