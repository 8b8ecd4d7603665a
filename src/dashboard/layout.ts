/** The document around every page: head, navigation, who is logged in. */
import type { Caller } from '../access/callers.ts';
import { assetPath, type Assets } from './assets.ts';
import { html, nothing, type Html } from './html.ts';

export interface Page {
  /** The heading, and the name of the browser's tab. */
  readonly title: string;
  readonly main: Html;
  /** More modules and stylesheets of `assets/` than every page has. */
  readonly modules?: readonly string[];
  readonly styles?: readonly string[];
  readonly status?: number;
}

export interface LayoutOptions {
  readonly assets: Assets;
  readonly version: string;
  /** The path that is shown, for the navigation. */
  readonly path: string;
  /** Absent before the login. */
  readonly caller?: Caller | undefined;
  /** Whether the server asks for no key at all. */
  readonly open: boolean;
}

const NAVIGATION = [
  ['/dashboard', 'Now'],
  ['/dashboard/usage', 'Usage'],
  ['/dashboard/requests', 'Requests'],
  ['/dashboard/keys', 'Keys'],
  ['/dashboard/limits', 'Limits'],
  ['/dashboard/models', 'Models'],
  ['/dashboard/health', 'Health'],
  ['/dashboard/playground', 'Playground'],
] as const;

export const layout = (page: Page, options: LayoutOptions): Html => {
  const { assets, version, caller, open } = options;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · Claude proxy</title>
        <link rel="icon" href="${assetPath(assets, 'icon.svg')}" type="image/svg+xml" />
        ${['dashboard.css', ...(page.styles ?? [])].map(
          (file) => html`<link rel="stylesheet" href="${assetPath(assets, file)}" />`,
        )}
        ${['dashboard.js', ...(page.modules ?? [])].map(
          (file) => html`<script type="module" src="${assetPath(assets, file)}"></script>`,
        )}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <p class="brand">Claude proxy</p>
          ${caller === undefined ? nothing : navigation(options.path)}
          ${caller === undefined || open ? nothing : logout(caller)}
        </header>
        <main id="main" tabindex="-1">
          <h1>${page.title}</h1>
          ${caller !== undefined && open ? openNotice : nothing} ${page.main}
        </main>
        <footer><p>opencode-claude-proxy ${version}</p></footer>
        <div id="status" class="unseen" role="status"></div>
      </body>
    </html>`;
};

const navigation = (path: string): Html => html`
  <nav aria-label="Pages">
    <ul>
      ${NAVIGATION.map(([to, label]) =>
        isHere(to, path)
          ? html`<li><a href="${to}" aria-current="page">${label}</a></li>`
          : html`<li><a href="${to}">${label}</a></li>`,
      )}
    </ul>
  </nav>
`;

const isHere = (to: string, path: string): boolean =>
  to === '/dashboard' ? path === to : path === to || path.startsWith(`${to}/`);

const logout = ({ name, key }: Caller): Html => html`
  <form method="post" action="/dashboard/logout" class="logout">
    <span>Logged in ${key === undefined ? 'with PROXY_API_KEY' : html`as ${name}`}</span>
    <button type="submit">Log out</button>
  </form>
`;

const openNotice = html`
  <p class="notice">
    This server asks for no key, so whoever reaches it may use it and this page. Set PROXY_API_KEY before others can.
  </p>
`;
