/** Whether a page has markup that it did not make itself. */

export const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

const OWN_SCRIPTS = /<script type="module" src="\/dashboard\/assets\/[\w/.-]+"><\/script>/gu;

/** Tags and attributes that no page has by itself. */
export const foreignMarkup = (html: string): readonly string[] =>
  [...html.replaceAll(OWN_SCRIPTS, '').matchAll(/<[a-z!/][^>]*>/giu)]
    .map(([tag]) => tag)
    .filter((tag) =>
      // Inside a value only its beginning can do harm: quotes are escaped.
      /<(?:img|svg|b|script)\b|\son\w+=|="javascript:/iu.test(
        tag.replaceAll(/\s(?:value|aria-label|data-key)="[^"]*"|="(?!javascript:)[^"]*"/giu, ''),
      ),
    );
