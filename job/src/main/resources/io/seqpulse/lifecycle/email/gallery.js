'use strict';
(() => {
  const MARGIN = 16;
  const BORDER = 1;
  const root = document.documentElement;
  const tools = document.getElementById('tools');
  const frames = [...document.querySelectorAll('iframe')];
  const mails = new Map(frames.map((frame) => [frame, frame.getAttribute('srcdoc')]));

  /* A browser asks its own settings for light or dark: a mail is shown as if they were others. */
  function inColours(html, colours) {
    return html
      .replace(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/g, colours === 'dark' ? '(min-width:0)' : '(max-width:0)')
      .replace(/color-scheme:light dark/g, `color-scheme:${colours}`)
      .replace(/(<meta name="(?:supported-)?color-schemes?" content=")light dark"/g, `$1${colours}"`);
  }

  /* As high as the mail; smaller where there is less room than it is wide, so that no part is hidden. */
  function fit(frame) {
    const page = frame.contentDocument?.documentElement;
    if (page && frame.offsetParent) {
      const width = Number(root.dataset.width) + 2 * BORDER;
      frame.style.zoom = Math.min(1, (frame.parentElement.clientWidth - 2 * MARGIN) / width);
      frame.style.height = '0';
      frame.style.height = `${page.scrollHeight}px`;
    }
  }

  function show() {
    const asked = new FormData(tools);
    for (const name of ['language', 'part', 'width']) {
      root.dataset[name] = asked.get(name);
    }
    root.lang = asked.get('language');
    const colours = asked.get('colours');
    if (root.dataset.colours !== colours) {
      root.dataset.colours = colours;
      frames.forEach((frame) => frame.setAttribute('srcdoc', inColours(mails.get(frame), colours)));
    }
    frames.forEach(fit);
  }

  /* #fr,360,dark,text or #E-TRX-01-full-fr: an address that shows the same to somebody else. */
  function follow() {
    const asked = decodeURIComponent(location.hash.slice(1));
    const mail = document.getElementById(asked);
    const words = mail?.dataset.language ? [mail.dataset.language] : asked.split(',');
    for (const input of tools.querySelectorAll('input')) {
      if (words.includes(input.value)) {
        input.checked = true;
      }
    }
    show();
    mail?.scrollIntoView();
  }

  frames.forEach((frame) => frame.addEventListener('load', () => fit(frame)));
  tools.addEventListener('change', show);
  tools.addEventListener('submit', (event) => event.preventDefault());
  addEventListener('hashchange', follow);
  addEventListener('resize', () => frames.forEach(fit));
  if (matchMedia('(prefers-color-scheme: dark)').matches) {
    tools.elements.colours.value = 'dark';
  }
  if (innerWidth < 900) {
    tools.elements.width.value = '360';
  }
  if (navigator.language.startsWith('fr')) {
    tools.elements.language.value = 'fr';
  }
  follow();
})();
