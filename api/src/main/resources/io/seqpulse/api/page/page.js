import { language, said, switchLanguage, texts } from '/assets/texts.js';
import {
  clock, element, minute, moment, percent, seconds, unavailable, whole, write,
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
let spokenAt = 0;

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

// Topics

function freshness(topic) {
  const words = texts();
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
  const words = texts();
  const title = said(kpi.title);
  const id = `define-${kpi.kpi}`;
  const definition = element('p', { class: 'definition', id, hidden: true });
  const define = element('button', {
    type: 'button', class: 'define', 'aria-expanded': 'false', 'aria-controls': id,
    'aria-label': words.defineOf(title), title: words.define,
  }, 'i');
  define.addEventListener('click', () => {
    definition.hidden = !definition.hidden;
    define.setAttribute('aria-expanded', String(!definition.hidden));
  });
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
  const changes = [];
  topic.kpis.forEach((kpi, index) => {
    if (!tiles.has(kpi.kpi)) {
      tiles.set(kpi.kpi, tile(kpi, index >= PRIMARY));
    }
    const parts = tiles.get(kpi.kpi);
    const known = kpi.value !== null;
    const value = known ? percent(kpi.value) : '–';
    const before = parts.value.textContent;
    if (write(parts.value, value) && before && index < PRIMARY) {
      changes.push(words.spoken(said(kpi.title), known ? value : words.noData));
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
  speak(changes);
}

/** Says what changed, now and then: a screen reader is not to be talked over. */
function speak(changes) {
  const now = Date.now();
  if (changes.length > 0 && now - spokenAt > SPOKEN_EVERY) {
    spokenAt = now;
    by('spoken').textContent = changes.join(' ');
  }
}

function showTrends(topic) {
  if (!told.kpis) {
    return;
  }
  write(by('grain'), texts().grain[topic.grain]);
  told.kpis.kpis.forEach((kpi, index) => {
    const points = topic.series[kpi.kpi] ?? [];
    tiles.get(kpi.kpi)?.spark.replaceChildren(sparkline(points));
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
  button.addEventListener('click', () => openMail(line));
  const time = line.sent_at ?? line.created_at;
  return element('tr', { class: 'new' },
    element('td', { class: 'when' }, element('time', { datetime: time, title: moment(time) }, clock(time))),
    element('td', {}, button, ' ', element('code', {}, line.code)),
    element('td', {}, pill(line.outcome), ' ',
      line.reason_text ? element('span', { class: 'reason' }, said(line.reason_text)) : null));
}

function deliveries(topic) {
  const list = by('emails');
  const first = rows.size === 0;
  const wanted = topic.deliveries.map((line) => {
    const key = `${line.id} ${line.outcome} ${line.reason}`;
    if (!rows.has(key)) {
      const made = row(line);
      made.classList.toggle('new', !first);
      rows.set(key, made);
    }
    return [key, rows.get(key)];
  });
  const keys = new Set(wanted.map(([key]) => key));
  for (const [key, made] of rows) {
    if (!keys.has(key)) {
      made.remove();
      rows.delete(key);
    }
  }
  wanted.forEach(([, made], index) => {
    if (list.children[index] !== made) {
      list.insertBefore(made, list.children[index] ?? null);
    }
  });
  by('emails-empty').hidden = wanted.length > 0;
}

/** A bar that says by its length what the text beside it says in figures. */
function bar(share) {
  const drawn = element('progress', { max: '100', value: String(Math.round(share)), 'aria-hidden': 'true' });
  return drawn;
}

function segments(topic) {
  const words = texts();
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
  by('activity').replaceChildren(...Object.entries(texts().activities).flatMap(([name, label]) => [
    element('dt', {}, label),
    element('dd', { 'data-activity': name }, whole(topic.activity[name] ?? 0)),
  ]));
}

function share(count, of) {
  if (count === null || of === null) {
    return element('td', { class: 'soft' }, texts().noGoal);
  }
  const value = of === 0 ? 0 : (100 * count) / of;
  return element('td', {}, bar(value), element('span', { class: 'share' },
    of === 0 ? '–' : percent(Math.round(value * 100) / 100), ' ',
    element('span', { class: 'soft' }, `(${whole(count)})`)));
}

function funnel(topic) {
  const emails = topic.emails.filter((email) => email.sent > 0);
  by('funnel').replaceChildren(...emails.map((email) => element('tr', { 'data-code': email.code },
    element('th', { scope: 'row' }, said(email.name), ' ', element('code', {}, email.code)),
    element('td', { class: 'num' }, whole(email.sent)),
    share(email.opened_by_people, email.sent),
    share(email.clicked, email.sent),
    share(email.goal, email.goal_of))));
  by('funnel-empty').hidden = emails.length > 0;
  by('outcomes').replaceChildren(...topic.outcomes.map((outcome) => element('li', {
    title: outcome.reason_text ? said(outcome.reason_text) : null,
  }, pill(outcome.outcome), outcome.reason ? element('code', {}, outcome.reason) : null,
  element('strong', {}, whole(outcome.count)))));
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
    freshness({ state: 'lost' });
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
