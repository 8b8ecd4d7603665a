/** A recorded terminal as an SVG that draws its lines one after the other, and shows all of them where nothing may move. */

export interface Piece {
  readonly atMs: number;
  readonly text: string;
}

export const COLUMNS = 100;

const [CHAR, LINE, PADDING, TOP] = [8.4, 19, 16, 44];
/** Pauses are cut to this: a start takes as long as the machine needs, and nobody wants to watch it. */
const LONGEST_PAUSE_MS = 900;
const COLOURS: Readonly<Record<string, string>> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 36: '#79c0ff' };

interface Span {
  readonly text: string;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly colour: string | undefined;
}

interface Line {
  readonly atMs: number;
  readonly spans: readonly Span[];
}

export const toSvg = (pieces: readonly Piece[]): string => {
  const lines = linesOf(withShortPauses(pieces));
  const width = Math.ceil(COLUMNS * CHAR + 2 * PADDING);
  const height = TOP + lines.length * LINE + PADDING;
  const rows = lines.map(({ atMs, spans }, index) => {
    const texts = spans.map((span) => `<tspan${attributesOf(span)}>${escaped(span.text)}</tspan>`).join('');
    const y = TOP + index * LINE + 4;
    return `<text x="${PADDING}" y="${y}" style="animation-delay:${(atMs / 1000).toFixed(2)}s">${texts}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img"
  aria-label="A terminal: the demo is started, asked with curl, a client is connected, and its use is shown">
<!-- Written by scripts/record.ts (npm run record) from a real session. -->
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #e6edf3; white-space: pre;
  animation: shown 1ms linear both; }
.b { font-weight: 700; } .d { fill: #8b949e; }
@keyframes shown { from { opacity: 0; } to { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { text { animation: none; } }
</style>
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
<g fill="#30363d"><circle cx="20" cy="18" r="6"/><circle cx="40" cy="18" r="6"/><circle cx="60" cy="18" r="6"/></g>
${rows.join('\n')}
</svg>
`;
};

const withShortPauses = (pieces: readonly Piece[]): readonly Piece[] => {
  let before = pieces[0]?.atMs ?? 0;
  let now = 0;
  return pieces.map(({ atMs, text }) => {
    now += Math.min(atMs - before, LONGEST_PAUSE_MS);
    before = atMs;
    return { atMs: now, text };
  });
};

/** Lines as a terminal of this width has them; each appears with its first letter. */
const linesOf = (pieces: readonly Piece[]): readonly Line[] => {
  const lines: { atMs: number; spans: Span[] }[] = [];
  let style: Omit<Span, 'text'> = { bold: false, dim: false, colour: undefined };
  let column = COLUMNS + 1;
  const put = (text: string, atMs: number): void => {
    if (column >= COLUMNS) {
      lines.push({ atMs, spans: [] });
      column = 0;
    }
    lines.at(-1)?.spans.push({ ...style, text });
    column += text.length;
  };
  for (const { atMs, text } of pieces) {
    for (const [, escape, newline, plain = ''] of text.matchAll(TOKEN)) {
      if (escape !== undefined) style = styleAfter(style, escape);
      else if (newline !== undefined) {
        if (column > COLUMNS) lines.push({ atMs, spans: [] });
        column = COLUMNS + 1;
      } else
        for (let rest = plain; rest !== '';) {
          const room = column >= COLUMNS ? COLUMNS : COLUMNS - column;
          put(rest.slice(0, room), atMs);
          rest = rest.slice(room);
        }
    }
  }
  return lines;
};

// eslint-disable-next-line no-control-regex
const TOKEN = /\u001B\[([\d;?]*[A-Za-z])|\r*(\n)|([^\u001B\r\n]+)/gu;

const styleAfter = (style: Omit<Span, 'text'>, escape: string): Omit<Span, 'text'> => {
  const code = escape.replace(/m$/u, '');
  if (code === '1') return { ...style, bold: true };
  if (code === '2') return { ...style, dim: true };
  if (code === '22') return { ...style, bold: false, dim: false };
  if (code === '39') return { ...style, colour: undefined };
  if (code === '0' || code === '') return { bold: false, dim: false, colour: undefined };
  return COLOURS[code] === undefined ? style : { ...style, colour: COLOURS[code] };
};

const attributesOf = ({ bold, dim, colour }: Span): string => {
  const classes = [bold ? 'b' : '', dim ? 'd' : ''].filter(Boolean).join(' ');
  return `${classes === '' ? '' : ` class="${classes}"`}${colour === undefined ? '' : ` fill="${colour}"`}`;
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
