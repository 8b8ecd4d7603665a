/** What pages do in the browser beside being read: local times, refreshing, forms without leaving, copying. */

const status = document.getElementById('status');
const say = (text) => {
  status.textContent = text;
};

const localTimes = (root) => {
  const today = new Date().toDateString();
  for (const each of root.querySelectorAll('time')) {
    const at = new Date(each.dateTime);
    const sameDay = at.toDateString() === today;
    each.title = at.toLocaleString();
    each.textContent = sameDay
      ? at.toLocaleTimeString([], {
          hour: '2-digit',
          minute: '2-digit',
          ...(each.dataset.precision === 'second' && { second: '2-digit' }),
        })
      : at.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  }
};

/** The server does not know of a proxy in front of it that speaks https; the browser does. */
const ownAddress = (root) => {
  for (const each of root.querySelectorAll('[data-address]')) each.textContent = location.origin + each.dataset.address;
};

/** Makes one element like another in place: what stays keeps its focus, its scroll position and its selection. */
const become = (shown, wanted) => {
  if (shown.nodeType !== wanted.nodeType || shown.nodeName !== wanted.nodeName) return shown.replaceWith(wanted);
  if (shown.nodeType !== Node.ELEMENT_NODE) {
    if (shown.nodeValue !== wanted.nodeValue) shown.nodeValue = wanted.nodeValue;
    return undefined;
  }
  for (const name of shown.getAttributeNames()) if (!wanted.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  becomeChildren(shown, [...wanted.childNodes]);
  return undefined;
};

const keyOf = (node) => node.dataset?.key ?? (node.id || undefined);

const becomeChildren = (shown, wanted) => {
  const keyed = new Map([...shown.childNodes].filter(keyOf).map((node) => [keyOf(node), node]));
  const wantedKeys = new Set(wanted.map(keyOf).filter(Boolean));
  for (const [key, node] of keyed) if (!wantedKeys.has(key)) node.remove();
  let at = shown.firstChild;
  for (const node of wanted) {
    const same = keyed.get(keyOf(node)) ?? (at !== null && keyOf(at) === undefined ? at : null);
    if (same === null) {
      shown.insertBefore(node, at);
      continue;
    }
    // Moving an element takes its focus away, so only what stands elsewhere is moved.
    if (same !== at) shown.insertBefore(same, at);
    at = same.nextSibling;
    become(same, node);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
};

const live = document.querySelector('[data-refresh]');
const pause = document.getElementById('pause');
let timer;

const refresh = async () => {
  clearTimeout(timer);
  const idle = document.hidden || pause?.checked === true;
  if (!idle) await load();
  timer = setTimeout(() => void refresh(), Number(live.dataset.refresh));
};

const load = async () => {
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    // Logged out: the whole page says so.
    if (response.status === 401) return location.reload();
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const fresh = page.querySelector('[data-refresh]');
    if (fresh === null) return location.reload();
    localTimes(fresh);
    ownAddress(fresh);
    become(live, fresh);
    if (document.body.classList.replace('stale', 'fresh')) say('The server answers again.');
  } catch {
    if (!document.body.classList.contains('stale')) say('The server does not answer; what is shown is old.');
    document.body.classList.remove('fresh');
    document.body.classList.add('stale');
  }
  return undefined;
};

/** Forms of the live part act without leaving the page; where that fails, the browser sends them as ever. */
const sendInline = async (form, submitter) => {
  const name = submitter?.getAttribute('aria-label') ?? submitter?.textContent.trim() ?? 'Sent';
  const response = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
  say(response.ok ? `${name}: done.` : `${name}: that did not work.`);
  const focused = submitter === document.activeElement;
  await refresh();
  if (focused && !submitter.isConnected) document.getElementById('main').focus();
};

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (live === null || !('inline' in form.dataset)) return;
  event.preventDefault();
  sendInline(form, event.submitter).catch(() => form.submit());
});

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-copy]');
  if (button !== null) void copy(button);
});

const copy = async (button) => {
  const text = document.getElementById(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
    say('Copied.');
    button.textContent = 'Copied';
  } catch {
    // Browsers allow it on https and on this machine only.
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    say('Selected: copy it with your keyboard.');
  }
};

localTimes(document);
ownAddress(document);
if (live !== null) {
  timer = setTimeout(() => void refresh(), Number(live.dataset.refresh));
  document.addEventListener('visibilitychange', () => void (document.hidden || refresh()));
  pause?.addEventListener('change', () => void refresh());
}
