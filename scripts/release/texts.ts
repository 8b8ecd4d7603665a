/** What a release changes in files: texts in, texts out. */

/** The manifests name the version of the image; `kind` is how each of them writes it. */
export const withVersion = (text: string, kind: 'kustomization' | 'chart', version: string): string => {
  const lines = { kustomization: /(?<=newTag: )[\w.-]+/gu, chart: /(?<=^(?:version|appVersion): )\S+/gmu };
  if (!lines[kind].test(text)) throw new Error(`No version was found to replace in the ${kind}.`);
  return text.replaceAll(lines[kind], version);
};

/** The repository stands in the package only when it is published: each fork has its own. npm compares it with the provenance. */
export const withRepository = (text: string, env: Readonly<Record<string, string | undefined>>): string => {
  const { GITHUB_REPOSITORY: name, GITHUB_SERVER_URL: server = 'https://github.com' } = env;
  if (name === undefined || !/^[\w.-]+\/[\w.-]+$/u.test(name))
    throw new Error('GITHUB_REPOSITORY must say owner/name: run this in the workflow release.yml.');
  const url = `${server}/${name}`;
  const about = JSON.parse(text) as Record<string, unknown>;
  const added = {
    ...about,
    repository: { type: 'git', url: `git+${url}.git` },
    homepage: `${url}#readme`,
    bugs: `${url}/issues`,
  };
  return `${JSON.stringify(added, null, 2)}\n`;
};
