/** The form to log in with an admin's key. */
import { html, nothing } from '../html.ts';
import type { Page } from '../layout.ts';

export interface LoginForm {
  /** The page to go to then. */
  readonly next: string;
  readonly status: number;
  /** Why the last try failed. */
  readonly problem?: string;
}

export const loginPage = ({ next, status, problem }: LoginForm): Page => ({
  title: 'Log in',
  status,
  main: html`
    <form method="post" action="/dashboard/login" class="stack">
      ${problem === undefined ? nothing : html`<p class="problem" id="problem" role="alert">${problem}</p>`}
      <input type="hidden" name="next" value="${next}" />
      <div class="field">
        <label for="key">Admin key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autofocus
          autocomplete="current-password"
          autocapitalize="off"
          spellcheck="false"
          aria-describedby="key-help${problem === undefined ? '' : ' problem'}"
        />
        <p class="help" id="key-help">
          The server’s PROXY_API_KEY, or a key whose role is admin. The browser keeps a session of twelve hours, not the
          key.
        </p>
      </div>
      <button type="submit" class="primary">Log in</button>
    </form>
  `,
});
