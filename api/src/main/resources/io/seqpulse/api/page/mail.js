import { said, texts } from '/assets/texts.js';
import { element, moment, whole } from '/assets/format.js';
import { ask } from '/assets/asking.js';

/** The dialog on one email: why it was or was not sent, when, and the mail itself. */

const dialog = document.getElementById('mail');
const title = document.getElementById('mail-title');
const body = document.getElementById('mail-body');
const close = document.getElementById('mail-close');
let opened = document.body;
let current = null;

const STEPS = ['caused_at', 'decided_at', 'created_at', 'next_attempt_at', 'sent_at', 'expires_at'];

close.addEventListener('click', () => dialog.close());
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) {
    dialog.close();
  }
});
// The list may have been drawn anew meanwhile: the focus goes back to the line's button of now.
dialog.addEventListener('close', () => {
  current = null;
  body.replaceChildren();
  if (!opened.isConnected || document.activeElement === document.body) {
    const line = document.querySelector(`[data-delivery="${opened.dataset.delivery}"]`);
    (line ?? document.querySelector('#emails button'))?.focus();
  }
});

function block(heading, ...content) {
  return element('section', {}, element('h3', {}, heading), ...content);
}

function why(delivery) {
  const words = texts();
  const lead = element('p', { class: 'lead' },
    element('span', { class: `pill ${delivery.outcome}` }, words.outcomes[delivery.outcome] ?? delivery.outcome),
    ' ', said(delivery.outcome_text), ' ', delivery.reason_text ? said(delivery.reason_text) : '',
    delivery.variant_text ? ` ${said(delivery.variant_text)}` : '');
  const attempts = delivery.attempts > 1 && delivery.outcome === 'queued'
    ? element('p', {}, words.attempts(whole(delivery.attempts))) : null;
  return block(words.why, lead, attempts);
}

function rule(delivery) {
  const words = texts();
  if (!delivery.rule) {
    return block(words.rule, element('p', {}, words.ruleGone));
  }
  const { rule: known } = delivery;
  return block(words.rule,
    element('p', {}, said(known.trigger_text)),
    known.fallback_text ? element('p', {}, words.fallback, ' ', said(known.fallback_text)) : null,
    element('p', { class: 'note' }, said(known.category_text), ' ', said(known.expires_text)));
}

function times(delivery) {
  const words = texts();
  const known = STEPS.filter((name) => delivery[name])
    .filter((name) => delivery.outcome === 'queued' || name !== 'next_attempt_at')
    .sort((a, b) => Date.parse(delivery[a]) - Date.parse(delivery[b]) || STEPS.indexOf(a) - STEPS.indexOf(b));
  const list = element('ol', { class: 'steps' });
  for (const name of known) {
    list.append(element('li', {},
      element('span', {}, words.steps[name]),
      element('time', { datetime: delivery[name], title: delivery[name] }, moment(delivery[name]))));
  }
  const project = delivery.project_id
    ? element('p', { class: 'note' }, `${words.inProject} `, element('code', {}, delivery.project_id)) : null;
  return block(words.times, list, project);
}

async function mail(delivery) {
  const words = texts();
  const path = `/deliveries/${delivery.id}/mail`;
  const answer = await ask(path);
  if (!answer?.ok) {
    return block(words.theMail, answer?.status === 403
      ? element('p', {}, words.notAllowed) : unavailable(answer));
  }
  const content = await answer.json();
  if (!content.has_html) {
    return block(words.theMail, element('p', {}, words.noMail));
  }
  const frame = element('iframe', { src: `${path}/body`, sandbox: '', title: words.mailFrame, referrerpolicy: 'no-referrer' });
  const text = element('pre', { hidden: true, tabindex: '0' }, content.text ?? '');
  const views = [[words.asHtml, frame], [words.asText, text]];
  const switches = views.map(([label], index) =>
    element('button', { type: 'button', class: 'tool', 'aria-pressed': String(index === 0) }, label));
  switches.forEach((button, chosen) => button.addEventListener('click', () => {
    views.forEach(([, view], index) => { view.hidden = index !== chosen; });
    switches.forEach((other, index) => other.setAttribute('aria-pressed', String(index === chosen)));
  }));
  return block(words.theMail,
    element('dl', { class: 'envelope' },
      element('dt', {}, words.to), element('dd', {}, content.recipient ?? '–'),
      element('dt', {}, words.subject), element('dd', { lang: content.language }, content.subject ?? '–')),
    element('p', { class: 'switches' }, ...switches), frame, text);
}

/** What is said where the service, asked more than once, did not show it; and another try. */
function unavailable(answer) {
  const words = texts();
  const again = element('button', { type: 'button', class: 'tool' }, words.tryAgain);
  again.addEventListener('click', () => current && load(current));
  return element('p', {}, answer?.status === 401 ? words.signedOut : words.mailUnavailable, ' ', again);
}

async function load(line) {
  body.replaceChildren(element('p', { role: 'status' }, texts().loading));
  const answer = await ask(`/deliveries/${line.id}`);
  if (current !== line) {
    return;
  }
  if (!answer?.ok) {
    body.replaceChildren(unavailable(answer));
    return;
  }
  const delivery = await answer.json();
  const parts = [why(delivery), rule(delivery), times(delivery)];
  const shown = await mail(delivery);
  if (current === line) {
    body.replaceChildren(element('div', { class: 'mail-why' }, ...parts), shown);
  }
}

/** Opens it for a delivery of the list. */
export function openMail(line) {
  opened = document.activeElement;
  current = line;
  title.textContent = `${said(line.name)} · ${line.code}`;
  close.textContent = texts().close;
  dialog.showModal();
  load(line);
}

/** Closes it: who signed out is to see no mail. */
export const closeMail = () => dialog.close();
