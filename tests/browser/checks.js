// What a page can be asked about itself, beyond axe. Each answers with the list of what is amiss,
// in words that name the element; an empty list is well. Nothing here changes what the page shows.
(() => {
  const CONTROLS = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex]:not([tabindex^="-"])';
  const HAN = /\p{Script=Han}/u;
  const round = (n) => Math.round(n * 10) / 10;
  const texts = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.data.trim() && !node.parentElement.closest('script, style, noscript, template, title')) found.push(node);
    }
    return found;
  };
  const rects = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter((r) => r.width > 1 && r.height > 1);
  };
  // shown: laid out, not hidden, and more than the one pixel of text for screen readers alone
  const shown = (el) => {
    if (!el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return false;
    for (let up = el; up; up = up.parentElement) {
      const box = up.getBoundingClientRect();
      const style = getComputedStyle(up);
      if (style.overflow !== 'visible' && style.position === 'absolute' && box.width <= 1 && box.height <= 1) return false;
    }
    return true;
  };
  const name = (el) => {
    const id = el.id ? `#${el.id}` : '';
    const field = el.getAttribute('name') ? `[name=${el.getAttribute('name')}]` : '';
    const said = (el.textContent || el.value || '').trim().replace(/\s+/g, ' ').slice(0, 30);
    return `${el.localName}${id}${field} "${said}"`;
  };
  const once = (list) => [...new Set(list)];
  const spoken = (el) => (el.closest('[lang]')?.getAttribute('lang') ?? '').toLowerCase();
  const scrolled = (el) => {
    for (let up = el.parentElement; up && up !== document.body; up = up.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return true;
    }
    return false;
  };
  const pinned = (el) => {
    for (let up = el; up; up = up.parentElement) {
      if (/fixed|sticky|absolute/.test(getComputedStyle(up).position)) return true;
    }
    return false;
  };

  // WCAG 2.5.5 and 2.5.8: a link within a sentence is as high as its line, and may be
  const inSentence = (el) => {
    if (el.localName !== 'a' || getComputedStyle(el).display !== 'inline') return false;
    let block = el.parentElement;
    while (getComputedStyle(block).display === 'inline') block = block.parentElement;
    return texts(block).some((node) => !node.parentElement.closest(CONTROLS) && /[\p{L}\p{N}]/u.test(node.data));
  };
  // what a finger may hit: the control, or a label that works it
  const target = (el) => {
    let box = el.getBoundingClientRect();
    let [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom];
    if (el.localName === 'input') {
      for (const label of el.labels ?? []) {
        box = label.getBoundingClientRect();
        if (/checkbox|radio/.test(el.type) && shown(label)) {
          [left, top] = [Math.min(left, box.left), Math.min(top, box.top)];
          [right, bottom] = [Math.max(right, box.right), Math.max(bottom, box.bottom)];
        }
      }
    }
    return { width: right - left, height: bottom - top };
  };
  const targets = (least) => [...document.querySelectorAll(CONTROLS)]
    .filter((el) => shown(el) && !el.disabled && !inSentence(el))
    .map((el) => [el, target(el)])
    .filter(([, box]) => box.width < least - 0.5 || box.height < least - 0.5)
    .map(([el, box]) => `${name(el)} is ${round(box.width)}×${round(box.height)}, not ${least}×${least}`);

  const smallText = (least) => {
    const size = (el) => parseFloat(getComputedStyle(el).fontSize) * (el.ownerSVGElement ? el.getScreenCTM?.()?.a ?? 1 : 1);
    const holders = texts(document.body).map((node) => node.parentElement);
    const fields = [...document.querySelectorAll('input:not([type="hidden"], [type="checkbox"], [type="radio"]), select, textarea')];
    return once([...holders, ...fields].filter((el) => shown(el) && size(el) < least - 0.05)
      .map((el) => `${name(el)} is ${round(size(el))}px, not ${least}px`));
  };

  // Latin words on a Chinese page, but for what is marked as foreign, as code or as somebody's data
  const english = (allowed) => {
    const said = texts(document.body).filter((node) => shown(node.parentElement) || node.parentElement.localName === 'option')
      .map((node) => [node.parentElement, node.data]);
    for (const el of document.querySelectorAll('[alt], [title], [aria-label], [placeholder], input[type="submit"], input[type="button"]')) {
      for (const of of ['alt', 'title', 'aria-label', 'placeholder']) if (el.hasAttribute(of)) said.push([el, el.getAttribute(of)]);
      if (/submit|button/.test(el.type ?? '')) said.push([el, el.value]);
    }
    said.push([document.documentElement, document.title]);
    const known = new Set(allowed.map((word) => word.toLowerCase()));
    const found = [];
    for (const [el, text] of said) {
      if (!spoken(el).startsWith('zh') || el.closest('code, pre, kbd, samp, bdi')) continue;
      // what holds a digit or the signs of codes and addresses is no word
      const words = text.split(/[^\p{Script=Latin}\p{N}_@:/.#+'’-]+/u)
        .filter((token) => /\p{Script=Latin}{2}/u.test(token) && !/[\p{N}_@:/#+]|\.\p{Script=Latin}/u.test(token))
        .map((token) => token.replace(/^[.'’-]+|[.'’-]+$/g, ''))
        .filter((word) => !known.has(word.toLowerCase()));
      if (words.length) found.push(`${el.localName} says "${words.join(' ')}" in "${text.trim().slice(0, 40)}"`);
    }
    return once(found);
  };

  // a language pack's page: what is not translated says in which language it is, or stands alone
  const foreign = () => once(texts(document.body)
    .filter((node) => HAN.test(node.data) && shown(node.parentElement))
    .filter((node) => !spoken(node.parentElement).startsWith('zh') && !node.parentElement.closest('bdi, code, pre'))
    .map((node) => `${name(node.parentElement)} is Chinese and does not say so`));

  const sideways = () => {
    const root = document.scrollingElement;
    if (root.scrollWidth <= root.clientWidth + 1) return [];
    const wide = [...document.body.querySelectorAll('*')].filter((el) => {
      const box = el.getBoundingClientRect();
      return shown(el) && !scrolled(el) && (box.right > root.clientWidth + 1 || box.left < -1) && box.top > -500;
    });
    return [`the page is ${root.scrollWidth}px wide in ${root.clientWidth}px`,
      ...once(wide.slice(-5).map((el) => `${name(el)} reaches ${round(el.getBoundingClientRect().right)}px`))];
  };

  const cut = () => {
    const found = [];
    for (const node of texts(document.body)) {
      const el = node.parentElement;
      if (!shown(el) || el.closest('svg')) continue;
      const lines = rects(node);
      // the blank half of a closing mark (、。) may hang over the end of a line by a little
      const hangs = 1 + parseFloat(getComputedStyle(el).fontSize) / 8;
      for (let up = el; up && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (style.position === 'fixed' || /auto|scroll/.test(`${style.overflowX} ${style.overflowY}`)) break;
        const box = up.getBoundingClientRect();
        const clips = /hidden|clip/.test(`${style.overflowX} ${style.overflowY}`);
        const lost = lines.some((r) => r.right > box.right + hangs || r.left < box.left - 1
          || (clips && (r.bottom > box.bottom + r.height / 3 || r.top < box.top - r.height / 3)));
        if (lost && style.display !== 'inline' && style.display !== 'contents') {
          found.push(`${name(el)} does not fit into ${name(up)}`);
          break;
        }
      }
    }
    for (const el of document.querySelectorAll('input:not([type="hidden"], [type="checkbox"], [type="radio"], [type="file"])')) {
      if (shown(el) && el.value && el.scrollWidth > el.clientWidth + 1) found.push(`${name(el)} is too narrow for its value`);
    }
    return once(found);
  };

  // two texts on one another, or a text on a control that is not its own
  const overlaps = () => {
    const boxes = [];
    for (const node of texts(document.body)) {
      const el = node.parentElement;
      if (!shown(el) || pinned(el) || el.closest('svg, select')) continue;
      for (const r of rects(node)) boxes.push([el, r, false]);
    }
    for (const el of document.querySelectorAll('button, input:not([type="hidden"]), select, textarea')) {
      if (shown(el) && !pinned(el)) boxes.push([el, el.getBoundingClientRect(), true]);
    }
    boxes.sort((a, b) => a[1].top - b[1].top);
    const found = [];
    boxes.forEach(([one, a, aControl], at) => {
      for (let next = at + 1; next < boxes.length && boxes[next][1].top < a.bottom; next += 1) {
        const [other, b, bControl] = boxes[next];
        if (one === other || ((aControl || bControl) && (one.contains(other) || other.contains(one)))) continue;
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (width <= 1 || height <= 1) continue;
        // line boxes of CJK fonts reach into their neighbours; letters that meet do so by more
        if (width * height > 0.25 * Math.min(a.width * a.height, b.width * b.height)) {
          found.push(`${name(one)} and ${name(other)} lie on one another`);
        }
      }
    });
    return once(found);
  };

  const pictures = () => {
    const hidden = (el) => el.closest('[aria-hidden="true"]') || /presentation|none/.test(el.getAttribute('role') ?? '');
    const named = (el) => el.getAttribute('aria-label')?.trim() || el.getAttribute('aria-labelledby')
      ?.split(/\s+/).some((id) => document.getElementById(id)?.textContent.trim());
    const amiss = [];
    for (const el of document.querySelectorAll('img')) {
      if (!hidden(el) && !el.hasAttribute('alt') && !named(el)) amiss.push(`img ${el.src.slice(0, 60)} has no name`);
    }
    for (const el of document.querySelectorAll('svg')) {
      if (el.ownerSVGElement || hidden(el)) continue;
      const title = el.querySelector(':scope > title')?.textContent.trim();
      // an image hides what is in it: one that holds links is a group with a name
      const role = el.querySelector('a') ? 'group' : 'img';
      if (el.getAttribute('role') !== role || !(named(el) || title)) amiss.push('svg is neither hidden nor an image with a name');
    }
    return amiss;
  };

  const language = ([lang, direction]) => {
    const root = document.documentElement;
    const found = [];
    if ((root.lang.toLowerCase().split('-')[0]) !== lang) found.push(`the page says that it is in "${root.lang}", not "${lang}"`);
    if (getComputedStyle(root).direction !== direction) found.push(`the page is not written ${direction}`);
    if (direction === 'rtl' && root.dir !== 'rtl') found.push('the page does not say dir="rtl"');
    return found;
  };

  // the keyboard's way: remembered before the first Tab, asked after each
  const LOOKS = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderTopColor', 'borderTopWidth', 'borderBottomColor', 'borderBottomWidth', 'backgroundColor', 'textDecorationLine', 'textDecorationThickness'];
  const looks = (el) => {
    const style = getComputedStyle(el);
    return LOOKS.filter((of) => style.outlineStyle !== 'none' || !/outline(Width|Color)/.test(of)).map((of) => style[of]).join('|');
  };
  let stops = [];
  const begin = () => {
    const body = document.body;  // whatever had the focus, the walk begins at the beginning
    const index = body.getAttribute('tabindex');
    body.tabIndex = -1;
    body.focus({ preventScroll: true });
    body.blur();
    if (index === null) body.removeAttribute('tabindex');
    else body.setAttribute('tabindex', index);
    const group = new Set();
    stops = [...document.querySelectorAll(CONTROLS)].filter((el) => !el.disabled && el.tabIndex >= 0
      && el.checkVisibility({ checkVisibilityCSS: true }));
    stops = stops.filter((el) => {  // of a group of radio buttons one is a stop
      if (el.type !== 'radio') return true;
      const key = `${el.form ? [...document.forms].indexOf(el.form) : ''}/${el.name}`;
      const checked = [...document.querySelectorAll(`input[type="radio"][name="${CSS.escape(el.name)}"]`)].find((one) => one.form === el.form && one.checked);
      if ((checked && checked !== el) || group.has(key)) return false;
      group.add(key);
      return true;
    });
    stops = stops.map((el) => [el, looks(el)]);
    return stops.length;
  };
  const here = () => {
    const el = document.activeElement;
    if (!el || el === document.body || el === document.documentElement) return { at: -1 };
    const at = stops.findIndex(([one]) => one === el);
    const box = el.getBoundingClientRect();
    return {
      at,
      what: name(el),
      scroller: at < 0 && /auto|scroll/.test(`${getComputedStyle(el).overflowX} ${getComputedStyle(el).overflowY}`),
      seen: at < 0 || (looks(el) !== stops[at][1] && box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth),
    };
  };
  const stop = (at) => name(stops[at][0]);

  window.tongbanChecks = { targets, smallText, english, foreign, sideways, cut, overlaps, pictures, language, begin, here, stop };
})();
