import { language, texts } from '/assets/texts.js';

/** How figures and times are written, and how elements are made. */

const locale = () => (language() === 'fr' ? 'fr-FR' : 'en-GB');

/** A whole number. */
export const whole = (value) => new Intl.NumberFormat(locale()).format(value);

/** A percentage with at most two decimals, as the figures have them. */
export function percent(value) {
  const text = new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(value);
  return `${text}\u00a0%`;
}

/** Seconds with one decimal. */
export const seconds = (millis) =>
  new Intl.NumberFormat(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })
    .format(millis / 1000);

/** Whole minutes, hours or days. */
export function length(millis) {
  const [unit, one] = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]]
    .find(([, each]) => millis >= each);
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' })
    .format(millis / one);
}

/** A time by these options; in French the first of a month is written as an ordinal. */
const written = (options) => (time) => new Intl.DateTimeFormat(locale(), options)
  .formatToParts(new Date(time))
  .map(({ type, value }) => (type === 'day' && value === '1' && language() === 'fr' ? '1er' : value))
  .join('');

/** A time of day to the second, where the reader is. */
export const clock = written({ hour: '2-digit', minute: '2-digit', second: '2-digit' });

const thisYear = written({
  day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit',
});
const anotherYear = written({
  day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
});

/** A day and time, where the reader is; with the year where it is not this one. */
export const moment = (time) =>
  new Date(time).getFullYear() === new Date().getFullYear() ? thisYear(time) : anotherYear(time);

/** A day and minute, where the reader is. */
export const minute = written({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

const dayUtc = written({ day: 'numeric', month: 'short', timeZone: 'UTC' });
const hourUtc = written({ hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

/** The beginning of a step of a chart, in UTC as the steps are. */
export const step = (grain, time) => (grain === 'hour' ? hourUtc(time) : dayUtc(time));

/** Why a KPI has no value, in words. */
export function unavailable(reason) {
  const { reasons } = texts();
  const [, table, what] = reason.match(/^(.*)_table_(missing|incomplete)$/) ?? [];
  if (table) {
    return what === 'missing' ? reasons.tableMissing(table) : reasons.tableIncomplete(table);
  }
  const [, code] = reason.match(/^rule_disabled:(.*)$/) ?? [];
  return code ? reasons.ruleDisabled(code) : reasons[reason] ?? reason;
}

/** An element with attributes, and children that are elements or texts. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(key, value === true ? '' : value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Writes a text only where it differs, so that nothing is repainted or read out in vain. */
export function write(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
    return true;
  }
  return false;
}
