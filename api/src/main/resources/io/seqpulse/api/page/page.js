import { language, said, switchLanguage, texts } from '/assets/texts.js';
import {
  clock, element, length, minute, moment, percent, seconds, unavailable, whole, write,
} from '/assets/format.js';
import { pointsOf, sparkline, Trend } from '/assets/charts.js';
import { closeMail, openMail } from '/assets/mail.js';
import { Stream } from '/assets/stream.js';
import {
  forgetSearch, offer, searchAgain, searchAs, searchWith, translateSearch,
} from '/assets/search.js';
import { onChange, signIn, signOut, ticketOfAddress, who } from '/assets/session.js';

/** The live page: shows each topic as the service tells it, and nothing it was not told. */

const PRIMARY = 4;
const TOPICS = ['freshness', 'kpis', 'trends', 'deliveries', 'segments', 'activity', 'funnel'];
const SPOKEN_EVERY = 15_000;
const by = (id) => document.getElementById(id);

const told = {};
let state = 'connecting';
let me = null;
const tiles = new Map();
const trends = new Map();
const rows = new Map();

// Words, theme, window

const THEMES = ['auto', 'light', 'dark'];
const DAYS = ['1', '7', '30', '90'];
let theme = THEMES.includes(localStorage.getItem('seqpulse.theme'))
  ? localStorage.getItem('seqpulse.theme') : 'auto';
let days = new URLSearchParams(location.search).get('days');
days = DAYS.includes(days) ? days : '7';

function dress() {
  document.documentElement.dataset.theme = theme;
  by('theme').textContent = texts().theme[theme];
}

function translate() {
  const words = texts();
  document.documentElement.lang = language();
  document.querySelectorAll('[data-text]').forEach((target) => {
    target.textContent = words[target.dataset.text];
  });
  by('language').textContent = words.otherLanguage;
  by('language').lang = words.otherLanguageTag;
  by('export-kpis').setAttribute('aria-label', words.exportOf(words.kpis, words.json));
  document.querySelector('a[href^="/deliveries.csv"]')
    .setAttribute('aria-label', words.exportOf(words.emails, words.csv));
  document.querySelectorAll('[data-defines]').forEach(({ dataset }) => defineLines(dataset.defines));
  unsaid.clear();
  rows.clear();
  tiles.clear();
  by('tiles').replaceChildren();
  by('tiles-small').replaceChildren();
  dress();
  by('emails').replaceChildren();
  TOPICS.forEach(show);
  showState();
  showWho();
  translateSearch(told.deliveries?.names ?? {});
}

by('language').addEventListener('click', () => {
  switchLanguage();
  translate();
});

by('theme').addEventListener('click', () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  localStorage.setItem('seqpulse.theme', theme);
  dress();
  show('trends');
});

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => show('trends'));

by('days').addEventListener('change', ({ target }) => {
  days = target.value;
  history.replaceState(null, '', days === '7' ? '/' : `/?days=${days}`);
  stream.show(days);
});

// Definitions

/** Lets a button show and hide what defines something. */
function shows(button, definition) {
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-controls', definition.id);
  button.addEventListener('click', () => {
    definition.hidden = !definition.hidden;
    button.setAttribute('aria-expanded', String(!definition.hidden));
  });
}

function named(button, title) {
  button.setAttribute('aria-label', texts().defineOf(title));
  button.title = texts().define;
  button.textContent = 'i';
}

/** What a section's lines or columns are called. */
const LINES = {
  segments: ({ segments: title, segmentNames: names }) => ({ title, names }),
  activity: ({ activity: title, activities: names }) => ({ title, names }),
  outcomes: ({ outcome: title, outcomes: names }) => ({ title, names }),
  funnel: ({ funnel: title, sent, opened, clicked, goal }) =>
    ({ title, names: { sent, opened, clicked, goal } }),
};

/** Defines each line of a section; of outcomes also the reasons that are shown. */
function defineLines(section) {
  const words = texts();
  const { title, names } = LINES[section](words);
  const lines = Object.entries(names).map(([key, name]) => [name, words.definitions[section][key]]);
  if (section === 'outcomes') {
    Object.values(told.funnel?.outcomes ?? {}).filter(({ reason }) => reason).forEach((counted) =>
      lines.push([
        `${names[counted.outcome] ?? counted.outcome}, ${said(counted.reason_name)}`,
        said(counted.reason_text),
      ]));
  }
  named(document.querySelector(`[data-defines="${section}"]`), title);
  by(`define-${section}`).replaceChildren(...lines.flatMap(([name, text]) =>
    [element('dt', {}, name), element('dd', {}, text)]));
}

document.querySelectorAll('[data-defines]').forEach((button) =>
  shows(button, by(`define-${button.dataset.defines}`)));

// What a screen reader says

const unsaid = new Map();
let pause = null;

/** Says what is left to say, then nothing for a while: a screen reader is not to be talked over. */
function say() {
  clearTimeout(pause);
  by('spoken').textContent = [...unsaid.values()].join(' ');
  unsaid.clear();
  pause = setTimeout(() => {
    pause = null;
    if (unsaid.size > 0) {
      say();
    }
  }, SPOKEN_EVERY);
}

/** Says a sentence on something when it is its turn, unless a newer one takes its place. */
function speak(what, sentence) {
  unsaid.set(what, sentence);
  if (pause === null) {
    say();
  }
}

const ALARMS = ['stale', 'unreachable', 'lost'];
let alarm = null;

/** Says at once, and once of an outage, that figures are no longer of now; and that they are again. */
function speakOf(state) {
  const { freshSpoken } = texts();
  if (ALARMS.includes(state) && alarm === null) {
    alarm = state;
    unsaid.set('state', freshSpoken[state]);
    say();
  } else if (state === 'current' && alarm !== null) {
    alarm = null;
    unsaid.set('state', freshSpoken.current);
    say();
  }
}

// Topics

/** States in which what is shown is no longer how it is: it loses its colours. */
const OLD = ['connecting', 'stale', 'unreachable', 'lost', 'paused'];
const isOld = () => OLD.includes(state);

function freshness(topic) {
  become(topic.state);
}

/**
 * How current all of it is: as the service says, or as it seems where nothing comes from it. A
 * silence of the service while its database is silent is part of the same outage.
 */
function become(now) {
  const before = isOld();
  state = now === 'lost' && state === 'unreachable' ? state : now;
  if (told.freshness) {
    speakOf(state);
  }
  showState();
  if (isOld() !== before) {
    show('kpis');
    if (before) {
      searchAgain();
    }
  }
}

/** The time that figures are of stays, above all where they are no longer of now. */
function showState() {
  const words = texts();
  by('fresh').dataset.state = state;
  by('content').dataset.old = String(isOld());
  const time = by('fresh-time');
  const { as_of: asOf = null, lag_ms: lag } = told.freshness ?? {};
  const isToday = asOf !== null && new Date(asOf).toDateString() === new Date().toDateString();
  write(by('fresh-state'),
    asOf ? `${words.fresh[state]}, ${words.trueAsOf(isToday)}` : words.fresh[state]);
  if (asOf) {
    time.dateTime = asOf;
    time.title = `${words.updated}: ${asOf}`;
    const behind = lag >= 1000 && !isOld() ? `, ${words.behind(seconds(lag))}` : '';
    write(time, `${isToday ? clock(asOf) : moment(asOf)}${behind}`);
  } else {
    time.removeAttribute('datetime');
    write(time, '');
  }
}

function tile(kpi, small) {
  const title = said(kpi.title);
  const id = `define-${kpi.kpi}`;
  const definition = element('p', { class: 'definition', id, hidden: true });
  const define = element('button', { type: 'button', class: 'define' });
  named(define, title);
  shows(define, definition);
  const parts = {
    value: element('p', { class: 'value' }),
    tone: element('p', { class: 'tone' }),
    cases: element('p', { class: 'cases' }),
    spark: element('div', { class: 'spark-box' }),
    definition,
  };
  parts.card = element('article', { class: 'card tile', 'data-kpi': kpi.kpi },
    element('div', { class: 'tile-head' }, element('h3', {}, title), define),
    parts.value, parts.tone, parts.cases, parts.spark, definition);
  by(small ? 'tiles-small' : 'tiles').append(parts.card);
  return parts;
}

function kpis(topic) {
  const words = texts();
  write(by('window'), words.windowText(minute(topic.from), minute(topic.to)));
  by('export-kpis').href = `/analytics/kpi/lifecycle?window_days=${topic.days}`;
  Object.values(topic.kpis).forEach((kpi, index) => {
    if (!tiles.has(kpi.kpi)) {
      tiles.set(kpi.kpi, tile(kpi, index >= PRIMARY));
    }
    const parts = tiles.get(kpi.kpi);
    const known = kpi.value !== null;
    const value = known ? percent(kpi.value) : '–';
    const before = parts.value.textContent;
    if (write(parts.value, value) && before && index < PRIMARY) {
      speak(kpi.kpi, words.spoken(said(kpi.title), known ? value : words.noData));
      parts.card.classList.remove('changed');
      requestAnimationFrame(() => parts.card.classList.add('changed'));
    }
    parts.card.dataset.tone = kpi.available ? kpi.tone : 'off';
    const hasTargets = kpi.red_below !== null;
    let tone = known && hasTargets ? words.tone[kpi.tone] : '';
    if (!known) {
      tone = kpi.available ? words.noData : words.unavailable;
    }
    if (known && isOld()) {
      tone = words.notOfNow;
    }
    write(parts.tone, tone);
    parts.tone.hidden = tone === '';
    write(parts.cases, kpi.available
      ? words.of(whole(kpi.numerator), whole(kpi.denominator)) : unavailable(kpi.reason));
    write(parts.definition, [
      said(kpi.description),
      hasTargets ? `${words.targets(kpi.red_below, kpi.green_from)}.` : '',
      kpi.open_for_ms === null ? '' : words.openFor(length(kpi.open_for_ms)),
    ].join(' ').trim());
  });
}

/** What the small line of a tile shows, for those who do not see it. */
function trendInWords(points, grain) {
  const values = points.map(({ value }) => value).filter((value) => value !== null);
  return values.length === 0 ? '' : texts().trend(
    grain, percent(values[0]), percent(values.at(-1)),
    percent(Math.min(...values)), percent(Math.max(...values)), points.at(-1).open);
}

function showTrends(topic) {
  if (!told.kpis) {
    return;
  }
  write(by('grain'), texts().grain[topic.grain]);
  Object.values(told.kpis.kpis).forEach((kpi, index) => {
    const points = pointsOf(
      topic.series[kpi.kpi], topic.grain, kpi.open_for_ms, Date.parse(topic.to));
    const trend = index < PRIMARY ? '' : trendInWords(points, texts().grain[topic.grain]);
    tiles.get(kpi.kpi)?.spark.replaceChildren(
      sparkline(points), element('span', { class: 'hidden' }, trend));
    if (index < PRIMARY) {
      if (!trends.has(kpi.kpi)) {
        const made = new Trend(kpi.kpi);
        trends.set(kpi.kpi, made);
        by('trends').append(made.card);
      }
      trends.get(kpi.kpi).show(said(kpi.title), kpi, topic);
    }
  });
}

function pill(outcome) {
  return element('span', { class: `pill ${outcome}` }, texts().outcomes[outcome] ?? outcome);
}

/** A line of the journal, which is in the order of when it was written there. */
function row(line, latest = () => line) {
  const button = element('button', {
    type: 'button', class: 'link', 'data-delivery': line.id, 'aria-haspopup': 'dialog', 'aria-label': texts().details(said(line.name)),
  }, said(line.name));
  button.addEventListener('click', () => openMail(latest()));
  const time = line.created_at;
  return element('tr', {},
    element('td', { class: 'when' }, element('time', { datetime: time, title: time }, moment(time))),
    element('td', {}, button, ' ', element('code', {}, line.code)),
    element('td', {}, pill(line.outcome), ' ',
      line.reason_text ? element('span', { class: 'reason' }, said(line.reason_text)) : null));
}

/** An email of which no more is known than this line: there is nothing to open. */
function closedRow(line, time, outcome, reason) {
  return element('tr', { class: 'closed' },
    element('td', { class: 'when' }, element('time', { datetime: time, title: time }, moment(time))),
    element('td', {}, said(line.name), ' ', element('code', {}, line.code)),
    element('td', {}, pill(outcome), ' ', element('span', { class: 'reason' }, reason)));
}

/** An email that is under way and has no line in the journal yet. */
function heldRow(line) {
  const words = texts();
  const until = (line.reason === 'expiry' ? words.expires : words.until)(moment(line.until));
  return closedRow(line, line.since, 'queued', `${said(line.reason_text)} (${until})`);
}

/** An email that somebody was sent, by us or by the product itself. */
const foundRow = (line) => line.managed_by === 'product'
  ? closedRow(line, line.created_at, line.outcome, texts().byProduct) : row(line);

searchWith(foundRow, heldRow);

/** How many emails were decided and wait for something else than the mail server. */
function held(counts) {
  const words = texts();
  const parts = Object.entries(counts).map(
    ([reason, count]) => words.held[reason]?.(count, whole(count)) ?? `${whole(count)} ${reason}`);
  by('held').hidden = parts.length === 0;
  write(by('held'), parts.length === 0 ? '' : `${words.underWay}${parts.join(' · ')}.`);
}

/** Says of a row what is said of its email now; its button stays, and what has the focus with it. */
function update(shown, line) {
  const fresh = row(line).cells;
  shown.made.firstElementChild.replaceWith(fresh[0]);
  shown.made.lastElementChild.replaceWith(fresh[fresh.length - 1]);
  Object.assign(shown, { line, outcome: line.outcome, reason: line.reason });
}

/** As the journal is paged through: by time, then by id. */
const newestFirst = (a, b) =>
  Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1);

function deliveries(topic) {
  const list = by('emails');
  const first = rows.size === 0;
  const latest = Object.values(topic.deliveries).sort(newestFirst);
  const ids = new Set(Object.keys(topic.deliveries));
  for (const [id, { made }] of rows) {
    if (!ids.has(id)) {
      made.remove();
      rows.delete(id);
    }
  }
  latest.forEach((line) => {
    const shown = rows.get(line.id);
    if (!shown) {
      const made = row(line, () => rows.get(line.id)?.line ?? line);
      made.classList.toggle('new', !first);
      rows.set(line.id, { made, line, outcome: line.outcome, reason: line.reason });
    } else if (shown.outcome !== line.outcome || shown.reason !== line.reason) {
      update(shown, line);
    }
  });
  latest.forEach((line, index) => {
    const { made } = rows.get(line.id);
    if (list.children[index] !== made) {
      list.insertBefore(made, list.children[index] ?? null);
    }
  });
  by('emails-empty').hidden = latest.length > 0;
  held(topic.waiting ?? {});
  offer(topic.names);
}

/** A bar that says by its length what the text beside it says in figures. */
function bar(share) {
  const drawn = element('progress', { max: '100', value: String(Math.round(share)), 'aria-hidden': 'true' });
  return drawn;
}

/** Shows a list, or the reason why nothing is known of it: what was not counted is no 0. */
function known(id, reason) {
  by(id).hidden = reason !== null;
  by(`${id}-unknown`).hidden = reason === null;
  write(by(`${id}-unknown`), reason === null ? '' : unavailable(reason));
  return reason === null;
}

function segments(topic) {
  const words = texts();
  if (!known('segments', topic.reason)) {
    return;
  }
  const names = Object.keys(words.segmentNames);
  const most = Math.max(1, ...names.map((name) => topic.segments[name] ?? 0));
  by('segments').replaceChildren(...names.map((name) => {
    const members = topic.segments[name] ?? 0;
    return element('li', { 'data-segment': name },
      element('span', {}, words.segmentNames[name]),
      element('strong', {}, whole(members)), bar((100 * members) / most));
  }));
}

function activity(topic) {
  if (!known('activity', topic.reason)) {
    return;
  }
  by('activity').replaceChildren(...Object.entries(texts().activities).flatMap(([name, label]) => [
    element('dt', {}, label),
    element('dd', { 'data-activity': name }, whole(topic.activity[name] ?? 0)),
  ]));
}

/** A cell of the funnel, which says its column where there is no room for a table. */
const cell = (column, attributes, ...content) =>
  element('td', { role: 'cell', 'data-column': texts()[column], ...attributes }, ...content);

/** A column of the funnel: the share, that the email has no such thing, or that nobody knows. */
function share(column, count, of) {
  if (of === null) {
    return cell(column, { class: 'soft' }, texts().noGoal);
  }
  if (count === null) {
    return cell(column, { class: 'soft' }, '–');
  }
  const value = of === 0 ? 0 : (100 * count) / of;
  return cell(column, {}, bar(value), element('span', { class: 'share' },
    of === 0 ? '–' : percent(Math.round(value * 100) / 100), ' ',
    element('span', { class: 'soft' }, `(${whole(count)})`)));
}

/** What an email is for, where that is no share but the time until all was well again. */
function recovery({ count, half_within_ms: half }) {
  return cell('goal', {}, half === null ? '–' : texts().recovered(length(half)), ' ',
    element('span', { class: 'soft' }, `(${whole(count)})`));
}

/** Why there is no figure in the funnel, or in which of its columns. */
function unknownOf(topic) {
  if (topic.reason !== null) {
    return unavailable(topic.reason);
  }
  return topic.events_reason === null ? '' : texts().noEvents(unavailable(topic.events_reason));
}

function funnel(topic) {
  const emails = Object.values(topic.emails)
    .filter((email) => email.sent > 0)
    .sort((a, b) => (a.code < b.code ? -1 : 1));
  by('funnel').replaceChildren(...emails.map((email) => element('tr', { role: 'row', 'data-code': email.code },
    element('th', { role: 'rowheader', scope: 'row' }, said(email.name), ' ', element('code', {}, email.code)),
    cell('sent', { class: 'num' }, whole(email.sent)),
    share('opened', email.opened_by_people, email.sent),
    share('clicked', email.clicked, email.sent),
    email.code === topic.recovery.code
      ? recovery(topic.recovery) : share('goal', email.goal, email.goal_of))));
  by('funnel-empty').hidden = emails.length > 0 || topic.reason !== null;
  const unknown = unknownOf(topic);
  by('funnel-unknown').hidden = unknown === '';
  write(by('funnel-unknown'), unknown);
  const outcomes = Object.values(topic.outcomes).sort((a, b) => b.count - a.count);
  by('outcomes').replaceChildren(...outcomes.map((outcome) => element('li', {
    title: outcome.reason_text ? said(outcome.reason_text) : null,
  }, pill(outcome.outcome), outcome.reason ? element('span', { class: 'soft' }, said(outcome.reason_name)) : null,
  element('strong', {}, whole(outcome.count)))));
  defineLines('outcomes');
}

const SHOW = { freshness, kpis, trends: showTrends, deliveries, segments, activity, funnel };

function show(topic) {
  if (told[topic]) {
    SHOW[topic](told[topic]);
  }
}

// Connection

const stream = new Stream({
  topic: (name, content) => {
    const first = name === 'kpis' && told.kpis === undefined;
    // The database's silence says no time: what is shown is still of the one that was said last.
    told[name] = name === 'freshness' && content.as_of === null
      ? { ...content, as_of: told.freshness?.as_of ?? null } : content;
    show(name);
    if (first) {
      show('trends');
    }
  },
  state: become,
  refused: () => requestToken(texts().signedOut),
});

// Who one is

/** Leaves nothing that only who was here before may see. */
function forget() {
  forgetSearch();
  closeMail();
}

/** Shows nothing but the form. */
function requestToken(problem = '') {
  me = null;
  stream.end();
  forget();
  showWho();
  by('waiting').hidden = true;
  by('login').hidden = false;
  by('content').hidden = true;
  by('fresh').hidden = true;
  by('days').hidden = true;
  by('login-problem').textContent = problem;
  by('login-token').focus();
}

/** Shows the page to somebody, and of its search nothing that another one asked. */
function open(somebody) {
  if (me?.name !== somebody.name || me?.role !== somebody.role) {
    forget();
  }
  me = somebody;
  by('waiting').hidden = true;
  by('login').hidden = true;
  by('fresh').hidden = false;
  by('days').hidden = false;
  by('content').hidden = false;
  showWho();
  by('emails-page').hidden = !me.emails_page;
  searchAs(me.role);
  stream.show(days);
}

function showWho() {
  by('who').hidden = me === null;
  write(by('who-name'), me === null ? '' : texts().signedInAs(me.name, texts().roles[me.role]));
}

/** In words, why somebody was not let in. */
function refusal(answer, wrong) {
  if (answer?.status === 401) {
    return wrong;
  }
  if (answer?.status === 429) {
    return texts().tooMany(Number(answer.headers.get('Retry-After')) || 1);
  }
  return answer ? texts().refused(answer.status) : texts().noAnswer;
}

by('login-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const field = by('login-token');
  const answer = await signIn(field.value);
  if (answer?.ok) {
    field.value = '';
    open(await answer.json());
    by('main').focus();
  } else {
    by('login-problem').textContent = refusal(answer, texts().wrongToken);
    field.select();
  }
});

by('sign-out').addEventListener('click', async () => {
  if (await signOut()) {
    requestToken();
  } else {
    by('who-name').textContent = texts().noAnswer;
  }
});

/** By the ticket of the address, or by the session of an earlier one. */
async function begin() {
  const ticket = ticketOfAddress();
  const answer = ticket ? await signIn(`#ticket=${ticket}`) : null;
  const somebody = await who((busy) => {
    by('waiting').hidden = false;
    by('waiting').textContent = busy?.status === 429
      ? texts().tooMany(Number(busy.headers.get('Retry-After')) || 1) : texts().noAnswer;
  });
  if (somebody) {
    open(somebody);
  } else {
    requestToken(ticket ? refusal(answer, texts().usedTicket) : '');
  }
}

onChange(begin);
addEventListener('pageshow', ({ persisted }) => persisted && begin());
addEventListener('hashchange', () => /ticket=|token=/.test(location.hash) && begin());

document.querySelector(`input[name=days][value="${days}"]`).checked = true;
translate();
begin();
