import { language, said, switchLanguage, texts } from '/assets/texts.js';
import {
  clock, element, length, minute, moment, percent, seconds, unavailable, whole, write,
} from '/assets/format.js';
import { sparkline, Trend } from '/assets/charts.js';
import { openMail } from '/assets/mail.js';

/** The live page: shows each topic as the service tells it, and nothing it was not told. */

const PRIMARY = 4;
const TOPICS = ['freshness', 'kpis', 'trends', 'deliveries', 'segments', 'activity', 'funnel'];
const SPOKEN_EVERY = 15_000;
const by = (id) => document.getElementById(id);

const told = {};
const tiles = new Map();
const trends = new Map();
const rows = new Map();
let source = null;

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
  TOPICS.forEach(show);
  if (!told.freshness) {
    freshness({ state: 'connecting' });
  }
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
  listen();
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
    told.funnel?.outcomes.filter(({ reason_text: text }) => text).forEach(({ outcome, reason, reason_text: text }) =>
      lines.push([`${names[outcome] ?? outcome}, ${reason}`, said(text)]));
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

/** Says at once that figures are no longer those of now, and that they are again. */
function speakOf(state) {
  const { freshSpoken } = texts();
  if (ALARMS.includes(state) && state !== alarm) {
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

function freshness(topic) {
  const words = texts();
  speakOf(topic.state);
  by('fresh').dataset.state = topic.state;
  write(by('fresh-state'), words.fresh[topic.state]);
  const time = by('fresh-time');
  if (topic.as_of) {
    time.dateTime = topic.as_of;
    time.title = `${words.updated}: ${topic.as_of}`;
    const behind = topic.lag_ms >= 1000 ? `, ${words.behind(seconds(topic.lag_ms))}` : '';
    write(time, `${clock(topic.as_of)}${behind}`);
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
  topic.kpis.forEach((kpi, index) => {
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
    write(parts.tone, tone);
    parts.tone.hidden = tone === '';
    write(parts.cases, kpi.available
      ? words.of(whole(kpi.numerator), whole(kpi.denominator)) : unavailable(kpi.reason));
    write(parts.definition, hasTargets
      ? `${said(kpi.description)} ${words.targets(kpi.red_below, kpi.green_from)}.` : said(kpi.description));
  });
}

/** What the small line of a tile shows, for those who do not see it. */
function trendInWords(points, grain) {
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  return values.length === 0 ? '' : texts().trend(
    grain, percent(values[0]), percent(values.at(-1)),
    percent(Math.min(...values)), percent(Math.max(...values)));
}

function showTrends(topic) {
  if (!told.kpis) {
    return;
  }
  write(by('grain'), texts().grain[topic.grain]);
  told.kpis.kpis.forEach((kpi, index) => {
    const points = topic.series[kpi.kpi] ?? [];
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

function row(line) {
  const button = element('button', {
    type: 'button', class: 'link', 'data-delivery': line.id, 'aria-haspopup': 'dialog', 'aria-label': texts().details(said(line.name)),
  }, said(line.name));
  button.addEventListener('click', () => openMail(rows.get(line.id).line));
  const time = line.sent_at ?? line.created_at;
  return element('tr', { class: 'new' },
    element('td', { class: 'when' }, element('time', { datetime: time, title: moment(time) }, clock(time))),
    element('td', {}, button, ' ', element('code', {}, line.code)),
    element('td', {}, pill(line.outcome), ' ',
      line.reason_text ? element('span', { class: 'reason' }, said(line.reason_text)) : null));
}

/** Says of a row what is said of its email now; its button stays, and what has the focus with it. */
function update(shown, line) {
  const fresh = row(line).cells;
  shown.made.firstElementChild.replaceWith(fresh[0]);
  shown.made.lastElementChild.replaceWith(fresh[fresh.length - 1]);
  shown.line = line;
}

function deliveries(topic) {
  const list = by('emails');
  const first = rows.size === 0;
  const ids = new Set(topic.deliveries.map((line) => line.id));
  for (const [id, { made }] of rows) {
    if (!ids.has(id)) {
      made.remove();
      rows.delete(id);
    }
  }
  topic.deliveries.forEach((line) => {
    const shown = rows.get(line.id);
    if (!shown) {
      const made = row(line);
      made.classList.toggle('new', !first);
      rows.set(line.id, { made, line });
    } else if (shown.line.outcome !== line.outcome || shown.line.reason !== line.reason) {
      update(shown, line);
    }
  });
  topic.deliveries.forEach((line, index) => {
    const { made } = rows.get(line.id);
    if (list.children[index] !== made) {
      list.insertBefore(made, list.children[index] ?? null);
    }
  });
  by('emails-empty').hidden = topic.deliveries.length > 0;
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

/** A column of the funnel: the share, that the email has no such thing, or that nobody knows. */
function share(count, of) {
  if (of === null) {
    return element('td', { class: 'soft' }, texts().noGoal);
  }
  if (count === null) {
    return element('td', { class: 'soft' }, '–');
  }
  const value = of === 0 ? 0 : (100 * count) / of;
  return element('td', {}, bar(value), element('span', { class: 'share' },
    of === 0 ? '–' : percent(Math.round(value * 100) / 100), ' ',
    element('span', { class: 'soft' }, `(${whole(count)})`)));
}

/** What an email is for, where that is no share but the time until all was well again. */
function recovery({ count, half_within_ms: half }) {
  return element('td', {}, half === null ? '–' : texts().recovered(length(half)), ' ',
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
  const emails = topic.emails.filter((email) => email.sent > 0);
  by('funnel').replaceChildren(...emails.map((email) => element('tr', { 'data-code': email.code },
    element('th', { scope: 'row' }, said(email.name), ' ', element('code', {}, email.code)),
    element('td', { class: 'num' }, whole(email.sent)),
    share(email.opened_by_people, email.sent),
    share(email.clicked, email.sent),
    email.code === topic.recovery.code
      ? recovery(topic.recovery) : share(email.goal, email.goal_of))));
  by('funnel-empty').hidden = emails.length > 0 || topic.reason !== null;
  const unknown = unknownOf(topic);
  by('funnel-unknown').hidden = unknown === '';
  write(by('funnel-unknown'), unknown);
  by('outcomes').replaceChildren(...topic.outcomes.map((outcome) => element('li', {
    title: outcome.reason_text ? said(outcome.reason_text) : null,
  }, pill(outcome.outcome), outcome.reason ? element('code', {}, outcome.reason) : null,
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

function listen() {
  source?.close();
  source = new EventSource(`/page/events?days=${days}`);
  const mine = source;
  for (const topic of TOPICS) {
    mine.addEventListener(topic, ({ data }) => {
      const first = topic === 'kpis' && told.kpis === undefined;
      told[topic] = JSON.parse(data);
      show(topic);
      if (first) {
        show('trends');
      }
    });
  }
  mine.addEventListener('error', async () => {
    told.freshness = { state: 'lost' };
    show('freshness');
    const answer = await fetch('/session').catch(() => null);
    if (answer?.status === 401) {
      mine.close();
      ask();
    } else if (mine.readyState === EventSource.CLOSED && mine === source) {
      setTimeout(() => mine === source && listen(), 3000);
    }
  });
}

function ask() {
  by('login').hidden = false;
  by('content').hidden = true;
  by('fresh').hidden = true;
  by('login-token').focus();
}

function open() {
  by('login').hidden = true;
  by('fresh').hidden = false;
  by('content').hidden = false;
  listen();
}

const enter = (token) =>
  fetch('/session', { method: 'POST', headers: { Authorization: `Bearer ${token}` } });

by('login-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await enter(by('login-token').value.trim());
  if (answer.ok) {
    by('login-token').value = '';
    open();
  } else {
    const { detail } = await answer.json();
    by('login-problem').textContent = answer.status === 401 ? texts().wrongToken : detail;
  }
});

/** The token comes behind the # of the address, which no server sees, and leaves it at once. */
async function begin() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    history.replaceState(null, '', location.pathname + location.search);
    await enter(token);
  }
  const answer = await fetch('/session');
  if (answer.ok) {
    open();
  } else {
    ask();
  }
}

document.querySelector(`input[name=days][value="${days}"]`).checked = true;
translate();
begin();
